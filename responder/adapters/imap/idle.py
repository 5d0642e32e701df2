"""One round of IDLE on the event loop, from IDLE to its tagged reply, without a thread.

imapclient's ``idle_check`` sees only what the socket still holds, loses half lines under TLS and takes the end of a
connection for silence. This reader owns the bytes for the length of the round: it looks into what is already buffered
first, keeps half lines, and raises at the end of the connection.

See Also: RFC 2177; RFC 9051 §6.3.13.
"""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import re
import ssl
from collections.abc import Callable
from enum import Enum, auto

from responder.adapters.imap.connection import Connection
from responder.adapters.imap.errors import rethrow, try_later
from responder.core.errors import TransientError
from responder.core.text import said

_ALLOWANCE = 16_000_000  # octets per round; nobody has that much to say to somebody who waits
_READS_PER_TURN = 4  # a flood must leave the loop time for others
_OCTETS_PER_READ = 32_768

_NEWS = re.compile(rb"\* \d+ (EXISTS|RECENT)\b", re.IGNORECASE)
_BYE = re.compile(rb"\* BYE\b", re.IGNORECASE)
_UID_VALIDITY = re.compile(rb"\* OK \[UIDVALIDITY (\d{1,10})\]", re.IGNORECASE)


class IdleResult(Enum):
    """How a round of IDLE ended."""

    NEWS = auto()
    NOTHING = auto()
    REFUSED = auto()


class IdleRound:
    """One IDLE command. Use it once.

    Args:
        connection: in the selected state; nobody else uses it meanwhile.
        answer_within: seconds for the server's answers to IDLE and to DONE.
    """

    def __init__(self, connection: Connection, answer_within: float) -> None:
        self._connection = connection
        self._wire = connection.wire
        self._answer_within = answer_within
        self._loop = asyncio.get_running_loop()
        self._stir = asyncio.Event()
        self._tag = b""
        self._continued = False
        self._tagged: bytes | None = None
        self._news = False
        self._fault: Exception | None = None
        self._listening = False
        self._reading_on = False

    async def listen(self, seconds: float, wake: asyncio.Event) -> IdleResult:
        """Idle until the server announces mail, ``wake`` is set, or the time is over.

        Raises:
            TransientError: the connection is lost, or the server did not answer; it is of no further use.
        """
        waker = asyncio.ensure_future(wake.wait())
        waker.add_done_callback(lambda _: self._stir.set())
        with self._wire.transport.in_use():
            try:
                self._start()
                return await self._round(seconds, wake)
            except asyncio.CancelledError:
                self._take_leave()
                raise
            except Exception as error:  # noqa: BLE001 - OSError, imaplib's, ssl's; unknown counts as connection lost
                rethrow(error, self._connection.where)
            finally:
                waker.cancel()
                self._stop()

    async def _round(self, seconds: float, wake: asyncio.Event) -> IdleResult:
        if not await self._until(lambda: self._continued or self._tagged is not None, self._answer_within):
            raise TransientError(self._connection.where, "no answer to IDLE")
        if not self._continued:
            return IdleResult.REFUSED
        await self._until(lambda: self._news or self._tagged is not None or wake.is_set(), seconds)
        if self._tagged is None:
            self._wire.send(b"DONE\r\n")
            if not await self._until(lambda: self._tagged is not None, self._answer_within):
                raise TransientError(self._connection.where, "no answer to DONE")
        elif not self._news:
            return IdleResult.REFUSED  # it ended the round by itself
        return IdleResult.NEWS if self._news else IdleResult.NOTHING

    async def _until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Whether the condition came true in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._fault is None and not condition():
                    self._stir.clear()
                    await self._stir.wait()
        if self._fault is not None:
            raise self._fault
        return condition()

    # -- bytes ---------------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        wire = self._wire
        wire.allow(_ALLOWANCE)
        wire.transport.sock.settimeout(0)
        self._tag = wire._new_tag()
        wire.tagged_commands.pop(self._tag, None)
        wire.send(self._tag + b" IDLE\r\n")
        self._loop.add_reader(wire.transport.sock, self._readable)
        self._listening = True
        # Mail that was announced together with the last answer is in our buffer already: the socket will not tell.
        self._readable()

    def _stop(self) -> None:
        self._hang_up()
        with contextlib.suppress(OSError):
            self._wire.transport.sock.settimeout(self._connection.timeout)

    def _hang_up(self) -> None:
        """Stop listening; a socket at its end would stay readable for ever."""
        if self._listening:
            self._listening = False
            self._loop.remove_reader(self._wire.transport.sock)

    def _take_leave(self) -> None:
        """Cancelled: a word of goodbye if it can be said at once (never LOGOUT before DONE)."""
        with contextlib.suppress(OSError, ssl.SSLError):
            if self._continued and self._fault is None:
                self._wire.send(b"DONE\r\nbye LOGOUT\r\n")

    def _readable(self) -> None:
        """Read what is there and take note; never raises, since the event loop calls it."""
        try:
            for _ in range(_READS_PER_TURN):
                self._take_lines()
                if self._tagged is not None:
                    break
                if not self._wire.receive(_OCTETS_PER_READ):
                    raise imaplib.IMAP4.abort("the server closed the connection")  # noqa: TRY301 - one way out
            else:
                self._read_on_soon()
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except Exception as error:  # noqa: BLE001 - raised again in listen
            self._fault = error
            self._hang_up()
        self._stir.set()

    def _read_on_soon(self) -> None:
        """TLS may hold more that the socket does not show any more."""
        if not self._reading_on:
            self._reading_on = True
            self._loop.call_soon(self._read_on)

    def _read_on(self) -> None:
        self._reading_on = False
        if self._listening:
            self._readable()

    def _take_lines(self) -> None:
        while (line := self._wire.next_line()) is not None:
            self._take(line)
            if self._tagged is not None:
                # what follows belongs to the next command, which looks into the same buffer
                return

    def _take(self, line: bytes) -> None:
        if line.startswith(self._tag + b" "):
            self._tagged = line
            self._hang_up()
        elif line.startswith(b"+"):
            self._continued = True
        elif _NEWS.match(line):
            self._news = True
        elif _BYE.match(line):
            text = line.decode("ascii", "replace")
            raise try_later(self._connection.where, f"the server ended the session: {said(text)}", text)
        elif found := _UID_VALIDITY.match(line):
            self._connection.check_uid_validity(int(found[1]))

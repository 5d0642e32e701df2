"""Kill the daemon again and again while replies wait, and count who was never answered.

    python benchmarks/kill.py [--kills 200] [--people 3000] [--targeted 15] [--seed 1]

The installed daemon without its rates, a real Dovecot over TLS, and a submission server of our own that answers each
step after a random 0 to 200 ms. It keeps a message only when its wait after the final dot is over and the client is
still there: what a kill cuts off in that wait is lost, as it may be with any server (RFC 1047).

``--kills`` strike at a random moment while at least eight replies wait. ``--targeted`` more strike each *in the
content* and *between the durable mark and the write of the dot*: there the process kills itself (see
``tests/system/failpoints``).

Right is: nobody is never answered but whose dot was cut off twice, and whoever has two replies has the same one twice.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import email
import os
import random
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests import ROOT
from tests.lab.dovecot import Dovecot
from tests.system.site import ADDRESS, Site, closed_now, letter

WAITING = 8
"""At least so many replies wait when a kill strikes."""
BATCH = 60
"""People who write at once."""
SLOWEST = 0.2
"""Seconds that the server takes for a step at most."""
UP_TO = 7.0
"""Seconds after the first connection of a life within which a kill strikes."""
BETWEEN = 12
"""Replies kept after a kill that the process aimed: it is to strike somebody whose reply is not in doubt yet."""
QUEUED, CONNECTING, RCPT, DATA, CONTENT, DOT = (
    "queued", "connecting", "before RCPT", "before DATA", "in the content", "after the dot",
)  # fmt: skip
FAILPOINTS = ROOT / "tests/system/failpoints"


@dataclass
class Talk:
    """One connection, and how far its transaction has come."""

    state: str = CONNECTING
    person: str = ""
    idle: bool = False


@dataclass
class Sink:
    """The submission server.

    Attributes:
        kept: Message-IDs by person, of what was taken.
        cut_off: numbers of the kills that struck a person's reply after its final dot.
    """

    dice: random.Random
    kept: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    cut_off: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    talks: set[Talk] = field(default_factory=set)
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    kills: int = 0
    port: int = 0

    __hash__ = object.__hash__

    async def start(self) -> asyncio.Server:
        """Listen."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    @property
    def total(self) -> int:
        """How many people have a reply."""
        return len(self.kept)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = _Talk()
        self.talks.add(talk)
        self.connected.set()
        try:
            with contextlib.suppress(OSError):
                await self._serve(talk, reader, writer)
        finally:
            self.talks.discard(talk)
            writer.close()

    async def _say(self, writer: asyncio.StreamWriter, line: str) -> None:
        await asyncio.sleep(self.dice.uniform(0, SLOWEST))
        writer.write(f"{line}\r\n".encode())
        await writer.drain()

    async def _serve(self, talk: Talk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._say(writer, "220 sink")
        while line := (await reader.readline()).decode():
            talk.idle = False
            match line[:4].upper():
                case "MAIL":
                    talk.state = RCPT
                case "RCPT":
                    talk.state, talk.person = DATA, line.partition("<")[2].partition(">")[0]
                case "DATA":
                    await self._content(talk, reader, writer)
                    continue
                case _:
                    pass
            await self._say(writer, "250 ok")

    async def _content(self, talk: Talk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._say(writer, "354 go ahead")
        talk.state, content = CONTENT, b""
        while not content.endswith(b"\r\n.\r\n"):
            line = await reader.readline()
            if not line:
                return
            content += line
        talk.state, kills = DOT, self.kills
        await asyncio.sleep(self.dice.uniform(0, SLOWEST))
        if reader.at_eof() or self.kills != kills:
            self.cut_off[talk.person].append(kills + 1)
            return
        self.kept[talk.person].append(str(email.message_from_bytes(content)["Message-ID"]))
        talk.state, talk.idle = CONNECTING, True
        writer.write(b"250 kept\r\n")
        await writer.drain()


class _Talk(Talk):
    """By identity."""

    __hash__ = object.__hash__
    __eq__ = object.__eq__


class Trial:
    """The daemon, its people, and its killer."""

    def __init__(self, site: Site, dovecot: Dovecot, sink: Sink, dice: random.Random) -> None:
        self.site, self.dovecot, self.sink, self.dice = site, dovecot, sink, dice
        self.people: list[str] = []
        self.states: Counter[str] = Counter()

    def write(self) -> None:
        """The next people write."""
        batch = [f"p{number}@d{number}.example" for number in range(len(self.people), len(self.people) + BATCH)]
        self.people += batch
        messages = [(letter(who, message_id=f"m.{who}"), None) for who in batch]
        self.dovecot.deliver_many(ADDRESS, messages)

    @property
    def waiting(self) -> int:
        """People who wrote and have no reply yet."""
        return len(self.people) - self.sink.total

    async def keep_waiting(self, at_least: int) -> None:
        """See to it that so many replies wait."""
        while self.waiting < at_least:
            await asyncio.to_thread(self.write)

    async def live(self, failpoint: str | None = None) -> None:
        """Start the daemon, and wait until it has connected to the sink."""
        await self.keep_waiting(BATCH)
        self.sink.connected.clear()
        path = os.pathsep.join([str(FAILPOINTS), os.environ.get("PYTHONPATH", "")])
        environ = {"PYTHONPATH": path, "NO_RATES": "1", **({"FAILPOINT": failpoint} if failpoint else {})}
        self.site.start(wait=False, environ=environ)
        async with asyncio.timeout(60):
            await self.sink.connected.wait()

    async def strike(self) -> None:
        """Kill it at a random moment at which enough replies wait."""
        await self.live()
        ends = time.monotonic() + self.dice.uniform(0, UP_TO)
        while time.monotonic() < ends or self.waiting < WAITING:
            await self.keep_waiting(2 * BATCH)
            await asyncio.sleep(0.005)
        self._note()
        self.site.kill()

    async def let_it_strike(self, point: str) -> None:
        """Let it kill itself at a call."""
        await self.live(f"{point}:{self.dice.randint(1, 9)}")
        process = self.site.process
        assert process is not None
        while process.poll() is None:
            await self.keep_waiting(2 * BATCH)
            await asyncio.sleep(0.01)
        self.sink.kills += 1
        self.states[{"content": CONTENT, "dot": "between mark and dot"}[point]] += 1
        await self.calm()

    async def calm(self) -> None:
        """Let it live until what was in doubt has been sent once more, and stop it in good order."""
        kept = self.sink.total
        await self.live()
        async with asyncio.timeout(60):
            while self.sink.total < kept + BETWEEN:
                await self.keep_waiting(BATCH)
                await asyncio.sleep(0.01)
        await asyncio.to_thread(self.site.stop)

    def _note(self) -> None:
        """Which states this kill strikes, each once."""
        self.sink.kills += 1
        busy = {talk.state for talk in self.sink.talks if not talk.idle}
        self.states.update(busy | {QUEUED})

    async def drain(self, people: int) -> None:
        """Let so many people write, and everybody be answered who still can be."""
        while len(self.people) < people:
            await asyncio.to_thread(self.write)
        await self.live()
        quiet = time.monotonic() + 60
        while self.waiting and time.monotonic() < quiet:
            before = self.sink.total
            await asyncio.sleep(0.2)
            if self.sink.total != before:
                quiet = time.monotonic() + 60
        await asyncio.sleep(2)
        await asyncio.to_thread(self.site.stop)


def report(trial: Trial) -> bool:
    """Print what came of it; whether it is right."""
    sink = trial.sink
    never = [person for person in trial.people if person not in sink.kept]
    excused = [person for person in never if len(sink.cut_off[person]) >= 2]
    twice = {person: ids for person, ids in sink.kept.items() if len(ids) > 1}
    wrong = [person for person, ids in twice.items() if len(ids) > 2 or len(set(ids)) > 1]
    print(f"{'kills that struck a reply':<40}{sink.kills:>6}")
    for state in (QUEUED, CONNECTING, RCPT, DATA, CONTENT, "between mark and dot", DOT):
        print(f"  {state:<38}{trial.states[state]:>6}")
    print(f"{'people who wrote':<40}{len(trial.people):>6}")
    print(f"{'answered':<40}{sink.total:>6}")
    print(f"{'answered twice, with the same Message-ID':<40}{len(twice) - len(wrong):>6}")
    print(f"{'answered twice in any other way':<40}{len(wrong):>6}")
    print(f"{'never answered, dot cut off twice':<40}{len(excused):>6}")
    for person in excused:
        print(f"    {person}: cut off by kills {sink.cut_off[person]}")
    lost = sorted(set(never) - set(excused))
    print(f"{'never answered otherwise':<40}{len(lost):>6}  {' '.join(lost[:10])}")
    return not lost and not wrong and len(excused) <= 4


async def run(kills: int, people: int, targeted: int, seed: int) -> bool:
    """The whole trial."""
    dice = random.Random(seed)
    sink = Sink(dice)
    server = await sink.start()
    with Dovecot() as dovecot:
        smtp = f'{{ host = "127.0.0.1", port = {sink.port}, tls = "none", auth = false }}'
        with Site(dovecot, None, hours=closed_now(), smtp=smtp) as site:
            await asyncio.to_thread(site.start)
            await asyncio.to_thread(site.stop)
            trial = Trial(site, dovecot, sink, dice)
            for number in range(1, kills + 1):
                await trial.strike()
                if os.environ.get("KILL_PROGRESS") and number % 10 == 0:
                    print(number, len(trial.people), sink.total, flush=True)
            await trial.calm()
            for point in ("content", "dot") * targeted:
                await trial.let_it_strike(point)
            await trial.drain(people)
    server.close()
    return report(trial)


def main() -> int:
    """Run and report; 1 when somebody was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--people", type=int, default=3000)
    parser.add_argument("--targeted", type=int, default=15)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()
    right = asyncio.run(run(options.kills, options.people, options.targeted, options.seed))
    print(f"{time.monotonic() - began:.0f} s, seed {options.seed}: {'right' if right else 'WRONG'}")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())

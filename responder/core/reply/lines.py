"""One line of the crisis directory, and the ways to help that a reply shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact about a crisis line was read.

    Attributes:
        kind: "own", "gov", "sec", "list", "meta", "weak" or "svc" (``data/crisis/_meta.toml`` says what each means).
        where: address or name of the text.
        date: as the text gives it; empty when it has none.
    """

    kind: str
    where: str
    date: str = ""


@dataclass(frozen=True, slots=True)
class CrisisLine:
    """One way to reach a helping service, as the directory or the practice describes it.

    Attributes:
        country: ISO 3166-1 code in upper case; "ZZ" for what is not bound to a country.
        subdivisions: ISO 3166-2 codes it is confined to; empty when it serves the whole country.
        kind: "emergency", "suicide-crisis", "emotional-support", "text-line", "youth", "domestic-violence", ...
        audience: for whom, in words.
        phone: as dialled there, spaced for reading.
        tel: the same as a ``tel:`` URI.
        sms_tel: of an own line, ``sms_number`` as a ``tel:`` URI, where it was read so.
        police: of an emergency number that is the ambulance's only: that of the police.
        hours: in words; "24/7" means round the clock, None that they are not known.
        languages: ISO 639 codes, or words where no code fits.
        confidence: "confirmed", "corroborated", "unverified", or "own" for a line the practice typed itself.
        latest_source: date of the newest text that shows it, ISO 8601, possibly without day or month.
        free: the directory says that the call costs nothing. False means that it does not say so.
        anything: calls about anything are welcome, not only when life is at risk.
        general: fit for anyone who writes, whatever about.
        rank: order within the country, 1 first.
        own: added by the practice.
    """

    id: str
    country: str
    name: str
    kind: str
    audience: str
    subdivisions: tuple[str, ...] = ()
    phone: str | None = None
    tel: str | None = None
    sms_tel: str | None = None
    police: str | None = None
    sms_number: str | None = None
    sms_keyword: str | None = None
    web: str | None = None
    hours: str | None = None
    languages: tuple[str, ...] = ()
    confidence: str = "unverified"
    latest_source: str | None = None
    sources: tuple[Source, ...] = ()
    free: bool = False
    anything: bool = False
    note: str = ""
    general: bool = False
    rank: int = 0
    own: bool = False

    @property
    def is_fit(self) -> bool:
        """Whether a reply may show it: never when a single text or memory is all there is."""
        return self.confidence != "unverified"

    @property
    def round_the_clock(self) -> bool:
        """Whether it is known, without ifs, to answer at every hour."""
        if self.own:  # what a practice types behind a semicolon may well be an exception
            return self.hours is not None and self.hours.strip() == "24/7"
        return self.hours is not None and self.hours.split(";")[0].strip() in {"24/7", "24/7 by phone"}

    @property
    def for_anyone(self) -> bool:
        """Whether nobody is outside its audience."""
        said = self.audience if self.own else self.audience.split(";")[0]
        return said.strip().lower() in {"anyone", "everyone", "anybody"}


@dataclass(frozen=True, slots=True)
class HelpBlock:
    """The ways to help that a reply shows.

    Attributes:
        country: ISO 3166-1 code.
        emergency: always shown, first.
        lines: at least one, in the order to show; the practice's own come first.
    """

    country: str
    emergency: CrisisLine
    lines: tuple[CrisisLine, ...]

"""Whether a telephone number that a practice typed can be dialled where it is.

Google's libphonenumber knows how long numbers are in each country, and which ranges are in use. It is only imported for
files with a line of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from responder.core.reply.directory import load

if TYPE_CHECKING:  # imported on use
    from phonenumbers import PhoneNumber


LONGEST_SHORT: Final = 6
"""Digits up to which a number is a short one, kept as it is dialled: +44116123 reaches nobody."""

_FEWEST: Final = 3
"""Digits of the shortest numbers that there are."""

_WORLDWIDE: Final = frozenset((800, 808))
"""Country codes of numbers that are no country's: freephone and shared cost everywhere (ITU-T E.164)."""

_COMPARE: Final = "compare it digit by digit with the service's own page"


@dataclass(frozen=True, slots=True)
class Number:
    """One number that can be dialled.

    Attributes:
        tel: as a ``tel:`` URI (RFC 3966): with the country's code if it is a full one, else as it is dialled there.
        doubt: why it may reach nobody all the same, with what to do; None when nothing speaks against it.
    """

    tel: str
    doubt: str | None = None


def read(number: str, country: str) -> Number:
    """What a number leads to when it is dialled in a country.

    Raises:
        ValueError: nobody can dial it there; one sentence with the reason and the cure.
    """
    digits = re.sub(r"\D", "", number)
    if len(digits) < _FEWEST or not digits.strip("0"):
        _refuse_emergency(digits, country)
        raise ValueError(f"has too few digits for a telephone number; {_COMPARE}")
    _refuse_emergency(digits, country)
    if set(number) & set("*#") and not digits.startswith("0"):
        return Number("tel:" + re.sub(r"[^\d*#]", "", number).replace("#", "%23"))
    if len(digits) <= LONGEST_SHORT and not number.startswith("+"):
        return Number(f"tel:{digits}", _doubt_of_short(digits, country))
    return _full(number, digits, country)


def _refuse_emergency(digits: str, country: str) -> None:
    """An emergency number is no line to talk to; it is shown anyway, first."""
    import phonenumbers

    shown = {number for line in load(country) if line.kind == "emergency" for number in (line.phone, line.police)}
    if digits in shown or phonenumbers.is_emergency_number(digits, country):
        raise ValueError(f"is an emergency number of {country}, which every reply shows anyway; write the line's own")


def _doubt_of_short(digits: str, country: str) -> str | None:
    """None for a known short code, and for an ordinary number where those are as short (Luxembourg's).

    Never a refusal: real short codes are missing from the list, the Greek and the Philippine crisis lines among them.
    """
    import phonenumbers

    zeros = len(digits) - len(str(int(digits)))
    number = phonenumbers.PhoneNumber(
        country_code=phonenumbers.country_code_for_region(country),
        national_number=int(digits),
        italian_leading_zero=bool(zeros),
        number_of_leading_zeros=zeros or None,
    )
    is_known = phonenumbers.is_valid_short_number_for_region(number, country) or _is_valid(digits, country)
    return None if is_known else f"is not a short number that is known in {country}; {_COMPARE}"


def _is_valid(digits: str, country: str) -> bool:
    import phonenumbers

    return phonenumbers.is_valid_number(phonenumbers.parse(digits, country))


def _full(number: str, digits: str, country: str) -> Number:
    import phonenumbers
    from phonenumbers import ValidationResult

    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        raise ValueError(f"is not a number that can be dialled in {country}; {_COMPARE}") from None
    match phonenumbers.is_possible_number_with_reason(parsed):
        case ValidationResult.IS_POSSIBLE:
            extension = f";ext={parsed.extension}" if parsed.extension else ""
            whole = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
            _refuse_unfit(parsed, country)
            return Number(f"tel:{whole}{extension}", _doubt(parsed))
        case ValidationResult.IS_POSSIBLE_LOCAL_ONLY if number.startswith("+"):
            raise ValueError(
                "is a short number, which has no country's code before it; write it as it is dialled there"
            )
        case ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            return Number(
                f"tel:{digits}", "has no area code, so it works for those nearby only; write it with the code"
            )
        case ValidationResult.TOO_SHORT:
            raise ValueError(f"has too few digits for a number of {country}; {_COMPARE}")
        case ValidationResult.TOO_LONG:
            raise ValueError(f"has too many digits for a number of {country}; {_COMPARE}")
        case _:
            raise ValueError(f"has not as many digits as numbers of {country} have; {_COMPARE}")


def _refuse_unfit(number: PhoneNumber, country: str) -> None:
    """What would be dialled in vain, abroad by mistake, or for money."""
    import phonenumbers
    from phonenumbers import PhoneNumberType

    if phonenumbers.number_type(number) == PhoneNumberType.PREMIUM_RATE:
        raise ValueError("is a premium-rate number, which costs the caller money; use another")
    if number.country_code != phonenumbers.country_code_for_region(country) and number.country_code not in _WORLDWIDE:
        there = phonenumbers.region_code_for_number(number) or "another country"
        raise ValueError(f'is a number of {there}, not of {country}; add country = "{there}": the reply then says so')
    if not phonenumbers.is_valid_number(number):
        _refuse_wrong_length(number)


def _refuse_wrong_length(number: PhoneNumber) -> None:
    """A digit too many or too few, told from a range that is merely unknown by numbers of the right length."""
    import phonenumbers

    national = phonenumbers.national_significant_number(number)
    code = f"+{number.country_code}"
    longer = (phonenumbers.parse(f"{code}{national}{digit}") for digit in range(10))
    if any(phonenumbers.is_valid_number(each) for each in longer):
        raise ValueError(f"has a digit too few; {_COMPARE}")
    if phonenumbers.is_valid_number(phonenumbers.parse(f"{code}{national[:-1]}")):
        raise ValueError(f"has a digit too many; {_COMPARE}")


def _doubt(number: PhoneNumber) -> str | None:
    import phonenumbers

    is_known = phonenumbers.is_valid_number(number)
    return None if is_known else f"is not in a range that is in use; {_COMPARE}"

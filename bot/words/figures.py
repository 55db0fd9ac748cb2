"""Numbers, amounts of money, dates and times as each language writes them, by the Unicode CLDR."""

from collections.abc import Iterator
from datetime import datetime
from functools import cache

from babel import Locale
from babel.dates import format_date, format_time, get_month_names
from babel.numbers import format_currency, format_decimal

DIGITS = {"arabext": str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")}


class Figure:
    """A number in a sentence. A gap may choose the words by it: {n:one=# answer|other=# answers}, by CLDR's plurals.

    The number takes the place of #. A gap with any other format, such as {n:d}, is what Python makes of it.
    """

    def __init__(self, value: float, language: str) -> None:
        self._value, self._language = value, language

    def __format__(self, spec: str) -> str:
        if "=" in spec:
            return self._choose(spec)
        return format(self._value, spec) if spec else str(self)

    def __str__(self) -> str:
        locale = _locale(self._language)
        return _with_own_digits(format_decimal(self._value, locale=locale, numbering_system="default"), locale)

    def _choose(self, spec: str) -> str:
        parts = (part.partition("=") for part in spec.split("|"))
        cases = {case: words for case, _, words in parts}
        case = str(_locale(self._language).plural_form(self._value))
        return cases.get(case, cases["other"]).replace("#", str(self))


def decimal(value: float, language: str, decimals: int) -> str:
    """Write a number with so many decimals."""
    pattern = "#,##0." + "0" * decimals
    locale = _locale(language)
    return _with_own_digits(format_decimal(value, pattern, locale=locale, numbering_system="default"), locale)


def money(dollars: float, language: str, *, digits: int = 2) -> str:
    """Write an amount of dollars with so many decimals."""
    locale = _locale(language)
    pattern = locale.currency_formats["standard"].pattern.replace(".00", "." + "0" * digits)
    text = format_currency(dollars, "USD", pattern, locale=locale, currency_digits=False, numbering_system="default")
    return _with_own_digits(text, locale)


def moment(when: datetime, language: str) -> str:
    """Write a day and a time of the day, which must be in UTC."""
    locale = _locale(language)
    text = f"{format_date(when, 'medium', locale=locale)}, {format_time(when, 'short', locale=locale)} UTC"
    return _with_own_digits(text.replace("\u202f", " "), locale)


def day(when: datetime, language: str) -> str:
    """Write a day, which must be in UTC."""
    locale = _locale(language)
    return _with_own_digits(format_date(when, "medium", locale=locale), locale)


def month_names(language: str) -> Iterator[tuple[int, str]]:
    """Return the number and each full name of every month, alone and in a date; short ones where they have a digit."""
    for context in ("format", "stand-alone"):
        yield from get_month_names("wide", context, _locale(language)).items()
    short = get_month_names("abbreviated", "format", _locale(language)).items()
    yield from ((month, name) for month, name in short if any(map(str.isdigit, name)))


def is_right_to_left(language: str) -> bool:
    """Tell whether a language is written from right to left."""
    return str(_locale(language).text_direction) == "rtl"


def _with_own_digits(text: str, locale: Locale) -> str:
    """Write digits as the language does: Babel takes its separators only."""
    return text.translate(DIGITS.get(locale.default_numbering_system, {}))


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language, sep="-")

"""Numbers and dates as people write them in different places: 1.234,56, 1,234.56, 1 234,56, ¥1,200, (12.00), 12-."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

MOST_DIGITS = 15  # that a spreadsheet keeps; longer ones are numbers of articles or accounts
LONGEST = 40  # characters of a number

Mark = Literal[".", ","]
"""The sign before the decimals."""

_WORDS = (
    r"EUR|USD|GBP|CHF|JPY|CNY|RMB|INR|BRL|UAH|RUB|PLN|CZK|SEK|NOK|DKK|HUF|RON|TRY|CAD|AUD|NZD|MXN|IRR|KRW|SGD|HKD"
    r"|R\$|US\$|kr\.?|zł|Kč|Ft|lei|руб\.?|р\.|грн\.?|元|円|원|ریال|تومان|Rs\.?"
)
_CURRENCY = re.compile(rf"(?:(?<![^\W\d_]){_WORDS}(?![^\W\d_])|[$€£¥₹₽₴₩₪₺₫฿₱₦₿￥￡￦])", re.IGNORECASE)
_WITHOUT_DECIMALS = frozenset({*"¥￥₩￦円원", "JPY", "KRW"})
_SPACES = re.compile(r"[\s\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_GROUPED = re.compile(
    r"(?P<whole>\d{1,3}(?P<group>[.,'’ ])\d{2,3}(?:(?P=group)\d{2,3})*)(?:(?P<mark>[.,])(?P<rest>\d+))?"
)
_PLAIN = re.compile(r"(?P<whole>\d*)(?:(?P<mark>[.,])(?P<rest>\d+|[-–—]{1,2}))?")
_PLAIN_SIGNS: Mapping[str, str] = dict(zip("٫٬،．，％−–－＋", ".,,.,%---+", strict=True))
_TAX_CLASS = re.compile(r"(?<=[.,]\d\d) ?[A-H*]$")  # of receipts: 2,99 A
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]\d{1,2}:\d{2}(?::\d{2})?)?")
_EASTERN = re.compile(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]?")
_WESTERN = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as it was read. `currency` and `is_percent` are what was written beside it."""

    value: Decimal
    currency: str = ""
    is_percent: bool = False
    is_uncertain: bool = False  # its dot or comma may stand for thousands as well as before decimals


@dataclass(frozen=True, slots=True)
class _Figure:
    """The digits of a number with its marks, and what stood around them."""

    digits: str
    currency: str
    is_negative: bool
    is_percent: bool


def find_decimal_mark(texts: Iterable[str]) -> Mark | None:
    """Return the sign that stands before the decimals in most of the numbers that leave no doubt about it."""
    counts = Counter(mark for text in texts if (figure := _figure(text)) and (mark := _certain_mark(figure)))
    if not counts or len(set(counts.values())) < len(counts):
        return None
    return counts.most_common(1)[0][0]


def read_amount(text: str, mark: Mark | None = None) -> Amount | None:
    """Read a number; None for anything else, also for what only looks like one: 007, +49 170, 12:30.

    `mark` stands before the decimals where a number itself leaves that open.
    """
    figure = _figure(text)
    if figure is None:
        return None
    parts = _parts(figure, mark)
    if parts is None:
        return None
    whole, rest, is_uncertain = parts
    if (len(whole) > 1 and whole.startswith("0")) or len(whole + rest) > MOST_DIGITS:
        return None
    value = Decimal(f"{whole or '0'}.{rest}" if rest else whole or "0")
    return Amount(-value if figure.is_negative else value, figure.currency, figure.is_percent, is_uncertain)


def plain_digits(text: str) -> str:
    """Return the text with the digits and signs of every script in their plain form, and without invisible signs."""
    text = _SPACES.sub(" ", _INVISIBLE.sub("", text)).strip()
    return "".join(map(_plain, text))


def _plain(sign: str) -> str:
    if sign.isascii():
        return sign
    if sign.isdecimal():
        return str(unicodedata.decimal(sign))
    return _PLAIN_SIGNS.get(sign, sign)


def _figure(text: str) -> _Figure | None:
    """Take apart what stands around the digits."""
    if len(text) > LONGEST:
        return None
    text = plain_digits(text)
    currency = _CURRENCY.search(text)
    rest = _CURRENCY.sub("", text, count=1).strip() if currency else text
    in_brackets = rest.startswith("(") and rest.endswith(")")
    rest = rest[1:-1].strip() if in_brackets else rest
    is_percent = rest.endswith("%")
    rest = _TAX_CLASS.sub("", rest.removesuffix("%").strip())
    trails = re.fullmatch(r"[^-+]*\d ?-", rest) is not None and not re.search(r"[.,]-$", rest)
    rest = rest[:-1].strip() if trails else rest
    leads = rest.startswith("-")
    if rest[:1] == "+" and currency is None and (" " in rest or len(rest) > 8):  # of a telephone
        return None
    digits = rest[1:].strip() if rest[:1] in ("-", "+") else rest
    if not digits or not any(map(str.isdigit, digits)) or (leads + trails + in_brackets) > 1:
        return None
    return _Figure(digits, currency[0] if currency else "", leads or trails or in_brackets, is_percent)


def _certain_mark(figure: _Figure) -> Mark | None:
    """Return the sign before the decimals, if the number alone tells."""
    digits = figure.digits
    marks = [sign for sign in digits if sign in ".,"]
    if not marks or not re.fullmatch(r"[\d.,'’ ]+(?:[.,][-–—]{1,2})?", digits):
        return None
    last: Mark = "." if marks[-1] == "." else ","
    other: Mark = "," if last == "." else "."
    if len(set(marks)) == 2:
        return last if marks.count(last) == 1 else None
    if len(marks) > 1:
        return other  # it groups
    whole, _, rest = digits.partition(last)
    return None if len(rest) == 3 and 0 < len(whole) <= 3 and whole != "0" else last


def _parts(figure: _Figure, mark: Mark | None) -> tuple[str, str, bool] | None:
    """Return the digits before and after the decimal mark, and whether another reading is as good."""
    certain = _certain_mark(figure)
    decimal_mark = certain or mark
    grouped = _GROUPED.fullmatch(figure.digits)
    plain = _PLAIN.fullmatch(figure.digits)
    is_open = plain is not None and plain["mark"] is not None and certain is None
    if is_open and plain and decimal_mark is None:
        has_none = figure.currency.upper() in _WITHOUT_DECIMALS
        if has_none or plain["mark"] == ",":
            return plain["whole"] + plain["rest"], "", False
        return plain["whole"], plain["rest"], True
    if plain and (plain["mark"] is None or plain["mark"] == decimal_mark):
        rest = plain["rest"] or ""
        return plain["whole"], "" if "-" in rest else rest, False
    if grouped is None or grouped["group"] == decimal_mark or not _groups_well(grouped["whole"], grouped["group"]):
        return None
    if grouped["mark"] and grouped["mark"] == grouped["group"]:
        return None
    return re.sub(r"\D", "", grouped["whole"]), grouped["rest"] or "", False


def _groups_well(whole: str, sign: str) -> bool:
    """Tell whether digits are grouped by thousands, or as in India: 1,23,456."""
    _, *groups = whole.split(sign)
    return all(len(group) == 3 for group in groups) or (
        sign == "," and len(groups[-1]) == 3 and all(len(group) == 2 for group in groups[:-1])
    )


def read_dates(texts: Sequence[str]) -> list[tuple[date | None, bool]]:
    """Read the dates of a column; with each, whether day and month may have to change places.

    One that leaves no doubt decides for the others; a dot stands behind the day.
    """
    days = [plain_digits(text) for text in texts]
    orders = {order for text in days if (order := _certain_order(text))}
    order = orders.pop() if len(orders) == 1 else ""
    return [_date(text, order) for text in days]


def _certain_order(text: str) -> str:
    match = _WESTERN.fullmatch(text)
    if not match or match[2] == ".":
        return ""
    first, second = int(match[1]), int(match[3])
    return "day" if first > 12 >= second else "month" if second > 12 >= first else ""


def _date(text: str, order: str) -> tuple[date | None, bool]:
    if match := _ISO.fullmatch(text) or _EASTERN.fullmatch(text):
        return _day(*map(int, match.groups()[:3])), False
    match = _WESTERN.fullmatch(text)
    if not match:
        return None, False
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    year += 2000 if year < 100 else 0
    if match[2] == "." or order == "day":
        return _day(year, second, first), False
    if order == "month":
        return _day(year, first, second), False
    if first == second:
        return _day(year, first, second), False
    return None, _day(year, first, second) is not None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if year >= 1900 else None


def as_written(amount: Amount) -> str:
    """Return the number as programs read it: 1234.50, -12.00 or 19%."""
    return f"{amount.value:f}{'%' if amount.is_percent else ''}"

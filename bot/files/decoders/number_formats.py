"""Numbers and dates as a spreadsheet shows them, by the format code of their cell."""

import operator
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any

_LITERALS = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]\-]*)[^\]]*\]|\[[^\]]*\]|_.|\*.')
_DIGITS = re.compile(r"[#0?][#0?,]*(?:\.([#0?]*))?(,*)")
_TOKENS = re.compile(r'"[^"]*"|\\.|.', re.DOTALL)
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?[0-9]+(?:\.[0-9]+)?)\]")
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "<>": operator.ne,
}  # fmt: skip
_FRACTION = re.compile(r"([#0?]{1,20} {1,4})?([#0?]{1,20})/([#0?]{1,20}|[1-9][0-9]?)")
_DATE_CODES = re.compile(r"yyyy|yy|mmmmm|mmmm|mmm|mm|m|dddd|ddd|dd|d|hh|h|ss|s|AM/PM|A/P|\.0+", re.IGNORECASE)
_LOCAL_DATES = frozenset({"mm-dd-yy", "General"})  # shown as each computer has it
_GENERAL_DIGITS = 11  # that a cell without a format shows


def shown(value: Any, code: str) -> str:
    """Return the text that a cell shows."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, timedelta):
        return _duration(value, code)
    if isinstance(value, datetime | date | time):
        return _moment(value, code)
    if isinstance(value, int | float):
        return _number(value, code)
    return _text(str(value), code)


def _text(value: str, code: str) -> str:
    """Return a text with what its format puts around it."""
    section = next((each for each in _sections(code) if "@" in each), "")
    marks, literals = _without_literals(section)
    return _with_literals(marks.replace("@", value, 1), literals) if literals and marks.count("@") == 1 else value


# numbers


def _number(value: float, code: str) -> str:
    section, value = _section_for(value, _sections(code))
    if not section and code:
        return ""
    if section.strip().lower() in ("general", "@", ""):
        return _general(value)
    marks, literals = _without_literals(section)
    match = _DIGITS.search(marks)
    if fraction := _FRACTION.search(marks):
        return _with_literals(
            marks[: fraction.start()] + _fraction(value, fraction) + marks[fraction.end() :], literals
        )
    if match is None or "/" in marks:
        return _general(value) if "/" in marks else _with_literals(marks, literals)
    if "E" in marks.upper():
        return f"{value:.{len(match[1] or '')}E}"
    digits = _digits(value, match, marks)
    return _with_literals(marks[: match.start()] + digits + marks[match.end() :], literals).strip()


def _fraction(value: float, match: re.Match[str]) -> str:
    """Return a number as a whole one and a fraction, as fine as the format allows."""
    fixed = match[3].isdecimal() and int(match[3])
    most = fixed or 10 ** len(match[3]) - 1
    exact = abs(value)
    nearest = Fraction(round(exact * most), most) if fixed else Fraction(exact).limit_denominator(most)
    whole, rest = divmod(nearest.numerator, nearest.denominator) if match[1] else (0, nearest.numerator)
    numerator, denominator = (rest * most // nearest.denominator, most) if fixed else (rest, nearest.denominator)
    parts = [str(whole)] if whole or not numerator else []
    parts += [f"{numerator}/{denominator}"] if numerator else []
    return ("-" if value < 0 else "") + " ".join(parts)


def _digits(value: float, match: re.Match[str], marks: str) -> str:
    scaled = value * (100 if "%" in marks else 1) / 1000 ** len(match[2])
    places = match[1] or ""
    whole = match[0].partition(".")[0].rstrip(",")
    text = f"{scaled:{',' if ',' in whole else ''}.{len(places)}f}"
    optional = len(places) - len(places.rstrip("#"))
    for _ in range(optional):
        text = text.removesuffix("0")
    sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
    least = whole.count("0")
    return sign + text.removesuffix(".").rjust(least if "," not in whole else 0, "0")


def _general(value: float) -> str:
    if isinstance(value, int) or (value.is_integer() and abs(value) < 10**_GENERAL_DIGITS):
        return str(int(value))
    return f"{value:.{_GENERAL_DIGITS - 1}g}"


def _section_for(value: float, sections: list[str]) -> tuple[str, float]:
    """Return the section for a number, and the number as it is shown there."""
    conditions = [_CONDITION.search(section) for section in sections]
    if any(conditions):
        meets = (section for section, each in zip(sections, conditions, strict=True) if each and _meets(value, each))
        others = (section for section, each in zip(sections, conditions, strict=True) if not each)
        return next(meets, next(others, "General")), value
    if value < 0 and len(sections) > 1:
        return sections[1], -value
    return sections[2] if value == 0 and len(sections) > 2 else sections[0], value


def _meets(value: float, condition: re.Match[str]) -> bool:
    return _COMPARISONS[condition[1]](value, float(condition[2]))


def _sections(code: str) -> list[str]:
    """Return the parts of a code: for positive numbers, negative ones, zero, and texts."""
    sections = [""]
    for piece in _TOKENS.findall(code or "General"):
        if piece == ";":
            sections.append("")
        else:
            sections[-1] += piece
    return sections[:4]


def _without_literals(section: str) -> tuple[str, list[str]]:
    """Return a section with marks in place of texts and units, and these."""
    literals = list[str]()

    def note(match: re.Match[str]) -> str:
        literals.append(match[1] or match[2] or match[3] or "")
        return "\0"

    return _LITERALS.sub(note, section), literals


def _with_literals(text: str, literals: list[str]) -> str:
    rest = iter(literals)
    return re.sub("\0", lambda _: next(rest, ""), text)


# dates


def _moment(value: datetime | date | time, code: str) -> str:
    """Return a date or time in the order of its format; ISO's where that is unknown."""
    if code in _LOCAL_DATES:
        return str(value.date() if isinstance(value, datetime) and not value.time() else value)
    marks, literals = _without_literals(_sections(code)[0])
    if not _DATE_CODES.search(marks) or marks.lower().strip() == "general":
        return str(value)
    has_noon = bool(re.search("AM/PM|A/P", marks, re.IGNORECASE))
    pieces, before, place = list[str](), "", 0
    for match in _DATE_CODES.finditer(marks):
        between = marks[place : match.start()]
        is_minute = match[0].lower() in ("m", "mm") and (
            before.startswith("h") or re.match(r"[^a-z]*s", marks[match.end() :].lower()) is not None
        )
        pieces.extend((between, _piece(value, match[0], is_minute=is_minute, has_noon=has_noon)))
        before, place = match[0].lower(), match.end()
    return _with_literals("".join((*pieces, marks[place:])), literals).strip()


def _piece(value: datetime | date | time, code: str, *, is_minute: bool, has_noon: bool) -> str:
    lower = code.lower()
    if lower in ("am/pm", "a/p"):
        return "PM" if getattr(value, "hour", 0) >= 12 else "AM"
    if lower.startswith("."):
        return f".{getattr(value, 'microsecond', 0):06d}"[: len(code)]
    if is_minute:
        return f"{getattr(value, 'minute', 0):0{len(code)}d}"
    if lower[0] in "hs":
        number = getattr(value, "hour" if lower[0] == "h" else "second", 0)
        return f"{(number % 12 or 12) if lower[0] == 'h' and has_noon else number:0{len(code)}d}"
    if isinstance(value, time):
        return ""
    names = {"yyyy": "%Y", "yy": "%y", "mmmmm": "%b", "mmmm": "%B", "mmm": "%b", "mm": "%m", "dddd": "%A", "ddd": "%a"}
    if lower == "m":
        return str(value.month)
    return str(value.day) if lower == "d" else value.strftime(names.get(lower, "%d"))


def _duration(value: timedelta, code: str) -> str:
    seconds = int(value.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    if re.match(r"\[m+\]:s+", code, re.IGNORECASE):
        return f"{sign}{seconds // 60}:{seconds % 60:02d}"
    minutes = f"{sign}{seconds // 3600}:{seconds // 60 % 60:02d}"
    return minutes if re.fullmatch(r"\[?h+\]?:m+", code, re.IGNORECASE) else f"{minutes}:{seconds % 60:02d}"

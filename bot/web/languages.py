"""The language of a browser."""

from bot.words import ENGLISH, supported


def choose_language(accept_language: str) -> str:
    """Choose the language of ours that a browser prefers, by its Accept-Language header; else English."""
    preferences = sorted(
        map(_parse_preference, accept_language.split(",")), key=lambda pair: -pair[1]
    )  # of equal ones the first
    languages = (supported(code) for code, weight in preferences if weight > 0)
    return next(filter(None, languages), ENGLISH)


def _parse_preference(part: str) -> tuple[str, float]:
    code, _, weight = part.partition(";")
    try:
        return code.strip(), float(weight.strip().removeprefix("q=") or 1)
    except ValueError:
        return "", 0.0

"""The language of whoever opens a page."""

from aiohttp import web

from bot.words import ENGLISH, LANGUAGES, supported

LANGUAGE_COOKIE = "language"


def language_of(request: web.Request) -> str:
    """Return the language that was chosen on the page, or else the one of ours that the browser prefers."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else choose_language(request.headers.get("Accept-Language", ""))


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

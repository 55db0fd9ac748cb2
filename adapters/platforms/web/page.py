"""The page itself, in the language of whoever opens it."""

import html
import json
from functools import cache
from pathlib import Path

from bot.words import ENGLISH, LANGUAGES, catalogue

STATIC = Path(__file__).parent / "static"
OURS = "page_"  # what the keys of the page's own sentences begin with


def language_in(accepted: str) -> str:
    """The language of ours that a browser likes best, by its Accept-Language header; English where it knows none."""
    liked = sorted(map(_weighed, accepted.split(",")), key=lambda pair: -pair[1])  # of equal ones the first
    return next((language for language, weight in liked if language in LANGUAGES and weight > 0), ENGLISH)


def _weighed(part: str) -> tuple[str, float]:
    code, _, weight = part.partition(";")
    try:
        return code.strip().partition("-")[0].lower(), float(weight.strip().removeprefix("q=") or 1)
    except ValueError:
        return "", 0.0


@cache
def page_in(language: str) -> str:
    """The HTML, with its sentences, and those that its script says, in one of our languages."""
    words = {key: sentence for key, sentence in catalogue(language).items() if key.startswith(OURS)}
    said = json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")  # no sentence ends the element it stands in
    written = {key: html.escape(sentence) for key, sentence in words.items()}
    frame = (STATIC / "index.html").read_text("utf-8")
    return frame.format_map({**written, "language": language, "words": said})

"""The HTML of the page, in the language of whoever opens it."""

import gzip
import hashlib
import html
import json
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot.words import LANGUAGES, catalogue
from bot.words.figures import is_right_to_left

STATIC = Path(__file__).parent / "static"
KEY_PREFIX = "page_"  # of the page's own sentences


@cache
def render_page(language: str) -> str:
    """Render the HTML, with the sentences of the page and of its script, in one of our languages."""
    sentences = {key: sentence for key, sentence in catalogue(language).items() if key.startswith(KEY_PREFIX)}
    words_json = json.dumps(sentences, ensure_ascii=False).replace(
        "<", "\\u003c"
    )  # no sentence ends the element it stands in
    escaped_sentences = {key: html.escape(sentence) for key, sentence in sentences.items()}
    template = (STATIC / "index.html").read_text("utf-8")
    direction = "rtl" if is_right_to_left(language) else "ltr"
    names = "".join(f'<option value="{code}" lang="{code}">{name}</option>' for code, name in LANGUAGES.items())
    parts = {"language": language, "direction": direction, "words": words_json, "languages": names}
    return template.format_map({**escaped_sentences, **parts, "preloads": _preloads()})


def _preloads() -> str:
    """Return the links by which a browser fetches all modules at once, not one after the other."""
    modules = sorted({path.name for path in STATIC.glob("*.js")} - {"theme.js", "app.js"})
    return "".join(f'<link rel="modulepreload" href="/static/{name}">' for name in modules)


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file of the page, packed once, with the tag under which browsers keep it."""

    mime: str
    packed: bytes  # by gzip
    tag: str


@cache
def read_static_file(name: str) -> StaticFile:
    """Read a file of the page."""
    data = (STATIC / name).read_bytes()
    mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return StaticFile(mime, gzip.compress(data, mtime=0), hashlib.sha256(data).hexdigest()[:20])

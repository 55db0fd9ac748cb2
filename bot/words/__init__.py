"""The bot's own words: every sentence for people, by key, in each of its languages."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import cast

ENGLISH = "en"

LANGUAGES: Mapping[str, str] = {
    ENGLISH: "English",
    "zh": "中文",
    "es": "Español",
    "de": "Deutsch",
    "ru": "Русский",
    "hi": "हिन्दी",
}
"""The bot's languages: the code of each, and its own name."""

SERVICE = "service"  # the gap for the name of a service

_spoken = ContextVar("language", default=ENGLISH)


def best(code: str) -> str:
    """Return the best language for a platform's code, such as zh-CN or pt-BR: by its first part, or else English."""
    primary = re.split("[-_]", code, maxsplit=1)[0].lower()
    return primary if primary in LANGUAGES else ENGLISH


def spoken() -> str:
    """Return the code of the language of the task."""
    return _spoken.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Set the language of this task, and of those it starts, to the best one for a platform's code."""
    token = _spoken.set(best(language))
    try:
        yield
    finally:
        _spoken.reset(token)


def catalogue(language: str | None = None) -> Mapping[str, str]:
    """Return all sentences by key, with `{gaps}` for values; None: in the language of the task.

    The keys and their order are those of English, which also replaces missing sentences.
    """
    return _catalogue(best(_spoken.get() if language is None else language))


def say(key: str, **values: object) -> str:
    """Return the sentence `key` with its gaps filled; KeyError for an unknown key or an unfilled gap.

    Where it is not known which {service} a sentence is about, it says so in general.
    """
    sentences = catalogue()
    return sentences[key].format(**{SERVICE: sentences["service_plain"], **values})


@cache
def _catalogue(language: str) -> Mapping[str, str]:
    return MappingProxyType(_read(ENGLISH) | _read(language))


def _read(language: str) -> dict[str, str]:
    return cast("dict[str, str]", tomllib.loads(files(__name__).joinpath(f"{language}.toml").read_text("utf-8")))

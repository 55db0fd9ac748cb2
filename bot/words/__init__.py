"""The bot's own words: every sentence for people, by key, in each of its languages."""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import cast

from bot.words.figures import Figure, day, decimal, moment, money

ENGLISH = "en"

LANGUAGES: Mapping[str, str] = {
    ENGLISH: "English",
    "zh": "中文",
    "es": "Español",
    "de": "Deutsch",
    "ru": "Русский",
    "hi": "हिन्दी",
    "pt-BR": "Português (Brasil)",
    "fr": "Français",
    "uk": "Українська",
    "ja": "日本語",
    "fa": "فارسی",
}
"""The bot's languages: the code of each, and its own name."""

SERVICE = "service"  # the gap for the name of a service

_spoken = ContextVar("language", default=ENGLISH)
_wished = ContextVar("wished language", default=ENGLISH)


def supported(code: str) -> str | None:
    """Return our language for a code such as zh_TW or pt-PT: that of the region, or else of another; None without."""
    wanted = code.replace("_", "-").lower()
    by_code = {language.lower(): language for language in LANGUAGES}
    by_primary = {language.partition("-")[0]: language for language in LANGUAGES}
    return by_code.get(wanted) or by_primary.get(wanted.partition("-")[0])


def best(code: str) -> str:
    """Return the best language of ours for a platform's code; English where there is none."""
    return supported(code) or ENGLISH


def spoken() -> str:
    """Return the code of the language of the task."""
    return _spoken.get()


def wished() -> str:
    """Return the platform's code for the language of the task, even where the bot speaks another one instead."""
    return _wished.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Set the language of this task, and of those it starts, to the best one for a platform's code."""
    token, wish = _spoken.set(best(language)), _wished.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)
        _wished.reset(wish)


def catalogue(language: str | None = None) -> Mapping[str, str]:
    """Return all sentences by key, with `{gaps}` for values; None: in the language of the task.

    The keys and their order are those of English, which also replaces missing sentences.
    """
    return _catalogue(best(_spoken.get() if language is None else language))


def say(key: str, **values: object) -> str:
    """Return the sentence `key` with its gaps filled; KeyError for an unknown key or an unfilled gap.

    Where it is not known which {service} a sentence is about, it says so in general. Numbers are written as the
    language does, and may choose the words of a gap (`bot.words.figures`).
    """
    sentences = catalogue()
    words = {name: _in_words(value) for name, value in values.items()}
    return sentences[key].format(**{SERVICE: sentences["service_plain"], **words})


def say_number(value: float, *, decimals: int) -> str:
    """Write a number with so many decimals in the language of the task."""
    return decimal(value, _spoken.get(), decimals)


def say_money(dollars: float, *, digits: int = 2) -> str:
    """Write an amount of dollars in the language of the task."""
    return money(dollars, _spoken.get(), digits=digits)


def say_moment(when: datetime) -> str:
    """Write a day and a time in UTC in the language of the task."""
    return moment(when, _spoken.get())


def say_day(when: datetime) -> str:
    """Write a day in UTC in the language of the task."""
    return day(when, _spoken.get())


def _in_words(value: object) -> object:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return Figure(value, _spoken.get()) if is_number else value  # type: ignore[arg-type]


@cache
def _catalogue(language: str) -> Mapping[str, str]:
    return MappingProxyType(_read(ENGLISH) | _read(language))


def _read(language: str) -> dict[str, str]:
    return cast("dict[str, str]", tomllib.loads(files(__name__).joinpath(f"{language}.toml").read_text("utf-8")))

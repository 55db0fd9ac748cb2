"""The bot's own words: every sentence that people can read, by key."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import cast


@cache
def catalogue(language: str = "en") -> dict[str, str]:
    """All sentences of a language by key, with `{gaps}` for what differs."""
    return cast("dict[str, str]", tomllib.loads(files(__name__).joinpath(f"{language}.toml").read_text("utf-8")))


def say(key: str, **values: object) -> str:
    """Return the sentence `key` with its gaps filled; KeyError for an unknown key or an unfilled gap."""
    return catalogue()[key].format(**values)

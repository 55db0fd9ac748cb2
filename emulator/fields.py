"""The parameters of a tool, as declarations."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter: what is good, how that is said, and what holds when it is left out."""

    name: str
    good: Callable[[Any], bool]
    must: str
    needed: bool = False
    default: Any = None
    choices: tuple[str, ...] = ()  # that OpenAI itself checks, and complains about in its own words


def text(name: str, most: int = 100_000, *, needed: bool = False) -> Field:
    """A string that is not empty."""

    def good(value: Any) -> bool:
        return isinstance(value, str) and 0 < len(value) <= most

    return Field(name, good, f"must be a string of 1 to {most} characters", needed)


def number(name: str, low: float, high: float, default: float | None = None, *, needed: bool = False) -> Field:
    """A number within bounds."""

    def good(value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high

    return Field(name, good, f"must be a number from {low:g} to {high:g}", needed, default)


def whole(name: str, low: int, high: int, default: int | None = None, *, needed: bool = False) -> Field:
    """A whole number within bounds."""

    def good(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high

    return Field(name, good, f"must be an integer from {low} to {high}", needed, default)


def one_of(name: str, *choices: str, default: str | None = None, needed: bool = False) -> Field:
    """One of some strings."""
    return Field(
        name,
        lambda value: value in choices,
        f"must be one of the following values: {', '.join(choices)}",
        needed,
        default,
    )


def openai(name: str, *choices: str, default: str, needed: bool = False) -> Field:
    """One of some strings, which OpenAI itself checks."""
    return Field(name, lambda value: isinstance(value, str), "must be a string", needed, default, choices)


def switch(name: str, default: bool | None = None) -> Field:
    """True or false."""
    return Field(name, lambda value: isinstance(value, bool), "must be a boolean", False, default)


def matching(name: str, pattern: str, must: str, *, needed: bool = False) -> Field:
    """A string that a pattern matches."""
    return Field(name, lambda value: isinstance(value, str) and bool(re.fullmatch(pattern, value)), must, needed)

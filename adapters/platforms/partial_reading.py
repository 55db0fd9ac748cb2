"""Reads what a platform sent as far as it can be read."""

from collections.abc import Callable, Iterable
from typing import TypeVar

Raw = TypeVar("Raw")
Result = TypeVar("Result")


def read_first(read: Callable[[Raw], Result], attempts: Iterable[Raw]) -> Result:
    """Read the first of the attempts that can be read. Raises the first error where none can."""
    errors: list[Exception] = []
    for attempt in attempts:
        try:
            return read(attempt)
        except Exception as error:
            errors.append(error)
    raise errors[0]

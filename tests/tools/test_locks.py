"""The locks fit together: who develops has what people run, in the same versions."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def pins(name: str) -> set[str]:
    """The packages of a lock, with their versions."""
    return set(re.findall(r"^[\w.-]+==[^ \\]+", (ROOT / name).read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize(
    ("less", "more"),
    [("requirements.lock", "requirements-local.lock"), ("requirements-local.lock", "requirements-dev.lock")],
)
def test_each_lock_holds_all_of_the_smaller_one(less: str, more: str) -> None:
    assert pins(less)
    assert pins(less) - pins(more) == set()

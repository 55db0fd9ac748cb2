"""How old the lock is, also where the lock itself is not there."""

from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import pytest

from bot.operations.lock_age import LOCKED, lock_age, lock_date

LOCK = Path(__file__).parents[2] / "requirements.lock"


def test_the_date_is_that_of_the_lock_in_the_repository() -> None:
    """`make lock` writes both."""
    _, digest = files("bot").joinpath(LOCKED).read_text("utf-8").split()
    assert digest == sha256(LOCK.read_bytes()).hexdigest()


@pytest.mark.parametrize(("days", "ago"), [(0, "today"), (1, "yesterday"), (2, "2 days ago"), (400, "400 days ago")])
def test_the_age_is_said_in_days(days: int, ago: str) -> None:
    pinned = datetime(*lock_date().timetuple()[:3], hour=12, tzinfo=UTC).timestamp()
    assert lock_age(pinned + days * 86_400).startswith(f"pinned on {lock_date()}, {ago};")

"""The age of the pinned library versions."""

from datetime import UTC, date, datetime
from importlib.resources import files

LOCKED = "locked.txt"  # written by `make lock`: the date, and the hash of the lock file that it is about


def lock_age(now: float) -> str:
    """Return in words the date of the lock file and its age; `now` in seconds since 1970."""
    pinned = lock_date()
    days = (datetime.fromtimestamp(now, UTC).date() - pinned).days
    ago = "today" if days < 1 else "yesterday" if days == 1 else f"{days} days ago"
    return f"pinned on {pinned}, {ago}; `make audit` compares them with known vulnerabilities"


def lock_date() -> date:
    """Return the day on which the versions were chosen."""
    return date.fromisoformat(files("bot").joinpath(LOCKED).read_text("utf-8").split()[0])

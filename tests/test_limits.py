"""How much may be used, until when, and when people are warned."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.errors import Refused
from bot.limits import DAY, MINUTE, MONTH, Limit, Limits, began, ended, limits_in
from bot.messages import Answer, Author, Message, Usage
from bot.ports import Store
from bot.settings import Settings
from tests.conftest import said

NOON = datetime(2026, 12, 30, 12, 0, tzinfo=UTC).timestamp()


async def spend(store: Store, message: Message, credits: int = 10) -> None:
    """Let a message be answered by a model."""
    await store.add(message)
    [turn] = await store.claim(1)
    await store.answered(turn, Answer("a cat", "sandbox/gpt-4o", Usage(credits=credits)))
    await store.finished(turn)


@pytest.mark.parametrize(
    ("window", "begins", "ends"),
    [
        (MINUTE, NOON - 60, NOON + 60),
        (DAY, datetime(2026, 12, 30, tzinfo=UTC).timestamp(), datetime(2026, 12, 31, tzinfo=UTC).timestamp()),
        (MONTH, datetime(2026, 12, 1, tzinfo=UTC).timestamp(), datetime(2027, 1, 1, tzinfo=UTC).timestamp()),
    ],
)
def test_days_and_months_are_those_of_the_calendar(window: str, begins: float, ends: float) -> None:
    assert began(window, NOON) == begins
    assert ended(window, NOON) == ends


async def test_a_limit_of_answers_warns_from_four_fifths_on_and_then_refuses(sqlite: Store) -> None:
    limits = Limits(sqlite, [Limit("user", "turns", DAY, 5)])
    for expected in (0, 0, 0, 1, 1):
        assert len(await limits.check(said())) == expected
        await spend(sqlite, said())
    with pytest.raises(Refused, match=r"Your limit is reached: 5 answers of 5 answers today\. It starts anew at 20"):
        await limits.check(said())


async def test_a_limit_of_credits_counts_what_answers_cost(sqlite: Store) -> None:
    limits = Limits(sqlite, [Limit("channel", "credits", MONTH, 100)])
    await spend(sqlite, said(), credits=85)
    [warning] = await limits.check(said())
    assert "85 credits of 100 credits this month (This channel's limit)" in warning
    await spend(sqlite, said(), credits=20)
    with pytest.raises(Refused, match="This channel's limit is reached"):
        await limits.check(said())


async def test_everybody_and_every_channel_has_a_limit_of_their_own(sqlite: Store) -> None:
    limits = Limits(sqlite, [Limit("user", "turns", DAY, 1)])
    await spend(sqlite, said())
    assert len(await limits.check(replace(said(), author=Author("2", "Bob")))) == 1  # the first one is the last one
    with pytest.raises(Refused):
        await limits.check(said(channel="web:elsewhere"))
    with pytest.raises(Refused):
        await Limits(sqlite, [Limit("channel", "turns", DAY, 1)]).check(replace(said(), author=Author("2", "Bob")))


def test_the_variables_name_the_limits() -> None:
    settings = Settings.read(_env_file=None, bot_user_turns_minute=3, bot_channel_dollars_month=2.5)
    assert limits_in(settings) == (Limit("user", "turns", MINUTE, 3), Limit("channel", "dollars", MONTH, 2.5))

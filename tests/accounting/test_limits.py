"""How much may be used, until when, and when people are warned."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.accounting.limits import DAY, MINUTE, MONTH, Limit, UsageLimits, read_limits, window_end, window_start
from bot.configuration import read_settings
from bot.errors import Refused
from bot.messages import Author, JobResult, Message, Turn, Usage
from bot.ports import Store
from tests.conftest import MODEL, said

pytestmark = pytest.mark.usefixtures("fixed_time")

NOON = datetime(2026, 12, 30, 12, 0, tzinfo=UTC).timestamp()


async def begun(store: Store, message: Message) -> Turn:
    """Let a message be taken up."""
    await store.intake.add(message)
    [turn] = await store.queue.claim(1)
    return turn


async def admit(limits: UsageLimits, store: Store, message: Message) -> list[str]:
    """What somebody is warned of who asks this, and whose question comes to nothing."""
    turn = await begun(store, message)
    try:
        return await limits.admit(turn, MODEL)
    finally:
        await store.queue.finish(turn)


async def spend(store: Store, message: Message, credits: int = 10) -> None:
    """Let a message be answered by a model."""
    turn = await begun(store, message)
    await store.queue.save_result(turn, JobResult(text="a cat", model=MODEL, usage=Usage(credits=credits)))
    await store.queue.finish(turn)


@pytest.mark.parametrize(
    ("window", "begins", "ends"),
    [
        (MINUTE, NOON - 60, NOON + 60),
        (DAY, datetime(2026, 12, 30, tzinfo=UTC).timestamp(), datetime(2026, 12, 31, tzinfo=UTC).timestamp()),
        (MONTH, datetime(2026, 12, 1, tzinfo=UTC).timestamp(), datetime(2027, 1, 1, tzinfo=UTC).timestamp()),
    ],
)
def test_days_and_months_are_those_of_the_calendar(window: str, begins: float, ends: float) -> None:
    assert window_start(window, NOON) == begins
    assert window_end(window, NOON) == ends


async def test_a_limit_of_answers_warns_from_four_fifths_on_and_then_refuses(sqlite: Store) -> None:
    limits = UsageLimits(sqlite.ledger, [Limit("user", "turns", DAY, 5)])
    for expected in (0, 0, 0, 1, 1):
        assert len(await admit(limits, sqlite, said())) == expected
        await spend(sqlite, said())
    with pytest.raises(Refused, match=r"Your limit is reached: 5 answers of 5 answers today\. It resets at "):
        await admit(limits, sqlite, said())


async def test_a_limit_of_credits_counts_what_answers_cost(sqlite: Store) -> None:
    limits = UsageLimits(sqlite.ledger, [Limit("channel", "credits", MONTH, 100)])
    await spend(sqlite, said(), credits=85)
    [warning] = await admit(limits, sqlite, said())
    assert "85 credits of 100 credits this month (This channel's limit)" in warning
    await spend(sqlite, said(), credits=20)
    with pytest.raises(Refused, match="This channel's limit is reached"):
        await admit(limits, sqlite, said())


async def test_everybody_and_every_channel_has_a_limit_of_their_own(sqlite: Store) -> None:
    limits = UsageLimits(sqlite.ledger, [Limit("user", "turns", DAY, 1)])
    await spend(sqlite, said())
    assert (
        len(await admit(limits, sqlite, replace(said(), author=Author("2", "Bob")))) == 1
    )  # the first one is the last one
    with pytest.raises(Refused):
        await admit(limits, sqlite, said(channel="web:elsewhere"))
    with pytest.raises(Refused):
        limits = UsageLimits(sqlite.ledger, [Limit("channel", "turns", DAY, 1)])
        await admit(limits, sqlite, replace(said(), author=Author("2", "Bob")))


async def test_the_limit_of_the_whole_bot_names_no_figures_and_warns_nobody(sqlite: Store) -> None:
    limits = UsageLimits(sqlite.ledger, [Limit("total", "turns", DAY, 3)])
    for n in range(3):
        assert await admit(limits, sqlite, replace(said(), author=Author(str(n), "Ann"))) == []
        await spend(sqlite, replace(said(), author=Author(str(n), "Ann")))
    with pytest.raises(Refused, match=r"This bot's limit for today is reached\. It resets at "):
        await admit(limits, sqlite, said())
    with pytest.raises(Refused, match="This bot's limit for this month is reached"):
        await admit(UsageLimits(sqlite.ledger, [Limit("total", "credits", MONTH, 30)]), sqlite, said())


async def test_what_is_under_way_may_use_up_the_rest_and_says_so(sqlite: Store) -> None:
    limits = UsageLimits(sqlite.ledger, [Limit("user", "credits", DAY, 100)])
    await spend(sqlite, said(), credits=60)
    await limits.admit(await begun(sqlite, said()), MODEL)
    with pytest.raises(Refused, match="Your limit may be used up by the answers I'm working on right now"):
        await admit(limits, sqlite, said(channel="web:elsewhere"))


async def test_a_question_waits_until_another_one_tells_the_price(
    sqlite: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.accounting.limits.PRICE_PAUSE", 0.01)
    limits = UsageLimits(sqlite.ledger, [Limit("total", "credits", DAY, 100)])
    first = await begun(sqlite, said())
    await limits.admit(first, MODEL)
    second = asyncio.create_task(limits.admit(await begun(sqlite, said(channel="web:elsewhere")), MODEL))
    await asyncio.wait([second], timeout=0.1)
    assert not second.done()
    await sqlite.queue.save_result(first, JobResult(text="a cat", model=MODEL, usage=Usage(credits=10)))
    assert await asyncio.wait_for(second, 10) == []


async def test_whoever_waits_for_a_price_in_vain_is_told_so(sqlite: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.accounting.limits.PRICE_PAUSE", 0)
    limits = UsageLimits(sqlite.ledger, [Limit("user", "turns", DAY, 10), Limit("user", "credits", DAY, 100)])
    await limits.admit(await begun(sqlite, said()), MODEL)
    with pytest.raises(Refused, match="may be used up by the answers"):
        await admit(limits, sqlite, said(channel="web:elsewhere"))


def test_the_variables_name_the_limits() -> None:
    settings = read_settings(
        _env_file=None, bot_user_turns_minute=3, bot_channel_dollars_month=2.5, bot_total_credits_day=7
    )
    assert read_limits(settings) == (
        Limit("user", "turns", MINUTE, 3),
        Limit("channel", "dollars", MONTH, 2.5),
        Limit("total", "credits", DAY, 7),
    )

"""No failing event, server or process uses up the sessions that Discord allows in a day."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from adapters.platforms.discord.adapter import Discord
from adapters.platforms.discord.session_budget import DAY, MOST_A_DAY, SessionBudget, SessionsSpent
from bot.ports import Store
from tests.adapters.platforms.discord.conftest import discord_on_loopback
from tests.adapters.platforms.discord.pair import process
from tests.adapters.platforms.discord.test_other_servers import listening, until
from tests.doubles.discord import FakeDiscord


class Hours:
    """A clock that is put forward."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


async def plenty() -> Mapping[str, Any]:
    return {"total": 1000, "remaining": 1000, "reset_after": 0}


async def begins(budget: SessionBudget) -> bool:
    """Tell whether a session may begin at once."""
    try:
        await budget.acquire(plenty, 0)
    except SessionsSpent:
        return False
    return True


@pytest.fixture
def clock() -> Hours:
    return Hours()


async def test_a_failing_event_never_leads_to_more_than_a_hundred_sessions_a_day(sqlite: Store, clock: Hours) -> None:
    budget = SessionBudget(sqlite.blobs, "a", clock=clock)
    begun = []
    for _ in range(2 * 86_400 // 60):  # somebody tries each minute, for two days
        if await begins(budget):
            begun.append(clock.now)
        clock.now += 60
    most = max(sum(moment <= each < moment + DAY for each in begun) for moment in begun)
    assert 0.9 * MOST_A_DAY < most <= MOST_A_DAY


async def test_a_process_that_falls_again_and_again_remembers_its_sessions(sqlite: Store, clock: Hours) -> None:
    begun = [await begins(SessionBudget(sqlite.blobs, "a", clock=clock)) for _ in range(200)]
    assert sum(begun) == MOST_A_DAY // 2, "the other half is spread over the day"


async def test_the_operator_is_told_until_when_no_session_may_begin(sqlite: Store, clock: Hours) -> None:
    budget = SessionBudget(sqlite.blobs, "a", clock=clock)
    while await begins(budget):
        pass
    assert budget.detail.startswith("no session with Discord may begin before ")
    clock.now += DAY
    assert budget.detail == ""


async def test_many_shards_may_begin_as_many_sessions(sqlite: Store, clock: Hours) -> None:
    budget = SessionBudget(sqlite.blobs, "a", shards=64, clock=clock)
    assert all([await begins(budget) for _ in range(128)])


@pytest.fixture
async def server() -> AsyncIterator[FakeDiscord]:
    async with discord_on_loopback(FakeDiscord(message_content=True)) as server:
        yield server


@pytest.fixture
async def bot(server: FakeDiscord, sqlite: Store, tmp_path: Path) -> AsyncIterator[Discord]:
    async with process(server, sqlite, tmp_path) as bot:
        yield bot


async def test_no_session_begins_before_discord_allows_one_and_then_it_does_by_itself(
    bot: Discord, server: FakeDiscord
) -> None:
    server.gateway.remaining, server.gateway.reset_in = 0, 2.0
    async with listening(bot) as heard:
        assert server.gateway.identified[0] >= server.gateway.reset_at
        await server.says("hello", mention=True)
        await until(lambda: heard)

"""1min.ai as it changes and fails under a running bot: real processes, with the emulator behind them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from emulator import Emulator
from tests.conftest import PHOTOS
from tests.doubles.page import Page
from tests.doubles.process import BotProcess
from tests.doubles.waiting import until

CAT = (PHOTOS / "cat.jpg").read_bytes()

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http:
        yield http


def settings(emulator: Emulator) -> dict[str, str]:
    return {"ONEMIN_API_KEY": "any", "ONEMIN_API_URL": emulator.url, "BOT_LOG_LEVEL": "info"}


async def answers(page: Page, http: aiohttp.ClientSession, count: int, starting: str = "") -> list[str]:
    """The whole answers that begin so, as soon as there are so many."""
    async with asyncio.timeout(60):
        while len(found := [text for _, text in await page.answers(http) if text.startswith(starting)]) < count:
            await asyncio.sleep(0.05)
    return found


def asked(emulator: Emulator, path: str) -> int:
    return sum(seen.path == path for seen in emulator.seen)


async def test_a_picture_outlives_the_process_that_ordered_it_and_is_paid_once(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    async with Emulator(work_seconds=3) as emulator, BotProcess(tmp_path, **settings(emulator)) as bot:
        await bot.ready(60)
        page = Page(bot.url, "lobby")
        await page.say(http, "/imagine a lighthouse", "k1")
        await until(lambda: any(seen.path.startswith("/api/results/") for seen in emulator.seen[1:]), 30)
        await bot.kill()
        await bot.start()
        await bot.ready(60)
        await answers(page, http, 1, "a lighthouse")
        assert asked(emulator, "/api/features") == 1
        assert "an order that was placed before is looked for" in bot.said()
        assert "Traceback" not in bot.said()


async def test_an_interface_that_is_retired_while_the_bot_runs_costs_nobody_an_answer(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    async with Emulator(pace=0) as emulator, BotProcess(tmp_path, **settings(emulator)) as bot:
        emulator.faults.add("unified_unknown")
        await bot.ready(60)
        page = Page(bot.url, "lobby")
        await page.say(http, "what is this?", "k1", cat_jpg=CAT)
        assert "451 × 300" in (await answers(page, http, 1))[0]
        assert asked(emulator, "/api/features") == 1

        emulator.faults.clear()
        emulator.faults.add("features_gone")
        emulator._memory.conversations.clear()
        await page.say(http, "and how sharp is it?", "k2")
        second = (await answers(page, http, 2))[1]
        assert "451 × 300" in second, "the photo goes along to the new conversation"
        assert "⚠️" not in second
        assert "Traceback" not in bot.said()

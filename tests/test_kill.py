"""Kill -9, again and again, while photo turns run: nothing is lost and nothing is out of order."""

import asyncio
import random
import time
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from bot.ports import Store
from bot.store import visit_store
from emulator import Emulator
from tests.conftest import MODEL, PHOTOS
from tests.doubles.page import Page
from tests.doubles.process import BotProcess
from tests.doubles.work import release_all

TURNS, CHANNELS, KILLS = 60, 12, 15
ROOM = 25  # turns that may wait when somebody speaks: all channels are one person's, who may have 50 waiting


@pytest.mark.timeout(500)
async def test_kills_lose_no_turn_and_keep_the_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo = (PHOTOS / "cat.jpg").read_bytes()
    connector, timeout = aiohttp.TCPConnector(force_close=True), aiohttp.ClientTimeout(total=5)
    async with Emulator() as emulator, aiohttp.ClientSession(timeout=timeout, connector=connector) as http:
        key = {"ONEMIN_API_KEY": "any-key", "ONEMIN_API_URL": emulator.url, "ONEMIN_REQUESTS_PER_MINUTE": "100000"}
        async with BotProcess(tmp_path, **key) as bot:
            await bot.ready(60)
            pages = [Page(bot.url, f"c{n}") for n in range(CHANNELS)]
            async with visit_store(bot.environment["BOT_STORE"], MODEL) as store:

                async def talk(channel: int) -> None:
                    for n in range(channel, TURNS, CHANNELS):
                        while await store.queue.count_waiting() > ROOM:
                            await asyncio.sleep(0.1)
                        await pages[channel].say(http, f"turn {n}", f"key-{n}", cat_jpg=photo)
                        await asyncio.sleep(random.uniform(0, 9))

                talking = asyncio.gather(*map(talk, range(CHANNELS)))
                for _ in range(KILLS):
                    await asyncio.sleep(random.uniform(0.7, 1.9))
                    await bot.kill()
                    await bot.start()
                await talking
                answers = await whole_answers(http, pages, store)
    chats = sum(seen.path == "/api/chat-with-ai" for seen in emulator.seen)
    with capsys.disabled():
        print(f"\n{KILLS} kills over {TURNS} turns: 0 lost, {chats - TURNS} asked twice")
    for channel, answered in enumerate(answers):
        assert [asked for asked, _ in answered] == [f"turn {n}" for n in range(channel, TURNS, CHANNELS)]
        for asked, answer in answered:
            assert f"“{asked}”" in answer
            assert "No metadata was left in it." in answer


async def whole_answers(http: aiohttp.ClientSession, pages: list[Page], store: Store) -> list[list[tuple[str, str]]]:
    """The answers of each channel, as soon as there are as many as turns; kills that hit one thrice put it aside."""
    deadline = time.monotonic() + 180
    found: list[list[tuple[str, str]]] = []
    while time.monotonic() < deadline:
        with suppress(aiohttp.ClientError, TimeoutError):
            await release_all(store)
            done = not await store.queue.count_waiting()
            found = [await page.answers(http) for page in pages]
            if done and sum(map(len, found)) >= TURNS:
                return found
        await asyncio.sleep(0.3)
    raise AssertionError(f"only {sum(map(len, found))} of {TURNS} turns were answered")

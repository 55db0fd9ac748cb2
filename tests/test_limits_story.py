"""One person who asks everywhere at once, and limits that hold all the same: with one process, and with several."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from emulator import Emulator
from tests.doubles.process import BotProcess
from tests.doubles.telegram import ANN, TOKEN, USERNAME, TelegramBed
from tests.doubles.waiting import stay_within_a_day, until

GROUPS = range(-2030, -2000)
REACHED = "Your limit is reached: 3 answers of 3 answers today."


@asynccontextmanager
async def town(folder: Path, store_url: str, bots: int, **settings: str) -> AsyncIterator[tuple[TelegramBed, Emulator]]:
    """Telegram, a provider, and so many processes of the bot that are ready; the first one listens."""
    await stay_within_a_day()
    async with AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(TelegramBed())
        emulator = await stack.enter_async_context(Emulator(pace=0.02))
        for n in range(bots):
            (folder / str(n)).mkdir()
            bot = BotProcess(
                folder / str(n),
                TELEGRAM_TOKEN=TOKEN,
                TELEGRAM_API_URL=telegram.url,
                ONEMIN_API_KEY="any-key",
                ONEMIN_API_URL=emulator.url,
                ONEMIN_REQUESTS_PER_MINUTE="100000",
                **{"BOT_STORE": store_url, "BOT_LISTEN": "none" if n else "telegram,web", **settings},
            )
            await stack.enter_async_context(bot)
            await bot.ready(90)
        yield telegram, emulator


async def ask_everywhere(telegram: TelegramBed) -> list[str]:
    """Ask in all groups at once; what is answered there."""
    await asyncio.gather(*(telegram.says(f"@{USERNAME} what is this?", group, by=ANN) for group in GROUPS))

    def answers() -> list[str]:
        return [text for group in GROUPS for text in telegram.reads(group) if not text.endswith("▌")]

    await until(lambda: len(answers()) == len(GROUPS), seconds=90)
    return answers()


def asked(emulator: Emulator) -> int:
    """How many questions reached the provider."""
    return sum(seen.path == "/api/chat-with-ai" for seen in emulator.seen)


@pytest.mark.parametrize("bots", [1, 2])
async def test_thirty_topics_at_once_get_three_answers_and_27_sentences(
    tmp_path: Path, store_url: str, bots: int
) -> None:
    if bots > 1 and store_url.startswith("sqlite"):
        pytest.skip("one process on one file")
    async with town(tmp_path, store_url, bots, BOT_USER_TURNS_DAY="3") as (telegram, emulator):
        answers = await ask_everywhere(telegram)
        assert sum(REACHED in text for text in answers) == 27
        assert sum("I am the emulator" in text for text in answers) == 3
        assert asked(emulator) == 3


async def test_a_limit_of_the_whole_bot_in_credits_is_passed_by_one_answer_at_most(
    tmp_path: Path, store_url: str
) -> None:
    async with town(tmp_path, store_url, 1, BOT_TOTAL_CREDITS_DAY="1") as (telegram, emulator):
        answers = await ask_everywhere(telegram)
        assert sum("This bot's limit for today is reached." in text for text in answers) == 29
        assert asked(emulator) == 1

"""A blind comparison on Discord and Telegram at once, with the bot as a real process that dies before people vote."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from emulator import Emulator
from tests.conftest import CAT
from tests.doubles.browser import pictures
from tests.doubles.discord import ANN as DISCORD_ANN
from tests.doubles.discord import BOB, FakeDiscord
from tests.doubles.discord import TOKEN as DISCORD_TOKEN
from tests.doubles.discord import Post as DiscordPost
from tests.doubles.process import BotProcess
from tests.doubles.telegram import TOKEN, Post, TelegramBed
from tests.doubles.telegram_page import Bubble, draw
from tests.doubles.waiting import until

QUESTION, COMPARE = "how many cats are there?", "/compare blind gpt-4o gpt-4o-mini"
WHICH = "Which answer is the best?"
BUTTONS = '<p style="color:#2b6cb0;margin-top:6px">[ A ]  [ B ]  [ Both ]  [ Neither ]</p>'


def unfinished(folder: Path) -> int:
    """How many messages the bot has not done with: a kill before that may post once more."""
    with closing(sqlite3.connect(f"file:{folder}/bot.db?mode=ro", uri=True)) as db:
        return int(db.execute("SELECT COUNT(*) FROM turns WHERE finished IS NULL").fetchone()[0])


async def test_who_wrote_what_shows_after_the_first_vote_also_across_a_restart(tmp_path: Path) -> None:
    async with FakeDiscord(message_content=True) as discord, TelegramBed() as bed, Emulator(pace=0.001) as emulator:
        bot = BotProcess(
            tmp_path,
            DISCORD_TOKEN=DISCORD_TOKEN,
            DISCORD_API_URL=discord.url,
            TELEGRAM_TOKEN=TOKEN,
            TELEGRAM_API_URL=bed.url,
            ONEMIN_API_KEY="any-key",
            ONEMIN_API_URL=emulator.url,
            ONEMIN_REQUESTS_PER_MINUTE="100000",
        )

        def on_discord() -> list[DiscordPost]:
            return [post for post in discord.posts() if WHICH in post.text]

        def on_telegram() -> list[Post]:
            return [post for post in bed.posts() if WHICH in post.text]

        async with bot:
            await bot.ready()
            await discord.connected()
            await discord.says(QUESTION, mention=True, files=[CAT])
            await bed.sends_photo(CAT, QUESTION)
            await until(lambda: len(discord.posts()) == 1 and len(bed.posts()) == 1)
            await discord.says(COMPARE, mention=True)
            await bed.says(COMPARE)
            await until(lambda: on_discord() and on_telegram() and not unfinished(tmp_path))
            before = [*discord.reads()[1:], *bed.reads()[1:]]
            assert not any("onemin/" in text for text in before)
            assert {text.split("\n")[0] for text in bed.reads()[1:]} == {"A", "B", WHICH}

            await bot.kill()
            await discord.disconnected()
            await bot.start()
            await bot.ready()
            await discord.connected()
            [poll], [vote] = on_discord(), on_telegram()
            number = next(command.split()[1] for command in vote.commands if command.endswith(" 1"))
            first = next(command for command in poll.commands if command.endswith(" 1"))
            await discord.presses(poll, first, by=DISCORD_ANN)
            await discord.presses(poll, first, by=BOB)
            await bed.presses(vote, f"/vote {number} 2")
            await until(lambda: "2 votes" in on_discord()[0].text and "1 vote" in on_telegram()[0].text)
            assert all(re.search(r"onemin/gpt-4o\S* · \d+\.\d s · \d+ credits", post.text) for post in on_telegram())
            assert sum("onemin/gpt-4o" in text.split("\n")[0] for text in bed.reads()) == 2
            assert sum("onemin/gpt-4o" in text.split("\n")[0] for text in discord.reads()) == 2
            await bed.says("/usage models")
            await until(lambda: "Counting" in bed.reads()[-1])
            assert " of 3" in bed.reads()[-1]
        shown = [text.split("\n\n") for text in sorted(before) if text.split("\n")[0] in ("A", "B")]
        answers = [f"{letter}\n\n{seen}" for letter, _, seen, *_ in shown]  # the emulator's last words name its model
        chat = [Bubble("Ann", COMPARE)]
        chat += [Bubble("Snapthread", text, is_bot=True) for text in answers]
        chat += [Bubble("Snapthread", on_telegram()[0].text, is_bot=True, markup=BUTTONS)]
        await draw(chat, pictures(tmp_path) / "vote.png")

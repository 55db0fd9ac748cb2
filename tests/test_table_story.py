"""Tables of photos on Discord and Telegram at once, with the bot as a real process that dies in between."""

import csv
import html
import io
import sqlite3
from contextlib import closing
from pathlib import Path

import openpyxl

from tests.doubles.browser import pictures
from tests.doubles.discord import TOKEN as DISCORD_TOKEN
from tests.doubles.discord import FakeDiscord
from tests.doubles.discord import Post as DiscordPost
from tests.doubles.openai import FakeOpenAI
from tests.doubles.process import BotProcess
from tests.doubles.telegram import ANN, TOKEN, TelegramBed
from tests.doubles.telegram_page import Bubble, draw
from tests.doubles.waiting import until
from tests.files.photos import opened, written
from tests.tables.golden_tables import STYLES, TABLES, drawn, spoiled

GOLDEN = next(golden for golden in TABLES if golden.name == "gasthaus")
PHOTO = drawn(GOLDEN)
RIGHT = STYLES["in a fence with prose"](GOLDEN.columns, GOLDEN.cells, 1)
WRONG = STYLES["with trailing commas"](GOLDEN.columns, spoiled(GOLDEN), 1)
READ = "The receipt says:\n" + "\n".join(f"- {item}: {price}" for item, price in GOLDEN.cells)


def begun_tables(folder: Path) -> int:
    """How many replies the bot has kept so far."""
    with closing(sqlite3.connect(folder / "bot.db")) as database:
        return int(database.execute("SELECT COUNT(*) FROM steps").fetchone()[0])


def on_telegram(bed: TelegramBed) -> dict[str, bytes]:
    return {post.file.name: post.file.data for post in bed.posts() if post.file}


def on_discord(posts: list[DiscordPost]) -> dict[str, bytes]:
    return {file.name: file.data for post in posts for file in post.files}


async def test_a_receipt_becomes_files_on_both_platforms_and_is_paid_once(tmp_path: Path) -> None:
    async with FakeDiscord() as discord, TelegramBed() as bed, FakeOpenAI("vapi", pace=0.02) as endpoint:
        bot = BotProcess(
            tmp_path,
            DISCORD_TOKEN=DISCORD_TOKEN,
            DISCORD_API_URL=discord.url,
            TELEGRAM_TOKEN=TOKEN,
            TELEGRAM_API_URL=bed.url,
            OPENAI_API_URL=endpoint.url,
            OPENAI_API_KEY=endpoint.key,
            BOT_MODEL="openai/gpt-4o",
        )
        async with bot:
            await bot.ready()
            await discord.connected()
            endpoint.script = [RIGHT, RIGHT]
            await discord.says("/table", mention=True, files=[("receipt.png", PHOTO)])
            await bed.sends_photo(PHOTO, "/table")
            await until(lambda: begun_tables(tmp_path) == 2)
            await bot.kill()
            await bot.start()
            await bot.ready()
            await until(lambda: len(on_discord(discord.posts())) == 2 and len(on_telegram(bed)) == 2)
            assert len(endpoint.asked) == 2, "asked once on each platform"
            for files in (on_discord(discord.posts()), on_telegram(bed)):
                rows = list(csv.reader(io.StringIO(files["table.csv"].decode())))
                assert rows[1:] == [[item, str(price)] for item, price in GOLDEN.rows]
                sheet = openpyxl.load_workbook(io.BytesIO(files["table.xlsx"])).active
                assert [cell.value for cell in sheet["B"]][1:] == [float(price) for _, price in GOLDEN.rows]
            for texts in (discord.reads(), bed.reads()):
                assert "Schnitzel" in "".join(texts) and "⚠" not in "".join(texts) and '"columns"' not in "".join(texts)

            endpoint.script = [READ, WRONG]
            await bed.sends_photo(PHOTO, "What does it say?")
            await until(lambda: any("/table of=" in command for post in bed.posts() for command in post.commands))
            await bed.presses(*next((post, c) for post in bed.posts() for c in post.commands if "/table" in c))
            await until(lambda: len([post for post in bed.posts() if post.file]) == 4)
            preview = next(text for text in bed.reads() if "⚠" in text)
            assert "what stands above adds up to 26.00" in preview
            assert len(endpoint.asked) == 4 and bed.posts()[-1].chat == ANN

            endpoint.script = [RIGHT]
            await discord.runs("table", options={"columns": "item, price"})
            await until(lambda: len([file for post in discord.posts() for file in post.files]) == 4)
            assert any("item, price" in text for text in endpoint.asked[-1].texts)
        below = html.escape("📋 The table as CSV and for Excel")
        table, _, doubts = preview.partition("\n\n")
        chat = [
            Bubble("Ann", "/table", photo=written(opened(PHOTO).crop((0, 0, 400, 180)), "PNG")),
            Bubble("Snapthread", markup=f"<pre>{html.escape(table.strip())}</pre>{html.escape(doubts)}", is_bot=True),
            Bubble("Snapthread", markup=f"{below}<br><u>table.csv</u> · <u>table.xlsx</u>", is_bot=True),
        ]
        await draw(chat, pictures(tmp_path) / "table.png")

"""What people do with their answers and conversations, on Discord and Telegram at the same time."""

import io
import re
import time
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from emulator import Emulator
from emulator.recording import RecordedRequest
from tests.conftest import PHOTOS
from tests.doubles.discord import ADMIN, ANN, BOB, GENERAL, FakeDiscord
from tests.doubles.discord import TOKEN as DISCORD_TOKEN
from tests.doubles.discord import Post as DiscordPost
from tests.doubles.process import BotProcess
from tests.doubles.telegram import ANN as TANN
from tests.doubles.telegram import GRETA, GROUP, USERNAME, TelegramBed, flood
from tests.doubles.telegram import TOKEN as TELEGRAM_TOKEN
from tests.doubles.waiting import stay_within_a_day, until

CAT, ROCKET = ((PHOTOS / name).read_bytes() for name in ("cat.jpg", "rocket.jpg"))
CURSOR = "▌"

# What the stores themselves do is held in tests/store for both of them.
ON_SQLITE = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
ON_POSTGRES = pytest.mark.parametrize("store_url", ["postgres"], indirect=True)


@dataclass
class Town:
    """Two platforms, one provider, one bot."""

    discord: FakeDiscord
    telegram: TelegramBed
    emulator: Emulator
    bot: BotProcess

    def on_discord(self, channel: int = GENERAL) -> list[str]:
        """The whole posts of a channel."""
        return [text for text in self.discord.reads(channel) if text and not text.endswith(CURSOR)]

    def on_telegram(self, chat: int = TANN) -> list[str]:
        return [text for text in self.telegram.reads(chat) if not text.endswith(CURSOR)]

    async def discord_says(self, text: str, *, by: int = ADMIN, **more: object) -> str:
        """Say something to the bot, and return what it answers."""
        before = len(self.discord.posts())
        await self.discord.says(text, mention=True, by=by, **more)  # type: ignore[arg-type]
        await until(lambda: len(self.on_discord()) > before)
        return self.on_discord()[-1]

    async def telegram_says(self, text: str, chat: int = TANN) -> str:
        before = len(self.telegram.posts(chat))
        await self.telegram.says(text, chat, by=chat)
        await until(lambda: len(self.on_telegram(chat)) > before)
        return self.on_telegram(chat)[-1]

    async def link(self) -> None:
        """Let the Telegram chat share the conversation of the Discord channel."""
        code = re.findall(r"/link (\S+?)`?$", await self.discord_says("/link"), re.MULTILINE)[0]
        assert "Linked" in await self.telegram_says(f"/link {code}")


@asynccontextmanager
async def town(folder: Path, store_url: str, *, pace: float = 0.005, **settings: str) -> AsyncIterator[Town]:
    """A bot that is ready to listen to both."""
    async with FakeDiscord() as discord, TelegramBed() as telegram, Emulator(pace=pace) as emulator:
        bot = BotProcess(
            folder,
            DISCORD_TOKEN=DISCORD_TOKEN,
            DISCORD_API_URL=discord.url,
            TELEGRAM_TOKEN=TELEGRAM_TOKEN,
            TELEGRAM_API_URL=telegram.url,
            ONEMIN_API_KEY="any-key",
            ONEMIN_API_URL=emulator.url,
            ONEMIN_REQUESTS_PER_MINUTE="100000",
            **{"BOT_STORE": store_url, **settings},
        )
        async with bot:
            await bot.ready()
            await discord.connected(seconds=60)
            yield Town(discord, telegram, emulator, bot)


def press_of(post: DiscordPost, command: str) -> str:
    """The button of a post that says a command beginning like this."""
    [found] = [id for id in post.commands if id.startswith(f"say:{command}")]
    return found


# one conversation on both


@ON_SQLITE
async def test_a_photo_in_discord_is_known_in_telegram_and_the_other_way_round(tmp_path: Path, store_url: str) -> None:
    async with town(tmp_path, store_url) as here:
        await here.link()
        assert "451 × 300" in await here.discord_says("what is this?", files=[CAT])
        assert "turn 2 of our conversation" in await here.telegram_says("and how bright is it?")
        await here.telegram.sends_photo(ROCKET, "and this?")
        await until(lambda: "640 × 427" in here.on_telegram()[-1])
        assert "turn 4" in await here.discord_says("and which of them is larger?")
        assert "is on its own again" in await here.telegram_says("/unlink")
        assert "turn 1" in await here.telegram_says("do you know a photo?")
        assert "turn 5" in await here.discord_says("are you still there?")


@ON_POSTGRES
async def test_a_code_works_once_and_for_those_who_manage_both_places(tmp_path: Path, store_url: str) -> None:
    async with town(tmp_path, store_url) as here:
        assert "Only those who manage" in await here.discord_says("/link", by=ANN)
        await here.link()
        assert "I don't know that code" in await here.telegram_says("/link ABCD2345")


@ON_SQLITE
async def test_what_is_mirrored_is_for_each_channel_to_choose(tmp_path: Path, store_url: str) -> None:
    async with town(tmp_path, store_url) as here:
        await here.link()
        await here.discord_says("what is this?", files=[CAT])
        assert not any("451 × 300" in text for text in here.on_telegram())
        await here.telegram_says("/settings mirroring answers")
        shown = len(here.telegram.posts())
        answer = await here.discord_says("and now?")
        await until(lambda: len(here.on_telegram()) > shown)
        assert here.on_telegram()[-1].startswith("I am the emulator")
        assert "“and now?”" in answer
        await here.telegram_says("/settings mirroring everything")
        shown = len(here.telegram.posts())
        await here.discord_says("look at this one", files=[ROCKET])
        await until(lambda: any("640 × 427" in text for text in here.on_telegram()[shown:]))
        assert "look at this one" in here.on_telegram()[shown]
        assert here.telegram.called("sendPhoto")
        # And in Telegram a reply to the mirrored answer is about the photo behind it.
        mirrored = here.telegram.posts()[-1]
        await here.telegram.says("what is on it?", reply_to=mirrored.id)
        await until(lambda: "“what is on it?" in here.on_telegram()[-1])
        assert "640 × 427" in here.on_telegram()[-1]


@ON_POSTGRES
async def test_a_linked_channel_that_has_gone_troubles_nobody(tmp_path: Path, store_url: str) -> None:
    async with town(tmp_path, store_url) as here:
        await here.link()
        await here.discord_says("/settings mirroring answers")
        here.discord.deletes_channel(GENERAL)
        assert "turn 1" in await here.telegram_says("are you there?")
        await until(lambda: "its link is dropped" in here.bot.said())
        assert "turn 2" in await here.telegram_says("still?")


# stop, again, compare


async def stopped_after(here: Town, n: int) -> float:
    """Seconds from the press of the button until the provider sees the connection closed."""
    await here.discord.says("what is this?", mention=True, files=[CAT])
    await until(lambda: len(here.discord.posts()) > n and here.discord.posts()[n].commands == ["say:/stop"])
    pressed = time.monotonic()
    await here.discord.presses(here.discord.posts()[n], "say:/stop")
    await until(lambda: sum(seen.left for seen in here.emulator.seen) > n)
    return time.monotonic() - pressed


@ON_SQLITE
async def test_stop_ends_the_answer_at_once_and_keeps_what_was_said(tmp_path: Path, store_url: str) -> None:
    async with town(tmp_path, store_url, pace=0.15) as here:
        fastest = min([await stopped_after(here, n) for n in range(3)])
        assert fastest < 2
        await until(lambda: here.on_discord())
        assert here.on_discord()[0].endswith("⏹ Stopped.")
        assert here.on_discord()[0].startswith("I am the")
        await here.telegram.sends_photo(CAT, "what is this?")
        await until(lambda: here.telegram.posts())
        await here.telegram.says("/stop")
        await until(lambda: here.on_telegram() and here.on_telegram()[0].endswith("⏹ Stopped."))
        await until(lambda: "Stopped." in here.on_telegram())
        assert "There is nothing to stop." in await here.telegram_says("/stop")


@ON_POSTGRES
async def test_again_brings_another_version_and_the_way_back(tmp_path: Path, store_url: str) -> None:
    async with town(tmp_path, store_url) as here:
        await here.discord_says("what is this?", files=[CAT])
        [post] = here.discord.posts()
        await here.discord.presses(post, press_of(post, "/retry"))
        await until(lambda: any(label.startswith("say:/version") for label in post.commands))
        assert "turn 2" in post.text
        await here.discord.presses(post, press_of(post, "/version"))
        await until(lambda: "turn 1" in post.text)
        assert any(button["label"] == "1/2 ▶" for button in post.buttons)
        assert len(here.discord.posts()) == 1
        await here.discord.says("/retry gpt-4o-mini", mention=True)
        await until(lambda: any(button["label"] == "3/3 ▶" for button in post.buttons))
        assert "you asked `gpt-4o-mini`" in post.text


@ON_SQLITE
async def test_another_model_is_picked_for_the_same_question(tmp_path: Path, store_url: str) -> None:
    async with town(tmp_path, store_url) as here:
        await here.discord_says("what is this?", files=[CAT])
        [post] = here.discord.posts()
        await here.discord.presses(post, press_of(post, "/with"))
        await until(lambda: len(here.on_discord()) == 2)
        menu = here.discord.posts()[1]
        listed = menu.components[0]["components"][0]
        choice = listed["options"][-1]["value"]
        await here.discord.presses(menu, listed["custom_id"], values=[choice])
        model = choice.rpartition("/")[2]
        await until(lambda: f"you asked `{model}`" in post.text and not post.text.endswith(CURSOR))


@ON_POSTGRES
async def test_models_are_compared_side_by_side_and_one_that_fails_says_so(tmp_path: Path, store_url: str) -> None:
    async with town(tmp_path, store_url) as here:
        await here.discord_says("what is this?", files=[CAT])
        await here.discord_says("and how bright is it?")
        here.emulator.faults.add("unsupported_model")
        await here.discord.says("/compare gpt-4o gpt-4o-mini claude-haiku", mention=True)
        await until(lambda: len(here.on_discord()) == 6 and all(post.commands for post in here.discord.posts()[2:]))
        texts = [text for text in here.on_discord()[2:] if "Which answer" not in text]
        assert sum("451 × 300" in text for text in texts) == 2
        assert sum("⚠️ 1min.ai does not have the model" in text for text in texts) == 1
        assert all(re.search(r"\d\.\d s", text) for text in texts)
        good = next(post for post in here.discord.posts()[2:] if "gpt-4o-mini" in post.text.split("\n")[0])
        await here.discord.presses(good, press_of(good, "/pick"))
        await until(lambda: any("From now on onemin/" in text for text in here.on_discord()))


@ON_SQLITE
async def test_a_new_model_knows_what_was_said_unless_people_say_otherwise(tmp_path: Path, store_url: str) -> None:
    async with town(tmp_path, store_url) as here:
        await here.discord_says("what is this?", files=[CAT])
        assert "From now on onemin/gpt-4o-mini" in await here.discord_says("/model gpt-4o-mini")
        assert "I remember 1 earlier turn" in await here.discord_says("and now?")
        await here.discord_says("/settings mixed off")
        await here.discord_says("/model gpt-4o")
        await here.discord_says("and now?")
        assert [seen.settings.get("isMixed") for seen in asked(here)] == [True, True, False]


# money and access


@ON_POSTGRES
async def test_limits_are_told_before_they_are_reached_and_when_they_end(tmp_path: Path, store_url: str) -> None:
    await stay_within_a_day()
    async with town(tmp_path, store_url, BOT_USER_TURNS_DAY="5") as here:
        for n in range(3):
            assert "Nearly" not in await here.discord_says(f"question {n}")
        assert "Nearly used up" in await here.discord_says("question 3")
        await here.discord_says("question 4")
        refused = await here.discord_says("question 5")
        assert "Your limit is reached: 5 answers of 5 answers today. It resets at" in refused
        assert "question" in await here.discord_says("somebody else's question", by=BOB)
        usage = await here.discord_says("/usage")
        assert "**You**: 5 answers" in usage
        assert here.discord.posts()[-1].files[0].name == "usage.png"


CLAIM = re.compile(r"in private, and you do: (/claim \S+)")
ALLOW = re.compile(r"(/allow [A-Z0-9]{8})")
EVE = 4321  # whom nobody knows


def asked(here: Town) -> list[RecordedRequest]:
    """The questions that reached the provider."""
    return [seen for seen in here.emulator.seen if seen.path == "/api/chat-with-ai"]


@ON_SQLITE
async def test_a_stranger_is_let_in_by_a_code(tmp_path: Path, store_url: str) -> None:
    async with town(tmp_path, store_url, BOT_ACCESS="paired", BOT_ADMINS=f"discord:{ADMIN}") as here:
        assert "/claim" not in here.bot.said()
        told = await here.telegram_says("hello?")
        assert "I don't know you yet" in told
        assert f"telegram:{TANN} may talk to me now" in await here.discord_says(ALLOW.findall(told)[0])
        assert "turn 1" in await here.telegram_says("hello?")
        assert "telegram" in await here.discord_says(f"/block telegram:{TANN}")
        await here.telegram.says("hello?")
        await here.discord_says("is anybody there?")
        assert "turn 1" in here.on_telegram()[-1]


@ON_POSTGRES
async def test_a_fresh_bot_is_claimed_and_answers_nobody_before(tmp_path: Path, store_url: str) -> None:
    async with town(tmp_path, store_url, BOT_ACCESS="paired") as here:
        for n in range(6):
            await here.telegram.says(f"question {n}", chat=EVE, by=EVE)
        await here.discord.says("may I?", mention=True, by=BOB)
        await until(lambda: len(here.on_telegram(EVE)) == len(here.on_discord()) == 1)
        assert "I can't talk here yet" in here.on_discord()[0]
        [claim] = CLAIM.findall(here.bot.said())
        assert "That isn't the code" in await here.telegram_says("/claim ABCDE-FGHJK-MNPQR-STUVW", EVE)
        assert "You run this bot now" in await here.telegram_says(claim)
        assert "You already run this bot" in await here.telegram_says("/claim")
        assert "turn 1" in await here.telegram_says("what is this?")
        code = ALLOW.findall(here.on_discord()[0])[0]
        assert "may talk to me there now" in await here.telegram_says(code)
        assert "“may I now?”" in await here.discord_says("may I now?", by=BOB)
        assert len(here.on_telegram(EVE)) == 2, "one code, and one answer to the claim"
        assert len(asked(here)) == 2
        await here.bot.stop()
        (tmp_path / "log.txt").unlink()
        await here.bot.start()
        await here.bot.ready()
        assert "/claim" not in here.bot.said()


@ON_SQLITE
async def test_a_place_is_let_in_by_its_admins_first_message_or_by_name(tmp_path: Path, store_url: str) -> None:
    async with town(tmp_path, store_url, BOT_ACCESS="paired", BOT_ADMINS=f"discord:{ADMIN},telegram:{TANN}") as here:
        await here.telegram.says(f"@{USERNAME} and us?", chat=GROUP, by=EVE)
        await until(lambda: len(here.on_telegram(GROUP)) == 1)
        await here.telegram.says("/allow here", chat=GROUP, by=TANN)
        await until(lambda: "may talk to me there now" in here.on_telegram(GROUP)[-1])
        await here.telegram.says(f"@{USERNAME} and now?", chat=GROUP, by=EVE)
        await until(lambda: "“and now?”" in here.on_telegram(GROUP)[-1])
        assert "“what is this?”" in await here.discord_says("what is this?", by=ADMIN)
        assert "“and for me?”" in await here.discord_says("and for me?", by=BOB)
        await here.discord.tells("in private", by=BOB)
        await until(lambda: "I don't know you yet" in "".join(here.on_discord(here.discord.dm(BOB))))


@ON_POSTGRES
async def test_a_stranger_s_edit_reaches_no_model(tmp_path: Path, store_url: str) -> None:
    async with town(tmp_path, store_url, BOT_ACCESS="paired", BOT_ADMINS=f"discord:{ADMIN},telegram:{TANN}") as here:
        here.telegram.fails("sendMessage", flood(1))  # the first one is still in work, the others wait
        messages = [await here.telegram.says(f"message {n}", chat=EVE, by=EVE) for n in range(5)]
        await here.telegram.edits(messages[-1], EVE, text="what is the meaning of life?")
        first = await here.discord.tells("hello?", by=BOB)
        await here.discord.edits(here.discord.dm(BOB), first, "what is the meaning of life?")
        await until(lambda: here.on_telegram(EVE) and here.on_discord(here.discord.dm(BOB)))
        assert "turn 1" in await here.telegram_says("this one is asked")
        assert "“and this”" in await here.discord_says("and this")
        assert len(here.on_telegram(EVE)) == len(here.on_discord(here.discord.dm(BOB))) == 1
        assert len(asked(here)) == 2


async def test_a_stranger_s_second_slash_command_is_not_thought_about(tmp_path: Path) -> None:
    async with town(tmp_path, f"sqlite:///{tmp_path}/bot.db", BOT_ACCESS="paired") as here:
        for by in (BOB, ANN):
            asks = await here.discord.runs("ask", by=by, options={"question": "what is this?"})
            await asks.acknowledged(60)
            await until(lambda: not asks.thinking)  # noqa: B023 (called here)
        [post] = here.on_discord()
        assert "I can't talk here yet" in post
        assert asks.response is None


# privacy


@ON_SQLITE
async def test_everything_can_be_had_as_a_file_and_then_be_forgotten(tmp_path: Path, store_url: str) -> None:
    async with town(tmp_path, store_url) as here:
        await here.discord_says("what is this secret thing?", files=[("my cat.jpg", CAT)])
        await here.discord_says("/export")
        [file] = here.discord.posts()[-1].files
        with zipfile.ZipFile(io.BytesIO(file.data)) as zipped:
            assert "what is this secret thing?" in zipped.read("transcript.md").decode()
            assert any(name.startswith("photos/") for name in zipped.namelist())
            assert all(b"GPS" not in zipped.read(name) for name in zipped.namelist() if name.startswith("photos/"))
        assert "for 30 days" in await here.discord_says("/privacy")
        assert "can't be undone" in await here.discord_says("/forget")
        sure = here.discord.posts()[-1]
        await here.discord.presses(sure, "say:/forget yes", ADMIN)
        await until(lambda: here.on_discord()[-1].startswith("Forgotten"))
        assert any(seen.method == "DELETE" for seen in here.emulator.seen)
        assert "turn 1" in await here.discord_says("do you remember?")
        await here.discord_says("/export")
        [file] = here.discord.posts()[-1].files
        with zipfile.ZipFile(io.BytesIO(file.data)) as zipped:
            assert "secret thing" not in zipped.read("transcript.md").decode()


# words


@ON_POSTGRES
async def test_the_bot_speaks_the_language_of_the_channel_or_of_whoever_speaks(tmp_path: Path, store_url: str) -> None:
    async with town(tmp_path, store_url) as here:
        await here.discord_says("/settings language de")
        assert "nichts" in await here.discord_says("/stop")
        await here.discord_says("/settings language auto")
        assert "nothing to stop" in await here.discord_says("/stop")
        assert "nothing to stop" in await here.telegram_says("/stop")
        assert "nichts" in await here.telegram_says("/stop", GRETA)

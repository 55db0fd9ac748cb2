"""People in Discord and a bot of several processes: one hears, another one answers, and any of them may die."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pytest

from adapters.platforms.discord.places import Place
from bot.messages import ChannelSettings
from bot.store import open_store
from emulator import Emulator
from tests.conftest import MODEL, PHOTOS
from tests.doubles.discord import ANN, BOB, GENERAL, TOKEN, FakeDiscord, Interaction
from tests.doubles.process import BotProcess
from tests.doubles.waiting import until
from tests.test_discord_story import whole

CAT, ROCKET = ((PHOTOS / name).read_bytes() for name in ("cat.jpg", "rocket.jpg"))
LISTENS, WORKS = {"BOT_WORKERS": "0"}, {"BOT_LISTEN": "none"}
COMMANDS_PATH = "/applications/{application_id}/commands"

pytestmark = pytest.mark.timeout(120)


@dataclass
class Fleet:
    """Processes on one database, each with a folder of its own; all stop when it is left."""

    discord: FakeDiscord
    emulator: Emulator
    database: str
    folder: Path
    stack: AsyncExitStack
    processes: list[BotProcess] = field(default_factory=list)

    async def start(self, **settings: str) -> BotProcess:
        """One more process; it may take a second or two until it works."""
        folder = self.folder / str(len(self.processes))
        folder.mkdir()
        bot = BotProcess(
            folder,
            BOT_STORE=self.database,
            DISCORD_TOKEN=TOKEN,
            DISCORD_API_URL=self.discord.url,
            ONEMIN_API_KEY="any-key",
            ONEMIN_API_URL=self.emulator.url,
            ONEMIN_REQUESTS_PER_MINUTE="100000",
            **settings,
        )
        self.processes.append(await self.stack.enter_async_context(bot))
        return bot

    async def pair(self) -> tuple[BotProcess, BotProcess]:
        """One that listens and one that works."""
        listener, worker = await self.start(**LISTENS), await self.start(**WORKS)
        await listener.ready()
        await self.discord.connected()
        await worker.ready()
        await until(lambda: self.discord.rest.commands, 30)
        return listener, worker

    async def has_finished(self) -> None:
        """Wait until no turn is in work: one whose process dies meanwhile waits for the end of its lease."""
        async with asyncio.timeout(30), await psycopg.AsyncConnection.connect(self.database, autocommit=True) as store:
            while await (await store.execute("SELECT 1 FROM turns WHERE finished IS NULL LIMIT 1")).fetchone():
                await asyncio.sleep(0.05)

    def said(self) -> str:
        """All that the processes printed and logged."""
        return "".join(bot.said() for bot in self.processes)


@asynccontextmanager
async def fleet(
    folder: Path, database: str, pace: float = 0.01, *, message_content: bool = False
) -> AsyncIterator[Fleet]:
    async with (
        FakeDiscord(message_content=message_content) as discord,
        Emulator(pace=pace) as emulator,
        AsyncExitStack() as stack,
    ):
        yield Fleet(discord, emulator, database, folder, stack)


async def answered(discord: FakeDiscord, count: int = 1, channel: int = GENERAL) -> list[str]:
    """As many whole posts as that, no fewer and no more."""
    await until(lambda: len(whole(discord, channel)) >= count, 30)
    texts = whole(discord, channel)
    assert len(texts) == count, texts
    return texts


def shown_with(emulator: Emulator, question: str) -> list[str]:
    """The photos that the provider got with a question, by the beginnings of their hashes."""
    asked = next(seen for seen in emulator.seen if question in seen.prompt)
    return [key.rpartition("_")[2] for key in asked.images]


async def status(bot: BotProcess) -> Any:
    """What /readyz says while all is well."""
    async with aiohttp.ClientSession() as http, http.get(f"{bot.url}/readyz") as reply:
        assert reply.status == 200
        return await reply.json()


def shown(asked: Interaction) -> str:
    """What stands in the place of "thinking"."""
    return asked.response.text if asked.response else ""


# one hears, another one answers


async def test_a_photo_a_command_and_a_button_are_answered_by_a_process_that_hears_nothing(
    tmp_path: Path, database: str
) -> None:
    async with fleet(tmp_path, database) as here:
        await here.pair()
        discord = here.discord
        photo = await discord.says(mention=True, files=[CAT])
        assert "451 × 300" in (await answered(discord, 1))[0]
        [post] = discord.posts()
        assert post.reply_to == photo
        await discord.says("and how bright is it?", reply_to=post.id)
        assert "turn 2 of our conversation" in (await answered(discord, 2))[1]

        asked = await discord.runs("ask", options={"question": "what is that?", "photo": ROCKET})
        texts = await answered(discord, 3)
        assert "640 × 427" in texts[2]
        assert shown(asked) == texts[2]

        await discord.presses(post, "say:/describe")
        assert "Describe this picture in detail." in (await answered(discord, 4))[3]
        assert not [call for call in discord.calls if call.status >= 400]


async def test_where_the_bot_is_no_member_another_process_answers_and_only_the_asker_sees_it(
    tmp_path: Path, database: str
) -> None:
    async with fleet(tmp_path, database) as here:
        _, worker = await here.pair()
        discord = here.discord
        channel = discord.add_channel("cats", discord.add_guild("Theirs", BOB, member=False))
        photo = await discord.says("my cat", channel, BOB, files=[CAT])
        asked = await discord.uses_menu("Describe", photo, as_user_app=True)
        assert "451 × 300" in (await answered(discord, 1, channel))[0]
        [post] = discord.posts(channel)
        assert (post.ephemeral_to, shown(asked)) == (ANN, post.text)

        await here.has_finished()
        await worker.kill()
        await here.start(**WORKS)
        pressed = await discord.presses(post, "say:/with 1")
        await until(lambda: pressed.followups, 30)
        [models] = pressed.followups
        assert models.ephemeral_to == ANN
        assert models.commands
        assert asked.token not in here.said()
        with psycopg.connect(database) as store:
            carried = store.execute("SELECT key, data FROM carried").fetchall()
        assert {key.split(":")[1] for key, _ in carried} == {"ticket", "file", "sessions"}
        assert not any(one.token.encode() in bytes(data) for _, data in carried for one in (asked, pressed))


async def test_a_photo_in_a_thread_of_its_own_is_answered_there(tmp_path: Path, database: str) -> None:
    async with fleet(tmp_path, database) as here:
        async with open_store(database, MODEL) as store:
            await store.channels.save_channel_settings(Place(GENERAL).channel, ChannelSettings(threads=True))
        await here.pair()
        discord = here.discord
        photo = await discord.says("what is my cat doing?", mention=True, files=[CAT])
        await until(discord.threads, 30)
        assert "451 × 300" in (await answered(discord, 1, photo))[0]
        await discord.says("and how bright is it?", photo, mention=True)
        assert "turn 2" in (await answered(discord, 2, photo))[1]


# any of them may die


async def test_a_command_goes_on_in_its_place_when_its_process_dies(tmp_path: Path, database: str) -> None:
    async with fleet(tmp_path, database, pace=0.1) as here:
        _, worker = await here.pair()
        discord = here.discord
        group = discord.add_group()
        asked = await discord.runs("ask", options={"question": "what is this?", "photo": CAT})
        visiting = await discord.runs(
            "ask", group, options={"question": "and this?", "photo": ROCKET}, as_user_app=True
        )
        await until(lambda: shown(asked) and shown(visiting), 30)
        await worker.kill()
        await here.start(**WORKS)
        await until(lambda: shown(asked).endswith("🙂.") and shown(visiting).endswith("🙂."), 60)
        assert "451 × 300" in shown(asked)
        assert "640 × 427" in shown(visiting)
        assert [len(discord.posts(place)) for place in (GENERAL, group)] == [1, 1]


async def test_what_was_heard_is_answered_though_who_heard_it_died(tmp_path: Path, database: str) -> None:
    async with fleet(tmp_path, database) as here:
        listener = await here.start(**LISTENS)
        await listener.ready()
        discord = here.discord
        await until(lambda: discord.rest.commands, 30)
        asked = await discord.runs("ask", options={"question": "what is this?", "photo": CAT})
        await asked.acknowledged()
        await discord.says("and this?", mention=True, files=[ROCKET])
        with psycopg.connect(database, autocommit=True) as store:
            async with asyncio.timeout(20):
                while store.execute("SELECT COUNT(*) FROM turns").fetchall() != [(2,)]:
                    await asyncio.sleep(0.05)
        await listener.kill()
        discord.expire_links()
        await here.start(**WORKS)
        texts = await answered(discord, 2)
        assert "451 × 300" in shown(asked)
        assert "640 × 427" in texts[1]


# one connection for each set of shards


async def test_a_standby_takes_over_and_nothing_is_missed_or_heard_twice(
    tmp_path: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with fleet(tmp_path, database, message_content=True) as here:
        discord = here.discord
        first = await here.start()
        await first.ready()
        await until(lambda: discord.rest.commands, 30)
        above = discord.add_channel("above")
        for name, photo in (("rocket", ROCKET), ("cat", CAT)):
            await discord.says(f"look, a {name}", above, mention=True, files=[photo])
        await answered(discord, 2, above)
        await discord.says("my rocket", above, BOB, files=[ROCKET])  # said to nobody, and seen by the first one only
        rooms = [discord.add_channel(f"room {n}") for n in range(4)]
        standby = await here.start()
        await standby.ready()
        assert await status(standby) == {"discord": "waits: another process listens to Discord"}
        assert len(discord.gateway.live) == 1

        said: list[str] = []

        async def talk() -> None:
            while True:
                await asyncio.sleep(0.4)
                said.append(f"“message {len(said)}.”")
                room = rooms[len(said) % len(rooms)]
                await discord.says(said[-1].strip("“”"), room, mention=True, files=[CAT])

        async def goes_on() -> None:
            """Somebody listens, and people have said a few things more."""
            await discord.connected()
            more = len(said) + 3
            await until(lambda: len(said) >= more, 30)

        talking = asyncio.create_task(talk())
        await goes_on()
        await first.kill()
        gone = time.monotonic()
        await discord.disconnected()
        await discord.connected()
        seconds = time.monotonic() - gone
        await goes_on()
        await discord.says("and that?", above, mention=True)  # to the other one
        await answered(discord, 3, above)
        assert shown_with(here.emulator, "and that?") == shown_with(here.emulator, "look, a rocket")
        third = await here.start()  # a rolling restart: the new one is there before the old one goes
        await third.ready()
        assert await standby.stop() == 0
        await goes_on()
        talking.cancel()
        await until(lambda: sum(len(whole(discord, room)) for room in rooms) >= len(said), 60)
        texts = "".join(text for room in rooms for text in discord.reads(room))
        with capsys.disabled():
            print(f"\nthe standby listened {seconds:.1f} s after the other one had died; {len(said)} messages")
        assert {what: texts.count(what) for what in said} == dict.fromkeys(said, 1)
        assert discord.identifies == [(0, 1)] * 3
        assert len(discord.called("PUT", COMMANDS_PATH)) == 1


async def test_processes_with_different_shards_listen_side_by_side_and_begin_one_after_the_other(
    tmp_path: Path, database: str
) -> None:
    async with fleet(tmp_path, database) as here:
        discord = here.discord
        discord.gateway.shards = 2
        guild = discord.add_guild("Theirs", shard=1)
        theirs = discord.add_channel("photos", guild)
        for shards in ("0/2", "1/2"):
            await here.start(DISCORD_SHARDS=shards)
        for bot in here.processes:
            await bot.ready()
        assert sorted(discord.identifies) == [(0, 2), (1, 2)]
        one, other = discord.gateway.identified
        assert other - one > 5
        for channel, photo, size in ((GENERAL, CAT, "451 × 300"), (theirs, ROCKET, "640 × 427")):
            linked = await discord.says("what is this?", channel, mention=True, files=[photo])
            assert size in (await answered(discord, 1, channel))[0]
        address = f"https://discord.com/channels/{guild}/{theirs}/{linked}"
        await discord.says(f"and on {address} ?", mention=True)  # to the process that does not listen there
        assert "640 × 427" in (await answered(discord, 2))[1]
        assert len(discord.called("PUT", COMMANDS_PATH)) == 1

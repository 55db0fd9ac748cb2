"""People in Telegram and several processes of the bot on one PostgreSQL: who hears, who answers, and at whose pace."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from adapters.platforms.telegram.translate import BotIdentity, translate
from bot.app import open_inbox
from bot.intake.access import Access
from bot.messages import Message, Turn
from bot.store import open_store
from bot.turns.stops import Stops
from emulator import Emulator
from tests.conftest import MODEL, PHOTOS
from tests.doubles.openai import FakeOpenAI
from tests.doubles.process import BotProcess
from tests.doubles.telegram import GROUP, TOKEN, USERNAME, TelegramBed
from tests.doubles.waiting import until
from tests.test_telegram_story import whole

CAT, ROCKET = ((PHOTOS / name).read_bytes() for name in ("cat.jpg", "rocket.jpg"))
SAID = {"sendMessage", "editMessageText", "sendPhoto", "sendDocument", "editMessageCaption", "sendMediaGroup"}
ON_THE_ROAD = 0.3  # seconds that one call may need longer than another one to be here
STANDS_BY = "another process listens to Telegram"
LISTENER, WORKER = {"BOT_WORKERS": "0", "BOT_LISTEN": "telegram"}, {"BOT_LISTEN": "none"}


class Fleet(AsyncExitStack):
    """Processes with the same settings, each in a folder of its own."""

    def __init__(self, folder: Path, database: str, bed: TelegramBed, **settings: str) -> None:
        super().__init__()
        self.folder = folder
        self.settings = {"BOT_STORE": database, "TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": bed.url, **settings}

    async def starts(self, name: str, more: Mapping[str, str] | None = None) -> BotProcess:
        """One more process, which may not be ready yet."""
        (self.folder / name).mkdir()
        return await self.enter_async_context(BotProcess(self.folder / name, **self.settings, **(more or {})))


async def tells(bot: BotProcess) -> str:
    """What a process that is ready tells of Telegram."""
    await bot.ready()
    async with aiohttp.ClientSession() as http, http.get(f"{bot.url}/readyz") as reply:
        return str((await reply.json()).get("telegram", ""))


async def test_when_the_process_that_polls_is_killed_another_one_goes_on(tmp_path: Path, database: str) -> None:
    people, albums = range(1000, 1020), range(2000, 2004)
    async with TelegramBed() as bed, Emulator(pace=0.005) as emulator:
        keys = {"ONEMIN_API_KEY": "any-key", "ONEMIN_API_URL": emulator.url, "ONEMIN_REQUESTS_PER_MINUTE": "10000"}
        async with Fleet(tmp_path, database, bed, **keys) as fleet:
            first = await fleet.starts("first", LISTENER)  # what it hears is answered by the second one
            await first.ready()
            await until(lambda: bed.called("deleteWebhook"))
            second = await fleet.starts("second")
            assert await tells(second) == STANDS_BY
            assert len(bed.called("deleteWebhook")) == 1

            await bed.sends_photo(CAT, "what is this?")
            await bed.sends_photo(CAT, f"@{USERNAME} what is this?", GROUP)
            await until(lambda: whole(bed) and whole(bed, GROUP))
            await bed.sends_photo(ROCKET, chat=GROUP, by=77)  # said to nobody, and seen by the first one only
            await until(lambda: bed.pending() == 0)

            async def talk() -> None:
                for n, chat in enumerate(people):
                    await bed.sends_photo(CAT, f"message {chat}", chat)
                    if n % 5 == 2:
                        await bed.sends_album([CAT, ROCKET], f"album {albums[n // 5]}", albums[n // 5])
                    await asyncio.sleep(0.15)

            talking = asyncio.create_task(talk())
            await asyncio.sleep(1)
            await first.kill()
            died = time.monotonic()
            await bed.says("and is it sharp?")  # nobody listens at this moment
            await until(lambda: len(whole(bed)) == 2)
            assert "Still about photo 1" in whole(bed)[1]
            await bed.says(f"@{USERNAME} and that?", GROUP)
            await until(lambda: len(whole(bed, GROUP)) == 2)
            await talking
            await until(lambda: all(whole(bed, chat) for chat in (*people, *albums)))
            assert (await tells(second)).startswith("Telegram was last heard ")

    again = next(call.at for call in bed.called("getUpdates") if call.at > died and call.status == 200)
    assert again - died < 40
    for chat in people:
        assert f"“message {chat}”" in "".join(bed.reads(chat))
    for chat in albums:
        assert "451 × 300" in bed.reads(chat)[0]
        assert "640 × 427" in bed.reads(chat)[0]
    assert [len(bed.posts(chat)) for chat in (*people, *albums)] == [1] * 24, "nothing twice"
    asked = [seen for seen in emulator.seen if seen.path == "/api/chat-with-ai"]
    assert len(asked) == 28
    [[above]] = [seen.images for seen in asked if "and that?" in seen.prompt]
    assert above in {key for seen in asked if "album 2000" in seen.prompt for key in seen.images[1:]}, "the rocket"
    assert bed.pending() == 0


async def test_a_photo_that_one_worker_answered_is_known_to_the_other_one(tmp_path: Path, database: str) -> None:
    async with TelegramBed() as bed, FakeOpenAI() as provider:
        settings = {"OPENAI_API_KEY": provider.key, "OPENAI_API_URL": provider.url, "BOT_MODEL": "openai/gpt-4o"}
        settings |= {"BOT_ADMINS": "telegram:1", "BOT_TOTAL_TURNS_DAY": "1000"}  # nothing to warn of at the start
        async with Fleet(tmp_path, database, bed, **settings) as fleet:
            listener = await fleet.starts("listener", LISTENER)
            listener_url = f"{listener.url}/telegram"
            webhook = {"TELEGRAM_WEBHOOK_URL": listener_url, "WEB_TOKEN": "sixteen characters or more"}
            fleet.settings |= webhook
            listener.environment |= webhook
            await listener.stop()
            await listener.start()
            workers = [await fleet.starts(name, WORKER) for name in ("one", "two")]
            await asyncio.gather(*(bot.ready() for bot in (listener, *workers)))

            await bed.sends_photo(CAT, "what is this?")
            await until(lambda: len(whole(bed)) == 1)
            [knows] = [bot for bot in workers if any((bot.folder / "photos").rglob("*.jpg"))]
            [other] = [bot for bot in workers if bot is not knows]
            assert await knows.stop() == 0

            await bed.says("how large was it?")
            await until(lambda: len(whole(bed)) == 2)
            assert any((other.folder / "photos").rglob("*.jpg")), "fetched once more"
            await bed.sends_photo(ROCKET, "and this?")
            await until(lambda: len(whole(bed)) == 3)
            query = await bed.presses(bed.posts()[0], "/describe")
            await until(lambda: len(whole(bed)) == 4)

    cat, asked, rocket, pressed = (question.photos for question in provider.asked)
    assert asked == cat
    assert "451 × 300" in whole(bed)[1]
    assert rocket[-1] not in cat
    assert pressed[-1] == cat[0]
    assert (query, "") in bed.acknowledged, "by who heard the press"
    assert not bed.called("getUpdates")
    lines = [line for bot in (listener, other) for line in bot.said().splitlines()]
    assert [line for line in lines if "[warning" in line or "[error" in line] == []


async def test_three_processes_together_keep_the_pace_that_telegram_wants(tmp_path: Path, database: str) -> None:
    people, topics = range(1000, 1120), range(7, 10)
    async with TelegramBed() as bed, Fleet(tmp_path, database, bed, BOT_WORKERS="50") as fleet:
        bots = [await fleet.starts(name) for name in ("one", "two", "three")]
        await asyncio.gather(*(bot.ready() for bot in bots))
        for chat in people:
            await bed.says("/help", chat)
        for topic in topics:
            await bed.says(f"/help@{USERNAME}", GROUP, thread=topic)
        await until(lambda: all(bed.posts(chat) for chat in people) and len(bed.posts(GROUP)) == len(topics), 90)

    said = [call for call in bed.calls if call.method in SAID]
    times = sorted(call.at for call in said)
    assert [call.status for call in said] == [200] * 123
    # Each by itself may be late on a busy machine; three that did not know of each other would take a third as long.
    assert all(later - earlier > 1 - 3 * ON_THE_ROAD for earlier, later in zip(times, times[30:], strict=False))
    assert sorted(call.at for call in said if call.chat != GROUP)[-1] - times[0] > 3 - ON_THE_ROAD
    in_the_group = sorted(call.at for call in said if call.chat == GROUP)
    assert len(in_the_group) == len(topics)  # a group takes three at once


async def test_parts_of_an_album_that_two_listeners_hear_at_the_same_moment_are_one_turn(database: str) -> None:
    bed, me = TelegramBed(), BotIdentity(7, USERNAME)
    albums = [bed.album([CAT] * 6, "compare them", chat) for chat in range(1000, 1010)]
    parts = [translate({"update_id": 1, "message": part}, me) for side in zip(*albums, strict=True) for part in side]
    async with open_store(database, MODEL) as one, open_store(database, MODEL) as other:
        inboxes = [open_inbox(store, Access(store.people), Stops()) for store in (one, other)]
        heard = [part for part in parts if isinstance(part, Message)]
        await asyncio.gather(*(inboxes[n // len(albums) % 2].receive(part) for n, part in enumerate(heard)))
        turns: list[Turn] = []
        async with asyncio.timeout(10):
            while len(turns) < len(albums):
                turns += await one.queue.claim(20)
                await asyncio.sleep(0.1)
        assert await one.queue.count_waiting() == len(albums)
    assert [len(turn.message.attachments) for turn in turns] == [6] * len(albums)

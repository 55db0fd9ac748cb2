"""People in Telegram and the bot as a real process: what the chats show."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from emulator import Emulator
from tests.conftest import PHOTOS
from tests.doubles.process import BotProcess
from tests.doubles.telegram import ANN, BAD_GATEWAY, GROUP, LOST, TOKEN, USERNAME, TelegramBed, flood
from tests.doubles.waiting import until

CAT, ROCKET, COFFEE = ((PHOTOS / name).read_bytes() for name in ("cat.jpg", "rocket.jpg", "coffee.png"))
QUICK = ["/describe", "/read", "/translate", "/explain"]
KILLS, MESSAGES, ALBUMS = 10, 30, 6


@asynccontextmanager
async def chats(
    folder: Path, *, webhook: bool = False, **settings: str
) -> AsyncIterator[tuple[TelegramBed, BotProcess, Emulator]]:
    """A Telegram, a bot that is ready to listen to it, and the provider behind that."""
    async with TelegramBed() as bed, Emulator(pace=0.01) as emulator:
        bot = BotProcess(
            folder,
            TELEGRAM_TOKEN=TOKEN,
            TELEGRAM_API_URL=bed.url,
            ONEMIN_API_KEY="any-key",
            ONEMIN_API_URL=emulator.url,
            ONEMIN_REQUESTS_PER_MINUTE="100000",
            **settings,
        )
        if webhook:
            bot.environment |= {
                "TELEGRAM_WEBHOOK_URL": f"{bot.url}/telegram",
                "WEB_TOKEN": "sixteen characters or more",
            }
        async with bot:
            await bot.ready()
            yield bed, bot, emulator


def whole(bed: TelegramBed, chat: int = ANN) -> list[str]:
    """What the posts of a chat read, those left out that still grow."""
    return [text for text in bed.reads(chat) if not text.endswith("▌")]


async def answered(bed: TelegramBed, count: int, chat: int = ANN) -> list[str]:
    await until(lambda: len(whole(bed, chat)) >= count)
    return whole(bed, chat)


# How updates come matters to the first and the last of them; the other stories are told in one way each.
WAYS = pytest.mark.parametrize("webhook", [False, True], ids=["polling", "webhook"])
POLLING = pytest.mark.parametrize("webhook", [False], ids=["polling"])
WEBHOOK = pytest.mark.parametrize("webhook", [True], ids=["webhook"])


@WAYS
async def test_a_photo_is_answered_in_reply_and_the_follow_up_knows_it(tmp_path: Path, webhook: bool) -> None:
    async with chats(tmp_path, webhook=webhook) as (bed, _, _):
        photo = await bed.sends_photo(CAT, "what is this?")
        [answer] = await answered(bed, 1)
        assert "451 × 300 pixels" in answer
        assert "No metadata was left in it." in answer
        assert bed.posts()[0].reply_to == photo
        assert bed.posts()[0].formatted("bold") == ["Photo 1", "451 × 300 pixels"]
        await bed.says("and is it sharp?")
        assert "Still about photo 1" in (await answered(bed, 2))[1]
        assert {command["command"] for command in bed.commands} >= {"help", "new", "model"}


async def test_with_drafts_the_answer_grows_as_a_draft_and_becomes_one_post(tmp_path: Path) -> None:
    async with chats(tmp_path, TELEGRAM_DRAFTS="true") as (bed, _, _):
        photo = await bed.sends_photo(CAT, "long answer please")
        await until(lambda: len(whole(bed)) > 1)
        texts = [text for chat, _, text in bed.drafts if chat == ANN]
        assert texts
        assert "".join(whole(bed)).count("Part 1:") == 1
        assert bed.posts()[0].reply_to == photo
        assert bed.posts()[0].edits == 0
        assert bed.called("sendChatAction")


@POLLING
async def test_an_album_in_any_order_is_one_turn(tmp_path: Path, webhook: bool) -> None:
    async with chats(tmp_path, webhook=webhook) as (bed, _, _):
        await bed.sends_album([CAT, ROCKET, COFFEE], "compare them", order=[2, 0, 1])
        [answer] = await answered(bed, 1)
        for size in ("451 × 300", "640 × 427", "600 × 400"):
            assert size in answer
        assert "“compare them”" in answer


@WEBHOOK
async def test_photos_without_words_that_follow_each_other_are_one_turn(tmp_path: Path, webhook: bool) -> None:
    async with chats(tmp_path, webhook=webhook) as (bed, _, _):
        await bed.sends_photo(CAT)
        await asyncio.sleep(0.4)
        await bed.sends_photo(ROCKET)
        [answer] = await answered(bed, 1)
        assert "451 × 300" in answer
        assert "640 × 427" in answer


@POLLING
async def test_a_tap_asks_about_the_photo_under_which_it_was_made(tmp_path: Path, webhook: bool) -> None:
    async with chats(tmp_path, webhook=webhook) as (bed, _, _):
        await bed.sends_photo(CAT)
        await answered(bed, 1)
        await until(lambda: bed.posts()[0].commands == [*QUICK, "/buttons 1"])
        await bed.says("hello")
        await answered(bed, 2)
        query = await bed.presses(bed.posts()[0], "/read")
        assert "451 × 300" in (await answered(bed, 3))[2]
        assert "Read all the text" in whole(bed)[2]
        assert bed.posts()[2].reply_to == bed.posts()[0].id
        assert (query, "") in bed.acknowledged


@WEBHOOK
async def test_a_caption_that_is_mended_in_time_counts(tmp_path: Path, webhook: bool) -> None:
    async with chats(tmp_path, webhook=webhook) as (bed, _, emulator):
        emulator.faults.add("slow", seconds=2)
        await bed.says("wait for this")  # the next turn is kept until it is done
        await until(lambda: any(seen.path == "/api/chat-with-ai" for seen in emulator.seen))
        photo = await bed.sends_photo(CAT, "waht is this?")
        await asyncio.sleep(0.3)
        await bed.edits(photo, caption="what is this?")
        assert "“what is this?”" in (await answered(bed, 2))[1]


@POLLING
async def test_a_group_that_moves_keeps_its_conversation(tmp_path: Path, webhook: bool) -> None:
    async with chats(tmp_path, webhook=webhook) as (bed, _, _):
        await bed.sends_photo(CAT, f"@{USERNAME} what is this?", chat=-5)
        await answered(bed, 1, -5)
        await bed.sends({"migrate_to_chat_id": GROUP}, -5)
        await bed.says(f"@{USERNAME} is it sharp?", chat=GROUP)
        assert "Still about photo 1" in (await answered(bed, 1, GROUP))[0]


@WEBHOOK
async def test_in_a_group_only_who_speaks_to_the_bot_is_heard_and_nothing_else_is_fetched(
    tmp_path: Path, webhook: bool
) -> None:
    async with chats(tmp_path, webhook=webhook) as (bed, _, _):
        await bed.sends_photo(ROCKET, "look at my rocket", chat=GROUP)
        await bed.sends_album([ROCKET, COFFEE], "my holidays", chat=GROUP)
        album = await bed.sends_album([CAT, ROCKET], f"@{USERNAME} which is the cat?", chat=GROUP, order=[1, 0])
        [answer] = await answered(bed, 1, GROUP)
        assert "which is the cat?" in answer
        assert "451 × 300" in answer
        assert bed.posts(GROUP)[0].reply_to in album
        await asyncio.sleep(2)
        assert len(bed.posts(GROUP)) == 1
        assert len(bed.called("getFile")) == 2


@POLLING
async def test_a_question_in_reply_to_an_earlier_photo_is_about_that_photo(tmp_path: Path, webhook: bool) -> None:
    async with chats(tmp_path, webhook=webhook) as (bed, _, _):
        rocket = await bed.sends_photo(ROCKET, "nobody asked", chat=GROUP)
        await bed.says(f"@{USERNAME} what is that?", chat=GROUP, reply_to=rocket)
        assert "640 × 427" in (await answered(bed, 1, GROUP))[0]
        await bed.sends_photo(CAT, f"@{USERNAME} and this?", chat=GROUP)
        assert "451 × 300" in (await answered(bed, 2, GROUP))[1]
        await bed.says("how large was it?", chat=GROUP, reply_to=bed.posts(GROUP)[0].id)
        assert "640 × 427" in (await answered(bed, 3, GROUP))[2]


@WEBHOOK
async def test_stickers_moving_pictures_and_forwarded_photos_are_seen(tmp_path: Path, webhook: bool) -> None:
    async with chats(tmp_path, webhook=webhook) as (bed, _, _):
        kind = {"width": 512, "height": 512, "is_animated": False, "is_video": False, "type": "regular"}
        await bed.sends({"sticker": {**bed.file((PHOTOS / "astronaut.webp").read_bytes()), **kind}})
        assert "512 × 512" in (await answered(bed, 1))[0]
        film = {**bed.file(b"\0\0\0\x18ftypmp42" + bytes(100)), "width": 451, "height": 300, "duration": 2}
        film["thumbnail"] = {**bed.file(CAT), "width": 451, "height": 300}
        await bed.sends({"animation": film, "document": film, "caption": "what moves?"})
        assert "451 × 300" in (await answered(bed, 2))[1]
        origin = {"type": "hidden_user", "sender_user_name": "Bob", "date": 1_700_000_000}
        await bed.sends({"photo": bed.sizes(ROCKET), "caption": "what flies?", "forward_origin": origin})
        assert "640 × 427" in (await answered(bed, 3))[2]


@POLLING
async def test_a_long_answer_goes_on_in_a_second_post_with_its_code_intact(tmp_path: Path, webhook: bool) -> None:
    async with chats(tmp_path, webhook=webhook) as (bed, _, _):
        photo = await bed.sends_photo(CAT, "long answer please")
        first, _ = await answered(bed, 2)
        assert [post.reply_to for post in bed.posts()] == [photo, None]
        assert any(post.formatted("pre") for post in bed.posts())
        assert not any("```" in post.text for post in bed.posts())
        assert len(first) <= 4096


@WEBHOOK
async def test_files_are_judged_by_their_bytes_and_bad_ones_are_named(tmp_path: Path, webhook: bool) -> None:
    async with chats(tmp_path, webhook=webhook) as (bed, _, _):
        await bed.sends_file((PHOTOS / "cat.heic").read_bytes(), "IMG_1.HEIC", "application/octet-stream", "what?")
        assert "No metadata was left in it." in (await answered(bed, 1))[0]
        await bed.sends_file(b"%PDF-1.7 and so on", "bill.pdf", "application/pdf", "what?")
        assert "I couldn't read bill.pdf: the file is damaged" in (await answered(bed, 2))[1]
        await bed.sends_file(CAT, "huge.jpg", "image/jpeg", "what?", size=25 << 20)
        reason = "huge.jpg: it is larger than 20 MB, which is the most that Telegram hands to bots"
        assert f"I couldn't read {reason}" in (await answered(bed, 3))[2]
        await bed.sends_file(bytes(range(200)), "song.mid", "audio/midi", "what?")
        assert (
            "I couldn't read song.mid: this is neither a picture nor a document that I can read"
            in (await answered(bed, 4))[3]
        )


@POLLING
async def test_topics_are_channels_of_their_own(tmp_path: Path, webhook: bool) -> None:
    async with chats(tmp_path, webhook=webhook) as (bed, _, _):
        await bed.sends({"photo": bed.sizes(CAT), "caption": f"@{USERNAME} what?"}, GROUP, thread=7)
        await until(lambda: [post for post in bed.posts(GROUP, 7) if "451 × 300" in post.text])
        await bed.says(f"@{USERNAME} do you know a photo?", chat=GROUP, thread=8)
        await until(lambda: [post for post in bed.posts(GROUP, 8) if "There is no photo" in post.text])


@WAYS
async def test_trouble_with_telegram_delays_the_answer_and_loses_nothing(tmp_path: Path, webhook: bool) -> None:
    async with chats(tmp_path, webhook=webhook) as (bed, _, _):
        bed.fails("getUpdates", BAD_GATEWAY)
        bed.fails("getFile", flood(1))
        bed.fails("file", BAD_GATEWAY)
        bed.fails("sendMessage", flood(1))
        bed.fails("editMessageText", flood(1), times=2)
        await bed.sends_photo(CAT, "what is this?")
        await until(lambda: [text for text in whole(bed) if "451 × 300" in text and text.endswith("🙂.")])
        assert len(bed.posts()) == 1
        bed.fails("editMessageText", LOST)
        await bed.says("and now?")
        await until(lambda: len(whole(bed)) == 2)


async def test_readiness_says_when_telegram_was_last_heard(tmp_path: Path) -> None:
    async with chats(tmp_path) as (_, bot, _), aiohttp.ClientSession() as http, http.get(f"{bot.url}/readyz") as reply:
        assert reply.status == 200
        assert (await reply.json())["telegram"].startswith("Telegram was last heard ")


@WAYS
async def test_what_was_said_while_the_bot_was_down_is_answered(tmp_path: Path, webhook: bool) -> None:
    async with chats(tmp_path, webhook=webhook) as (bed, bot, _):
        await bot.kill()
        await bed.sends_album([CAT, ROCKET], "compare them")
        await bot.start()
        [answer] = await answered(bed, 1)
        assert "451 × 300" in answer
        assert "640 × 427" in answer


@pytest.mark.timeout(240)
@POLLING
async def test_ten_kills_lose_no_message_and_split_no_album(
    tmp_path: Path, webhook: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    async with chats(tmp_path, webhook=webhook) as (bed, bot, _):

        async def photo(n: int) -> None:
            await bed.sends_photo(CAT, f"message {n}", chat=1000 + n)

        async def album(n: int) -> None:
            await bed.sends_album([CAT, ROCKET, COFFEE], f"album {n}", chat=2000 + n)

        async def talk() -> None:
            work = [*map(photo, range(MESSAGES)), *map(album, range(ALBUMS))]
            random.shuffle(work)
            for step in work:
                await step
                await asyncio.sleep(random.uniform(0, 0.7))

        talking = asyncio.create_task(talk())
        for _ in range(KILLS):
            await asyncio.sleep(random.uniform(0.5, 1.5))
            await bot.kill()
            await bot.start()
        await talking
        rooms = {1000 + n: f"“message {n}”" for n in range(MESSAGES)}
        rooms |= {2000 + n: f"“album {n}”" for n in range(ALBUMS)}
        await until(lambda: all(any(asked in text for text in whole(bed, room)) for room, asked in rooms.items()), 60)
        doubles = sum(len(bed.posts(room)) - 1 for room in rooms)
        with capsys.disabled():
            print(f"\n{KILLS} kills over {MESSAGES} messages and {ALBUMS} albums: 0 lost, {doubles} posted twice")
        for n in range(ALBUMS):
            for text in whole(bed, 2000 + n):
                assert "451 × 300" in text
                assert "640 × 427" in text
                assert "600 × 400" in text

"""People in Discord who speak, order pictures, listen and show documents, and the bot as a real process."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfWriter

from emulator import Emulator, audio
from tests.doubles.discord import BAD_GATEWAY, BOB, GENERAL, LOST, FakeDiscord, Fault, Post
from tests.doubles.waiting import until
from tests.files.documents.portable import Page, picture_of, portable
from tests.test_discord_story import CAT, ROCKET, answered, server, whole

MESSAGES = "/channels/{channel_id}/messages"
IMAGINED = ["say:/redo 1", "say:/vary of=1 nth=1", "say:/upscale of=1 nth=1"]
FILM = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"


def note(words: str, seconds: float = 3) -> bytes:
    """A voice message in which somebody says this."""
    return audio.record(words, seconds)


def pdf(*, padding: int = 0) -> bytes:
    """A document of three pages, with as many more bytes as that in it."""
    writer, buffer = PdfWriter(), io.BytesIO()
    for _ in range(3):
        writer.add_blank_page(200, 200)
    if padding:
        writer.add_attachment("padding.bin", bytes(padding))
    writer.write(buffer)
    return buffer.getvalue()


def with_files(discord: FakeDiscord, channel: int = GENERAL) -> list[Post]:
    return [post for post in discord.posts(channel) if post.files]


async def shown(discord: FakeDiscord, count: int = 1, channel: int = GENERAL) -> list[Post]:
    """The posts with files, as soon as there are so many."""
    try:
        await until(lambda: len(with_files(discord, channel)) >= count)
    except TimeoutError:
        raise AssertionError(discord.reads(channel)) from None
    return with_files(discord, channel)


async def said(discord: FakeDiscord, words: str, channel: int = GENERAL) -> str:
    """The post that holds these words, once it is whole."""
    try:
        await until(lambda: any(words in text for text in whole(discord, channel)))
    except TimeoutError:
        raise AssertionError(discord.reads(channel)) from None
    return next(text for text in whole(discord, channel) if words in text)


def ordered(emulator: Emulator, type: str) -> int:
    """How often the provider was asked for such a thing."""
    return sum(seen.type == type for seen in emulator.seen)


def picture(post: Post, n: int = 0) -> Image.Image:
    return Image.open(io.BytesIO(post.files[n].data))


# what people say aloud


async def test_a_voice_message_asks_about_the_photo_that_it_replies_to(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, _):
        here = discord.dm()
        rocket = await discord.tells("my rocket", files=[ROCKET])
        await discord.tells("my cat", files=[CAT])
        await answered(discord, 2, here)
        asked = await discord.speaks(note("how large is this one?"), here, reply_to=rocket)
        answer = (await answered(discord, 3, here))[2]
        assert "how large is this one?" in answer.partition("\n")[0]
        assert "You asked: “how large is this one?" in answer
        assert "640 × 427" in answer
        assert discord.posts(here)[2].reply_to == asked


async def test_in_a_server_a_voice_message_is_heard_in_reply_to_the_bot_alone(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, emulator):
        await discord.says("what is this?", mention=True, files=[CAT])
        await answered(discord, 1)
        await discord.speaks(note("hello everybody"), by=BOB)
        await discord.speaks(note("and is it sharp?"), by=BOB, reply_to=discord.posts()[0].id)
        assert "and is it sharp?" in (await answered(discord, 2))[1].partition("\n")[0]
        assert ordered(emulator, "SPEECH_TO_TEXT") == 1


async def test_twenty_minutes_of_talking_are_heard_and_shown_in_part(tmp_path: Path) -> None:
    talk = "and then the rocket went up again " * 500
    async with server(tmp_path) as (discord, _, emulator):
        await discord.speaks(note(f"what do you think? {talk}"), discord.dm(), seconds=1200)
        [answer] = await answered(discord, 1, discord.dm())
        transcript, _, rest = answer.partition("\n\n")
        assert "what do you think? and then the rocket" in transcript
        assert transcript.rstrip("*_").endswith("…")
        assert len(transcript) < 700
        assert "You asked: “what do you think?" in rest
        assert ordered(emulator, "SPEECH_TO_TEXT") == 1


async def test_a_recording_may_come_along_with_a_mention_and_a_photo(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, _):
        files = [("cat.jpg", CAT), ("memo.ogg", note("is it asleep?"))]
        await discord.says("", mention=True, files=files)
        [answer] = await answered(discord)
        assert "You asked: “is it asleep?" in answer
        assert "451 × 300" in answer


# what is read aloud


async def test_an_answer_is_read_aloud_as_a_file_that_discord_plays(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, _):
        await discord.says("what is this?", mention=True, files=[CAT])
        await answered(discord, 1)
        asked = await discord.runs("speak")
        [post] = await shown(discord)
        [sound] = post.files
        assert (await asked.answered()).response is post
        assert (sound.content_type, sound.name.rpartition(".")[2]) == ("audio/ogg", "ogg")
        assert "451 × 300 pixels" in audio.probe(sound.data).words
        assert "451 × 300" in (sound.description or "")


# pictures to order


async def test_a_picture_comes_with_its_words_and_buttons_and_can_be_asked_about(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, bot, emulator):
        wishes = {"size": "1024x1536", "quality": "low", "model": "onemin/gpt-image-1"}
        asked = await discord.runs("imagine", options={"words": "a lighthouse in a storm", **wishes})
        [post] = await shown(discord)
        assert (post.text, post.commands, post.ephemeral_to) == ("a lighthouse in a storm", IMAGINED, None)
        assert [file.description for file in post.files] == ["a lighthouse in a storm"]
        assert picture(post).size == (1024, 1536)
        assert "credits" in (await asked.answered()).shows
        await discord.says("what is on it?", reply_to=post.id)
        assert "1024 × 1536" in await said(discord, "“what is on it?")
        await bot.kill()
        await bot.start()
        await bot.ready()
        await discord.says("and now?", reply_to=post.id)
        assert "1024 × 1536" in await said(discord, "“and now?")
        assert ordered(emulator, "IMAGE_GENERATOR") == 1


async def test_several_pictures_are_one_post_and_each_can_be_varied(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, emulator):
        await discord.says("/imagine a red house n=3", mention=True)
        [post] = await shown(discord)
        assert (len(post.files), ordered(emulator, "IMAGE_GENERATOR")) == (3, 3)
        assert {file.description for file in post.files} == {"a red house"}
        await discord.presses(post, "say:/vary of=1 nth=2")
        varied = (await shown(discord, 2))[1]
        assert picture(varied).size == picture(post, 1).size
        assert ordered(emulator, "IMAGE_VARIATOR") == 1
        assert len(post.files) == 3, "they stay when the buttons change"


async def test_the_same_order_once_more_by_a_button(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, emulator):
        await discord.runs("imagine", options={"words": "a red house"})
        [post] = await shown(discord)
        await discord.presses(post, "say:/redo 1", BOB)
        again = (await shown(discord, 2))[1]
        assert (again.text, again.reply_to) == ("a red house", post.id)
        assert ordered(emulator, "IMAGE_GENERATOR") == 2


async def test_a_photo_that_comes_along_is_changed(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, emulator):
        await discord.runs("edit", options={"words": "make it night"}, files={"photo": ("cat.jpg", CAT)})
        [post] = await shown(discord)
        assert (post.text, [file.description for file in post.files]) == ("make it night", ["make it night"])
        [seen] = [seen for seen in emulator.seen if seen.type == "IMAGE_EDITOR"]
        assert (seen.prompt, seen.photos) == ("make it night", 1)
        await discord.says("/edit make it day", mention=True, files=[ROCKET])
        assert (await shown(discord, 2))[1].text == "make it day"


async def test_what_is_cut_out_stays_transparent_and_can_be_made_larger(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, _):
        await discord.runs("cutout", files={"photo": ("cat.jpg", CAT)})
        [post] = await shown(discord)
        assert picture(post).convert("RGBA").getchannel("A").getextrema() == (0, 255)
        assert picture(post).size == (451, 300)
        await discord.presses(post, "say:/upscale of=1 nth=1")
        assert picture((await shown(discord, 2))[1]).size == (902, 600)


async def test_a_list_of_models_follows_the_typing(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, _):
        painters = await discord.types("imagine", "model", "dall", options={"words": "a cat"})
        assert {choice["value"] for choice in painters} == {"onemin/dall-e-2", "onemin/dall-e-3"}
        erasers = await discord.types("cutout", "model", "")
        assert "onemin/recraft" in {choice["value"] for choice in erasers}
        assert not {choice["value"] for choice in erasers} & {choice["value"] for choice in painters}


# what cannot be made


@pytest.mark.parametrize("fault", ["moderated", "moderated_record"])
async def test_what_may_not_be_made_is_a_sentence_and_costs_nothing(tmp_path: Path, fault: str) -> None:
    async with server(tmp_path) as (discord, _, emulator):
        emulator.faults.add(fault)
        await discord.runs("imagine", options={"words": "something"})
        await said(discord, "The provider's rules about content keep the model from making this.")
        assert not with_files(discord)
        await discord.runs("usage")
        assert "0 answers, 0 credits today" in await said(discord, "today")


WRONG: Mapping[str, tuple[str, dict[str, str]]] = {
    "No model called crayon-3 can do this. These can:": ("imagine", {"words": "a house", "model": "crayon-3"}),
    "doesn't make 17x17. It makes:": ("imagine", {"words": "a house", "size": "17x17"}),
    "pictures at a time, not 999.": ("imagine", {"words": "a house", "n": "999"}),
    "Which picture? Send it along, or reply to it.": ("vary", {}),
}


async def test_what_cannot_be_ordered_is_a_sentence_and_nobody_is_asked(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, emulator):
        for sentence, (command, options) in WRONG.items():
            await discord.runs(command, options=options)
            await said(discord, sentence)
        assert not [seen for seen in emulator.seen if seen.path == "/api/features"]


async def test_a_link_to_a_picture_that_has_run_out_is_a_sentence(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, emulator):
        emulator.faults.add("result_expired", times=50)
        await discord.runs("imagine", options={"words": "a house"})
        await said(discord, "can't get this file any more")
        assert not with_files(discord)
        emulator.faults.clear()
        await discord.runs("imagine", options={"words": "a house"})
        await shown(discord)


# kill -9


async def test_a_picture_whose_order_was_cut_off_by_a_kill_is_not_ordered_again_by_itself(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, bot, emulator):
        emulator.faults.add("slow", at="pictures", seconds=3)
        await discord.says("/imagine a lighthouse", mention=True)
        await until(lambda: ordered(emulator, "IMAGE_GENERATOR") and discord.posts())
        await bot.kill()
        await bot.start()
        await said(discord, "I didn't order it a second time")
        assert not with_files(discord)
        assert ordered(emulator, "IMAGE_GENERATOR") == 1
        emulator.faults.clear()
        await discord.says("/imagine a lighthouse", mention=True)
        [post] = await shown(discord)
        assert post.text == "a lighthouse"


async def test_a_command_whose_order_was_cut_off_by_a_kill_is_answered_by_an_ordinary_post(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, bot, emulator):
        emulator.faults.add("slow", at="pictures", seconds=3)
        await discord.runs("imagine", options={"words": "a lighthouse"})
        await until(lambda: ordered(emulator, "IMAGE_GENERATOR"))
        await bot.kill()
        await bot.start()
        await bot.ready()
        await said(discord, "I didn't order it a second time")
        await discord.says("hello?", mention=True)
        await said(discord, "“hello?")
        assert not with_files(discord)


@pytest.mark.parametrize("fault", [BAD_GATEWAY, LOST])
async def test_a_picture_that_was_made_before_the_kill_is_posted_and_paid_once(tmp_path: Path, fault: Fault) -> None:
    async with server(tmp_path) as (discord, bot, emulator):
        emulator.faults.add("slow", at="pictures", seconds=1)
        await discord.says("/imagine a lighthouse", mention=True)
        await until(discord.posts)  # which says how far it is
        discord.fails("send", fault)
        await until(lambda: len(discord.called("POST", MESSAGES)) >= 2)
        await bot.kill()
        await bot.start()
        await shown(discord)
        await discord.says("hello?", mention=True)
        await said(discord, "“hello?")
        assert len(with_files(discord)) == 1
        assert ordered(emulator, "IMAGE_GENERATOR") == 1


# documents and films


async def test_a_document_is_asked_about_and_asked_on_about(tmp_path: Path) -> None:
    rows = "name,paid\n" + "".join(f"member {n},{n * 10}\n" for n in range(40))
    async with server(tmp_path) as (discord, _, _):
        await discord.says("who has paid?", mention=True, files=[("fees.csv", rows.encode())])
        [answer] = await answered(discord)
        assert "(CSV) of **41 rows and 2 columns**" in answer
        assert "It begins: “name,paid member 0,0" in answer
        follow_ups: list[dict[str, Any]] = [{"mention": True}, {"reply_to": discord.posts()[0].id}]
        for n, more in enumerate(follow_ups, 2):
            await discord.says("and what about member 7?", **more)
            follow_up = (await answered(discord, n))[-1]
            assert f"turn {n}" in follow_up
            assert "Of your words I found *member*" in follow_up


async def test_a_document_may_come_along_with_a_command(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, _):
        await discord.runs("ask", options={"question": "how many pages?"}, files={"photo": ("bill.pdf", pdf())})
        assert "3 pages" in await said(discord, "“how many pages?")


async def test_a_scanned_pdf_is_looked_at_page_by_page(tmp_path: Path) -> None:
    letter = portable(Page("Cover letter"), Page(picture=picture_of("The total is 4711")))
    async with server(tmp_path, BOT_LOCAL="true", BOT_MODEL="local/eyes") as (discord, _, _):
        await discord.says("what is on it?", mention=True, files=[("letter.pdf", letter)])
        assert "**Photo 2** · letter.pdf, page 2" in (await answered(discord, 1))[0]
        await discord.says("and on photo 2?", mention=True)
        assert "**Photo 2** · letter.pdf, page 2" in (await answered(discord, 2))[1]


async def test_a_damaged_document_is_named_and_nothing_is_asked(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, emulator):
        await discord.says("how much is it?", mention=True, files=[("bill.pdf", pdf()[:200])])
        [answer] = await answered(discord)
        assert "bill.pdf" in answer
        assert "the file is damaged" in answer
        assert not [seen for seen in emulator.seen if seen.path == "/api/chat-with-ai"]


async def test_a_document_of_forty_megabytes_is_read_and_a_larger_one_is_named(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, _):
        await discord.says("how many pages?", mention=True, files=[("book.pdf", pdf(padding=40 << 20))])
        assert "3 pages" in (await answered(discord, 1))[0]
        await discord.says("and this?", mention=True, files=[("books.pdf", pdf(padding=60 << 20))])
        told = (await answered(discord, 2))[1]
        assert "books.pdf" in told
        assert "larger than 50 MB" in told


async def test_a_link_to_a_film_is_about_the_film_and_not_about_the_picture_in_front_of_it(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, _):
        link = await discord.says(f"{FILM} what is said there?", mention=True)
        await discord.edits(GENERAL, link, embeds=[youtube(discord)])
        [answer] = await answered(discord)
        assert "You linked 1 video: `dQw4w9WgXcQ`" in answer
        assert "451 × 300" not in answer
        await discord.says("and how long is it?", reply_to=discord.posts()[0].id)
        assert "turn 2" in (await answered(discord, 2))[1]


def youtube(discord: FakeDiscord) -> dict[str, Any]:
    """What Discord makes of a link to a film."""
    picture = discord.embed(CAT)["thumbnail"]
    return {"type": "video", "url": FILM, "title": "A film", "provider": {"name": "YouTube"}, "thumbnail": picture}

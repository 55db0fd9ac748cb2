"""People in Telegram who speak, listen, and order pictures, and the bot as a real process: what the chats show."""

import asyncio
import io
import sqlite3
from contextlib import closing
from pathlib import Path

from PIL import Image

from emulator import Emulator, audio
from tests.doubles.telegram import ANN, BAD_GATEWAY, GROUP, USERNAME, Post, TelegramBed
from tests.doubles.waiting import until
from tests.emulator.conftest import pdf
from tests.files.documents.portable import Page, picture_of, portable
from tests.files.documents.test_office import workbook
from tests.test_telegram_story import CAT, ROCKET, answered, chats, whole

BUTTONS = ["/redo 1", "/vary of=1 nth=1", "/upscale of=1 nth=1"]


def note(words: str, seconds: float = 3) -> bytes:
    """A voice message in which somebody says this."""
    return audio.record(words, seconds)


def shown(bed: TelegramBed, chat: int = ANN) -> list[Post]:
    """The posts of a chat that hold a file."""
    return [post for post in bed.posts(chat) if post.file]


async def files(bed: TelegramBed, count: int, chat: int = ANN) -> list[Post]:
    """The posts with files, as soon as there are so many."""
    await until(lambda: len(shown(bed, chat)) >= count)
    return shown(bed, chat)


async def said(bed: TelegramBed, words: str, chat: int = ANN) -> str:
    """The post that holds these words, once it is whole."""
    await until(lambda: [text for text in whole(bed, chat) if words in text])
    return next(text for text in whole(bed, chat) if words in text)


def ordered(emulator: Emulator, type: str) -> int:
    """How often the provider was asked for such a thing."""
    return sum(seen.type == type for seen in emulator.seen)


def remembered_posts(folder: Path) -> int:
    """How many posts the bot has noted in its store."""
    with closing(sqlite3.connect(folder / "bot.db")) as database:
        [count] = database.execute("SELECT COUNT(*) FROM posts").fetchone()
    return int(count)


def picture(post: Post) -> Image.Image:
    assert post.file
    return Image.open(io.BytesIO(post.file.data))


# voice


async def test_a_voice_message_asks_about_the_photo_that_it_replies_to(tmp_path: Path) -> None:
    async with chats(tmp_path) as (bed, _, _):
        rocket = await bed.sends_photo(ROCKET, "my rocket")
        await answered(bed, 1)
        await bed.sends_photo(CAT, "my cat")
        await answered(bed, 2)
        asked = await bed.sends_voice(note("how large is this one?"), reply_to=rocket)
        answer = (await answered(bed, 3))[2]
        assert answer.startswith("🎤 how large is this one?")
        assert "“how large is this one?" in answer
        assert "640 × 427" in answer
        assert bed.posts()[2].reply_to == asked


async def test_twenty_minutes_of_talking_are_heard_and_shown_in_part(tmp_path: Path) -> None:
    talk = "and then the rocket went up again " * 500
    async with chats(tmp_path) as (bed, _, emulator):
        await bed.sends_voice(note(f"what do you think? {talk}"), seconds=1200)
        [answer] = await answered(bed, 1)
        transcript, _, rest = answer.partition("\n\n")
        assert transcript.startswith("🎤 what do you think? and then the rocket")
        assert transcript.endswith("…")
        assert len(transcript) < 700
        assert "You asked: “what do you think?" in rest
        assert ordered(emulator, "SPEECH_TO_TEXT") == 1


async def test_in_a_group_a_voice_message_is_heard_only_in_reply_to_the_bot(tmp_path: Path) -> None:
    async with chats(tmp_path) as (bed, _, emulator):
        await bed.sends_voice(note("hello everybody"), chat=GROUP)
        await bed.sends_photo(CAT, f"@{USERNAME} what is this?", chat=GROUP)
        await answered(bed, 1, GROUP)
        await bed.sends_voice(note("and is it sharp?"), chat=GROUP, reply_to=bed.posts(GROUP)[0].id)
        answer = (await answered(bed, 2, GROUP))[1]
        assert answer.startswith("🎤 and is it sharp?")
        assert ordered(emulator, "SPEECH_TO_TEXT") == 1


async def test_a_recording_larger_than_telegram_hands_out_is_named_with_the_reason(tmp_path: Path) -> None:
    async with chats(tmp_path) as (bed, _, emulator):
        await bed.sends_voice(note("never heard"), size=25 << 20)
        assert "larger than 20 MB, which is the most that Telegram hands to bots" in (await answered(bed, 1))[0]
        assert not ordered(emulator, "SPEECH_TO_TEXT")


async def test_an_answer_is_read_aloud_as_a_voice_message(tmp_path: Path) -> None:
    async with chats(tmp_path) as (bed, _, _):
        await bed.sends_photo(CAT, "what is this?")
        [answer] = await answered(bed, 1)
        command = await bed.says("/speak")
        [voice] = await files(bed, 1)
        assert voice.file is not None
        assert (voice.file.kind, voice.text, voice.reply_to) == ("voice", "🔊", command)
        words = audio.probe(voice.file.data).words
        assert "I am the emulator: I measure pixels" in words
        assert "451 × 300 pixels" in words
        assert "*" not in words
        assert "451 × 300 pixels" in answer
        await bed.says("and how many pixels?", reply_to=voice.id)
        assert "451 × 300" in (await answered(bed, 3))[-1], "a reply to what was read is about the same photo"


async def test_who_wants_no_voice_messages_gets_what_is_read_as_a_file(tmp_path: Path) -> None:
    async with chats(tmp_path) as (bed, _, _):
        bed.no_voices.add(ANN)
        await bed.sends_photo(CAT, "what is this?")
        await answered(bed, 1)
        await bed.says("/speak")
        [sound] = await files(bed, 1)
        assert sound.file is not None
        assert sound.file.kind == "document"
        assert sound.file.name.endswith((".ogg", ".opus"))


# pictures


async def test_a_picture_that_was_ordered_comes_with_buttons_and_can_be_asked_about(tmp_path: Path) -> None:
    async with chats(tmp_path) as (bed, bot, emulator):
        command = await bed.says("/imagine a lighthouse in a storm")
        [made] = await files(bed, 1)
        assert (made.text, made.reply_to, made.commands) == ("a lighthouse in a storm", command, BUTTONS)
        assert made.file is not None
        assert made.file.kind == "photo"
        assert "credits" in bed.reads()[0]
        size = picture(made).size
        await bed.says("what is on it?")
        assert f"{size[0]} × {size[1]}" in await said(bed, "“what is on it?")
        await bot.kill()
        await bot.start()
        await bed.says("and now?", reply_to=made.id)
        assert f"{size[0]} × {size[1]}" in await said(bed, "“and now?")
        assert ordered(emulator, "IMAGE_GENERATOR") == 1


async def test_several_pictures_are_an_album_below_their_words_and_each_can_be_varied(tmp_path: Path) -> None:
    async with chats(tmp_path) as (bed, _, emulator):
        await bed.says("/imagine a red house n=3")
        album = await files(bed, 3)
        assert [post.file and post.file.kind for post in album] == ["photo"] * 3
        assert len({post.album for post in album}) == 1
        words = next(post for post in bed.posts() if post.text == "a red house")
        assert {post.reply_to for post in album} == {words.id}
        assert words.commands[:4] == ["/redo 1", *(f"/vary of=1 nth={n}" for n in (1, 2, 3))]
        await bed.presses(words, "/vary of=1 nth=2")
        varied = (await files(bed, 4))[3]
        assert varied.reply_to == words.id
        await bed.says("/vary", reply_to=album[2].id)
        assert len(await files(bed, 5)) == 5
        assert ordered(emulator, "IMAGE_VARIATOR") == 2
        await asyncio.sleep(0.3)
        assert len(shown(bed)) == 5


async def test_the_same_order_once_more_by_a_button(tmp_path: Path) -> None:
    async with chats(tmp_path) as (bed, _, emulator):
        await bed.says("/imagine a red house")
        [made] = await files(bed, 1)
        await bed.presses(made, "/redo 1")
        again = (await files(bed, 2))[1]
        assert (again.text, again.reply_to) == ("a red house", made.id)
        assert ordered(emulator, "IMAGE_GENERATOR") == 2


async def test_a_photo_is_changed_by_its_caption(tmp_path: Path) -> None:
    async with chats(tmp_path) as (bed, _, emulator):
        photo = await bed.sends_photo(CAT, "/edit make it night")
        [made] = await files(bed, 1)
        assert (made.text, made.reply_to) == ("make it night", photo)
        [seen] = [seen for seen in emulator.seen if seen.type == "IMAGE_EDITOR"]
        assert (seen.prompt, seen.photos) == ("make it night", 1)
        await bed.sends_photo(ROCKET, f"/edit@{USERNAME} make it day", chat=GROUP)
        [in_group] = await files(bed, 1, GROUP)
        assert in_group.text == "make it day"


async def test_what_is_cut_out_goes_as_a_file_and_stays_transparent(tmp_path: Path) -> None:
    async with chats(tmp_path) as (bed, _, _):
        photo = await bed.sends_photo(CAT, "look")
        await answered(bed, 1)
        await bed.says("/cutout", reply_to=photo)
        [made] = await files(bed, 1)
        assert made.file is not None
        assert (made.file.kind, made.text) == ("document", "Cut out.")
        assert picture(made).convert("RGBA").getchannel("A").getextrema() == (0, 255)
        await bed.says("what is left?", reply_to=made.id)
        assert "451 × 300" in await said(bed, "“what is left?")


async def test_what_the_provider_may_not_paint_is_a_sentence_and_costs_nothing(tmp_path: Path) -> None:
    async with chats(tmp_path) as (bed, _, emulator):
        for fault in ("moderated", "moderated_record"):
            emulator.faults.add(fault)
            await bed.says(f"/imagine something {fault}")
        sentence = "The provider's rules about content keep the model from making this."
        await until(lambda: sum(sentence in text for text in whole(bed)) == 2)
        assert bed.posts()[0].commands == ["/redo 1"]
        assert not shown(bed)
        await bed.says("/usage")
        assert "0 credits today" in (await answered(bed, 3))[2]


async def test_what_cannot_be_ordered_is_a_sentence_and_nobody_is_asked(tmp_path: Path) -> None:
    wrong = {
        "/imagine": "Tell me what to draw",
        "/imagine a house model=crayon-3": "No model called crayon-3 can do this. These can:",
        "/imagine a house size=17x17": "doesn't make 17x17. It makes:",
        "/imagine a house n=999": "pictures at a time, not 999.",
        "/imagine a house ratio=silly": "silly",
        "/vary": "Which picture? Send it along, or reply to it.",
    }
    async with chats(tmp_path) as (bed, _, emulator):
        for n, (command, sentence) in enumerate(wrong.items(), 1):
            await bed.says(command)
            assert sentence in (await answered(bed, n))[-1]
        assert not [seen for seen in emulator.seen if seen.path == "/api/features"]


async def test_a_link_to_the_result_that_has_run_out_is_a_sentence(tmp_path: Path) -> None:
    async with chats(tmp_path) as (bed, _, emulator):
        emulator.faults.add("result_expired", times=50)
        await bed.says("/imagine a house")
        await until(lambda: any("I can't get this file any more" in text for text in whole(bed)))
        assert not shown(bed)
        emulator.faults.clear()
        await bed.says("/imagine a house")
        assert len(await files(bed, 1)) == 1


# documents and videos


async def test_a_document_is_read_and_remembered(tmp_path: Path) -> None:
    bill = pdf("The invoice is here", "The total is 12", "Thank you")
    async with chats(tmp_path) as (bed, _, _):
        document = await bed.sends_file(bill, "bill.pdf", "application/pdf", "where is the total?")
        [answer] = await answered(bed, 1)
        assert "3 pages" in answer
        assert "total on page 2" in answer
        assert bed.posts()[0].reply_to == document
        await bed.says("and the invoice?")
        assert "invoice on page 1" in (await answered(bed, 2))[1]


async def test_a_document_in_a_group_can_be_asked_about_later(tmp_path: Path) -> None:
    async with chats(tmp_path) as (bed, _, _):
        notes = await bed.sends_file(b"The train leaves at nine.", "notes.txt", "text/plain", chat=GROUP)
        await bed.says(f"@{USERNAME} when leaves the train?", chat=GROUP, reply_to=notes)
        assert "It begins: “The train leaves at nine.”" in (await answered(bed, 1, GROUP))[0]


async def test_a_scanned_page_is_a_photo(tmp_path: Path) -> None:
    letter = portable(Page("Cover letter"), Page(picture=picture_of("The total is 4711")))
    async with chats(tmp_path) as (bed, _, emulator):
        await bed.sends_file(letter, "letter.pdf", "application/pdf", "what is on it?")
        assert len(await answered(bed, 1)) == 1
        assert (emulator.seen[-1].photos, emulator.seen[-1].files) == (1, 0)
        assert "Cover letter" in emulator.seen[-1].prompt


async def test_a_sheet_is_read_as_a_table(tmp_path: Path) -> None:
    async with chats(tmp_path) as (bed, _, emulator):
        await bed.sends_file(workbook(), "bills.xlsx", "application/octet-stream", "what did Ada pay?")
        assert len(await answered(bed, 1)) == 1
        assert "01.05.2026 | 4,711.50 € | 12.5%" in emulator.seen[-1].prompt


async def test_a_text_in_an_old_encoding_arrives_in_its_own_letters(tmp_path: Path) -> None:
    bill = "Привет, это счёт за июнь. Итого: 4711 рублей.\n".encode("cp1251") * 9
    async with chats(tmp_path) as (bed, _, _):
        await bed.sends_file(bill, "bill.txt", "text/plain", "сколько всего?")
        assert "“Привет, это счёт за июнь." in (await answered(bed, 1))[0]


async def test_documents_that_cannot_be_read_are_named_with_the_reason(tmp_path: Path) -> None:
    async with chats(tmp_path) as (bed, _, _):
        await bed.sends_file(b"%PDF-1.7 and then nothing", "torn.pdf", "application/pdf", "what?")
        assert "torn.pdf: the file is damaged" in (await answered(bed, 1))[0]
        await bed.sends_file(b"%PDF-1.7", "atlas.pdf", "application/pdf", "what?", size=40 << 20)
        reason = "atlas.pdf: it is larger than 20 MB, which is the most that Telegram hands to bots"
        assert reason in (await answered(bed, 2))[1]


async def test_a_link_to_a_video_is_asked_about(tmp_path: Path) -> None:
    async with chats(tmp_path) as (bed, _, _):
        await bed.says("what is said in https://youtu.be/dQw4w9WgXcQ?t=3 about love?")
        assert "dQw4w9WgXcQ" in (await answered(bed, 1))[0]
        assert "You linked 1 video" in whole(bed)[0]
        await bed.says("watch https://www.youtube.com/watch?v=nothing")
        assert "This link leads to no video" in (await answered(bed, 2))[1]


# kill -9


async def test_a_picture_whose_order_was_cut_off_by_a_kill_is_not_ordered_again_by_itself(tmp_path: Path) -> None:
    async with chats(tmp_path) as (bed, bot, emulator):
        emulator.faults.add("slow", at="pictures", seconds=3)
        await bed.says("/imagine a lighthouse")
        await until(lambda: ordered(emulator, "IMAGE_GENERATOR"))
        # Telegram has no key against posting twice: what was posted a moment before a kill may come again.
        await until(lambda: remembered_posts(tmp_path))
        await bot.kill()
        await bot.start()
        await said(bed, "I didn't order it a second time")
        assert not shown(bed)
        assert ordered(emulator, "IMAGE_GENERATOR") == 1
        emulator.faults.clear()
        await bed.says("/imagine a lighthouse")
        [made] = await files(bed, 1)
        assert made.text == "a lighthouse"


async def test_a_picture_that_was_made_before_the_kill_is_paid_for_once(tmp_path: Path) -> None:
    async with chats(tmp_path) as (bed, bot, emulator):
        bed.fails("sendPhoto", BAD_GATEWAY, times=1)
        await bed.says("/imagine a lighthouse")
        await until(lambda: bed.called("sendPhoto"))
        await bot.kill()
        await bot.start()
        await files(bed, 1)
        await bed.says("hello?")
        await said(bed, "“hello?")
        assert len(shown(bed)) == 1
        assert ordered(emulator, "IMAGE_GENERATOR") == 1

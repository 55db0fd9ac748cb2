"""What Telegram refuses for its content or size gets another form, and nothing goes on to look as if it grew."""

from contextlib import suppress

import pytest

from adapters.platforms.budgets import TelegramBudgets
from adapters.platforms.telegram.adapter import Telegram
from bot.errors import Busy, Refused
from bot.messages import Author, Button, Channel, File, Message, OutgoingPost
from bot.ports import Store
from bot.replies.plainer_posts import ANSWER_FILE
from bot.replies.reply import CURSOR, Reply
from bot.words import say
from tests.doubles import telegram as double
from tests.doubles.telegram import ANN, GROUP, Fault, TelegramBed, flood

HERE = Channel("telegram", str(GROUP))
STOP = (Button("Stop", "/stop"),)
NO = Fault(400, description="Bad Request: SOMETHING_NEW_IN_2027")
OUT = Fault(403, description="Forbidden: bot was kicked from the supergroup chat")


@pytest.fixture
async def reply(telegram: Telegram, bed: TelegramBed, sqlite: Store) -> Reply:
    """The answer to a question that Ann asked in a group."""
    question = await bed.says("@snapthread_bot what is this?", GROUP)
    await sqlite.intake.add(
        Message(channel=HERE, id=str(question), author=Author(str(ANN), "Ann"), text="what is this?", sent=0)
    )
    [turn] = await sqlite.queue.claim(1)
    return Reply(telegram.as_platform(), sqlite.posts, turn, HERE, growing_buttons=STOP)


async def grows(reply: Reply, text: str) -> None:
    """The first words of the answer are posted."""
    reply.text = text
    await reply.show(text + CURSOR, buttons=STOP, growing=True)


def test_the_bots_table_of_budgets_keeps_within_what_the_double_enforces() -> None:
    assert TelegramBudgets.MESSAGE_LENGTH <= double.MESSAGE
    assert TelegramBudgets.CAPTION_LENGTH <= double.CAPTION
    assert TelegramBudgets.UPLOAD_MEGABYTES << 20 <= double.MOST_SENT
    assert TelegramBudgets.PHOTO_BYTES <= double.MOST_PHOTO
    assert TelegramBudgets.PHOTO_WIDTH_PLUS_HEIGHT <= double.AROUND
    assert TelegramBudgets.ALBUM_FILES <= double.MOST_IN_ALBUM
    assert TelegramBudgets.DOWNLOAD_MEGABYTES << 20 <= double.MOST_BYTES


async def test_an_unknown_refusal_is_tried_in_plainer_forms(reply: Reply, bed: TelegramBed) -> None:
    bed.fails("sendMessage", NO, times=2)
    await reply.show("a kitten", buttons=(Button("A", "/a"),))
    [post] = bed.posts(GROUP)
    assert (post.text, post.reply_to, post.commands) == ("a kitten", None, [])


async def test_an_edit_that_is_refused_becomes_a_file_and_leaves_no_cursor(reply: Reply, bed: TelegramBed) -> None:
    await grows(reply, "a ")
    bed.fails("editMessageText", NO, times=2)
    await reply.show("a kitten", buttons=(Button("A", "/a"),))
    [post] = bed.posts(GROUP)
    assert post.file is not None
    assert (post.file.name, post.file.data) == (ANSWER_FILE, b"a kitten")
    assert post.text == f"📄 {say('post_as_file')}"


async def test_at_last_there_is_a_sentence(reply: Reply, bed: TelegramBed) -> None:
    await grows(reply, "a ")
    bed.fails("editMessageText", NO)
    bed.fails("sendDocument", NO, times=2)
    bed.fails("sendMessage", NO)
    await reply.show("a kitten")
    [post] = bed.posts(GROUP)
    assert (post.text, post.commands) == (f"⚠️ {say('post_refused')}", [])


async def test_a_flood_at_the_second_post_of_an_answer_loses_no_word(reply: Reply, bed: TelegramBed) -> None:
    await grows(reply, "a ")
    bed.fails("sendMessage", flood(1))
    for _ in range(2):  # the worker tries again
        with suppress(Busy):
            await reply.show("A sentence of words. " * 250)
    shown = bed.reads(GROUP)
    assert (len(shown), " ".join(shown).count("sentence")) == (2, 250)
    assert CURSOR.strip() not in "".join(shown)


@pytest.mark.parametrize("reason", ["message is too long", "MESSAGE_TOO_LONG"])
async def test_what_is_too_long_comes_as_a_file(reply: Reply, bed: TelegramBed, reason: str) -> None:
    bed.fails("sendMessage", Fault(400, description=f"Bad Request: {reason}"))
    await reply.show("a kitten")
    [post] = bed.posts(GROUP)
    assert post.file is not None
    assert post.file.data == b"a kitten"


async def test_an_answer_whose_post_an_admin_deleted_is_posted_anew(
    reply: Reply, telegram: Telegram, bed: TelegramBed
) -> None:
    await grows(reply, "a ")
    await telegram.delete(HERE, str(bed.posts(GROUP)[0].id))
    await reply.show("a kitten")
    assert bed.reads(GROUP) == ["a kitten"]


async def test_an_answer_for_a_group_that_threw_the_bot_out_goes_to_the_asker_alone(
    reply: Reply, bed: TelegramBed
) -> None:
    await grows(reply, "a ")
    bed.fails("editMessageText", OUT)
    await reply.show("a kitten")
    assert bed.reads(GROUP) == []
    [told] = bed.reads(ANN)
    assert "a kitten" in told


async def test_reading_the_model_ends_where_nobody_can_be_told(reply: Reply, bed: TelegramBed) -> None:
    bed.fails("sendMessage", OUT)
    async with reply.growing():
        reply.grow("a cat")
        await reply.shut_out.wait()
    assert reply.refusal is not None


async def test_files_that_are_too_large_together_come_in_several_albums(telegram: Telegram, bed: TelegramBed) -> None:
    files = tuple(
        File(name=f"{n}.bin", mime="application/octet-stream", data=bytes([n]) * (20 << 20)) for n in range(4)
    )
    await telegram.send(HERE, OutgoingPost(text="four", files=files))
    sent = [post.file for post in bed.posts(GROUP) if post.file is not None]
    assert [file.name for file in sent] == ["0.bin", "1.bin", "2.bin", "3.bin"]
    assert len({post.album for post in bed.posts(GROUP) if post.file is not None}) == 2


async def test_a_request_that_a_proxy_finds_too_large_is_not_tried_again(telegram: Telegram, bed: TelegramBed) -> None:
    bed.fails("sendMessage", Fault(413, page="<html>413 Request Entity Too Large</html>"))
    with pytest.raises(Refused) as caught:
        await telegram.send(HERE, OutgoingPost(text="a cat"))
    assert caught.value.code == "post_files_refused"

"""Answers that grow as drafts, with Telegram's own Stop."""

import pytest

from adapters.platforms.telegram.adapter import Telegram
from bot.messages import Author, Button, Channel, File, OutgoingPost
from tests.adapters.platforms.telegram.conftest import PHOTO, Client, Inbox, listening, until
from tests.doubles.telegram import ANN, GROUP, TelegramBed

HOME = Channel("telegram", str(ANN))
STOP = (Button("Stop", "/stop"),)


async def test_a_draft_shows_telegrams_own_stop_and_becomes_a_post(client: Client, bed: TelegramBed) -> None:
    async with client(drafts=True) as telegram:
        draft = await telegram.send(
            HOME, OutgoingPost(text="a **ca** ", reply_to="5", key="1-0", buttons=STOP, is_partial=True)
        )
        assert (
            await telegram.edit(HOME, draft, OutgoingPost(text="a **cat** on", buttons=STOP, is_partial=True)) == draft
        )
        [(chat, number, first), (_, same, second)] = bed.drafts
        assert (chat, first, second) == (ANN, "a ca", "a cat on")
        assert number == same
        assert bed.stoppable == {number}
        post = await telegram.edit(HOME, draft, OutgoingPost(text="a **cat** on a mat"))
    [shown] = bed.posts()
    assert (str(shown.id), shown.text, shown.commands) == (post, "a cat on a mat", [])


async def test_a_press_of_stop_says_so_in_the_chat_where_the_draft_grows(
    client: Client, bed: TelegramBed, inbox: Inbox
) -> None:
    topic = Channel("telegram", f"{ANN}/77")
    async with client(drafts=True) as telegram, listening(telegram, inbox):
        for channel in (HOME, topic):
            await telegram.send(channel, OutgoingPost(text="a ca", key=str(channel), is_partial=True))
        first, second = (number for _, number, _ in bed.drafts)
        update = await bed.stops(first)
        await bed.stops(second, thread=77)
        await until(lambda: len(inbox.messages) == 2)
    assert [message.channel for message in inbox.messages] == [HOME, topic]
    message = inbox.messages[0]
    assert (message.text, message.author, message.private) == ("/stop", Author(str(ANN), "Ann"), True)
    assert (message.addressed, message.id) == (True, f"stop/{first}/{update}")


async def test_the_answer_to_a_press_of_stop_replies_to_nothing(telegram: Telegram, bed: TelegramBed) -> None:
    await telegram.send(HOME, OutgoingPost(text="There is nothing to stop.", reply_to="stop/7/8"))
    assert [post.reply_to for post in bed.posts()] == [None]


async def test_a_telegram_that_knows_no_stop_shows_drafts_without_it(client: Client, bed: TelegramBed) -> None:
    bed.knows_stop = False
    async with client(drafts=True) as telegram:
        draft = await telegram.send(HOME, OutgoingPost(text="a ca", key="1-0", is_partial=True))
        await telegram.edit(HOME, draft, OutgoingPost(text="a cat", is_partial=True))
    assert [text for _, _, text in bed.drafts] == ["a ca", "a cat"]
    assert [call.status for call in bed.called("sendMessageDraft")] == [400, 200, 200], "it is asked once"


@pytest.mark.parametrize("drafts", [False, True])
async def test_stop_is_heard_of_only_where_there_are_drafts(
    client: Client, bed: TelegramBed, inbox: Inbox, drafts: bool
) -> None:
    async with client(drafts=drafts) as telegram, listening(telegram, inbox):
        await until(lambda: bed.called("getUpdates"))
        await until(lambda: bed.allowed)
        assert ("stopped_message_generation" in bed.allowed) == drafts


async def test_an_answer_that_cannot_be_a_draft_shows_its_buttons_while_it_grows(
    client: Client, bed: TelegramBed
) -> None:
    group = Channel("telegram", str(GROUP))
    async with client(drafts=True) as telegram:
        post = await telegram.send(group, OutgoingPost(text="a ca", buttons=STOP, is_partial=True))
        assert bed.posts(GROUP)[0].commands == ["/stop"]
        await telegram.edit(group, post, OutgoingPost(text="a cat", buttons=STOP, is_partial=True))
        assert bed.posts(GROUP)[0].commands == ["/stop"]
        await telegram.edit(group, post, OutgoingPost(text="a cat on a mat"))
        assert bed.posts(GROUP)[0].commands == []


async def test_a_file_makes_it_a_post_at_once(client: Client, bed: TelegramBed) -> None:
    async with client(drafts=True) as telegram:
        await telegram.send(
            HOME, OutgoingPost(text="look", files=(File(name="a.jpg", mime="image/jpeg", data=PHOTO),), is_partial=True)
        )
    assert not bed.drafts
    assert bed.posts()[0].file

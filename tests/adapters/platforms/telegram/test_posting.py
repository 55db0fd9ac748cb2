"""What people see of the bot in a chat."""

import asyncio
import time

import pytest

from adapters.platforms.telegram.adapter import Telegram
from adapters.platforms.telegram.send_pacing import SendLimits
from bot.errors import Busy, Refused
from bot.messages import Author, Button, Channel, File, OutgoingPost
from tests.adapters.platforms.telegram.conftest import PHOTO, Client, Inbox, listening, until
from tests.doubles.telegram import ANN, BAD_GATEWAY, CUT, GROUP, LOST, Fault, TelegramBed, flood

HOME = Channel("telegram", str(ANN))
TOPIC = Channel("telegram", f"{GROUP}/77")

STOP = (Button("Stop", "/stop"),)


async def test_an_answer_is_a_reply_that_grows_by_edits(telegram: Telegram, bed: TelegramBed) -> None:
    question = await bed.says("what is this?")
    post = await telegram.send(HOME, OutgoingPost(text="a **ca", reply_to=str(question)))
    await telegram.edit(HOME, post, OutgoingPost(text="a **cat** on `x<T>`"))
    [shown] = bed.posts()
    assert (shown.text, shown.reply_to, shown.edits) == ("a cat on x<T>", question, 1)
    assert (shown.formatted("bold"), shown.formatted("code")) == (["cat"], ["x<T>"])


async def test_an_answer_stays_in_its_topic(telegram: Telegram, bed: TelegramBed) -> None:
    await telegram.send(TOPIC, OutgoingPost(text="here"))
    assert [post.text for post in bed.posts(GROUP, thread=77)] == ["here"]


async def test_an_answer_leaves_a_topic_that_was_closed(telegram: Telegram, bed: TelegramBed) -> None:
    bed.closed_topics.add((GROUP, 77))
    await telegram.send(TOPIC, OutgoingPost(text="here then"))
    [shown] = bed.posts(GROUP)
    assert (shown.text, shown.thread) == ("here then", None)


async def test_a_group_that_moved_is_followed(telegram: Telegram, bed: TelegramBed) -> None:
    bed.moved_groups[-5] = GROUP
    await telegram.send(Channel("telegram", "-5"), OutgoingPost(text="still with you"))
    await telegram.send(Channel("telegram", "-5"), OutgoingPost(text="and again"))
    assert bed.reads(GROUP) == ["still with you", "and again"]
    assert len(bed.called("sendMessage", -5)) == 1, "the new address is remembered"


async def test_buttons_say_commands_and_go_away_with_an_edit(telegram: Telegram, bed: TelegramBed) -> None:
    buttons = (
        Button("Describe", "/ask describe"),
        Button("Read text", "/ask read"),
        Button("Too long", "/" + "é" * 40),
    )
    post = await telegram.send(HOME, OutgoingPost(text="What shall I do?", buttons=buttons))
    [shown] = bed.posts()
    assert shown.commands == ["/ask describe", "/ask read"]
    await telegram.edit(HOME, post, OutgoingPost(text="Done."))
    assert bed.posts()[0].commands == []


async def test_an_edit_that_changes_nothing_is_no_error(telegram: Telegram, bed: TelegramBed) -> None:
    post = await telegram.send(HOME, OutgoingPost(text="a cat"))
    await telegram.edit(HOME, post, OutgoingPost(text="a cat"))
    assert [call.status for call in bed.called("editMessageText")] == [400]


async def test_formatting_that_telegram_refuses_is_left_out(telegram: Telegram, bed: TelegramBed) -> None:
    bed.fails("sendMessage", Fault(400, description="Bad Request: can't parse MessageEntity: ENTITY_BOUNDS_INVALID"))
    await telegram.send(HOME, OutgoingPost(text="a **cat**"))
    assert bed.reads() == ["a **cat**"]


@pytest.mark.parametrize(
    "fault", [flood(7), BAD_GATEWAY, CUT, Fault(500), LOST], ids=["flood", "502", "cut", "500", "lost"]
)
async def test_a_hiccup_is_worth_another_try(telegram: Telegram, bed: TelegramBed, fault: Fault) -> None:
    bed.fails("sendMessage", fault)
    with pytest.raises(Busy) as caught:
        await telegram.send(HOME, OutgoingPost(text="a cat"))
    assert caught.value.retry_after == fault.retry_after
    assert len(bed.called("sendMessage")) == 1, "whether to try again is for the worker to say"


@pytest.mark.parametrize(
    ("status", "description"),
    [(403, "Forbidden: bot was blocked by the user"), (400, "Bad Request: chat not found")],
)
async def test_a_chat_that_shut_us_out_is_not_tried_again(
    telegram: Telegram, bed: TelegramBed, status: int, description: str
) -> None:
    bed.fails("sendMessage", Fault(status, description=description))
    with pytest.raises(Refused) as caught:
        await telegram.send(HOME, OutgoingPost(text="a cat"))
    assert caught.value.code == "channel_lost"


async def test_a_post_that_was_deleted_cannot_be_edited(telegram: Telegram) -> None:
    with pytest.raises(Refused) as caught:
        await telegram.edit(HOME, "999", OutgoingPost(text="a cat"))
    assert caught.value.code == "telegram_post_gone"


async def test_one_chat_that_has_to_be_silent_does_not_silence_the_others(telegram: Telegram, bed: TelegramBed) -> None:
    bed.fails("sendMessage", flood(60))
    with pytest.raises(Busy):
        await telegram.send(HOME, OutgoingPost(text="first"))
    await telegram.send(Channel("telegram", "43"), OutgoingPost(text="hello"))
    with pytest.raises(Busy) as caught:
        await telegram.send(HOME, OutgoingPost(text="second"))
    assert bed.reads(43) == ["hello"]
    assert 59 < (caught.value.retry_after or 0) <= 60
    assert len(bed.called("sendMessage")) == 2, "Telegram is not even asked"


async def test_growing_text_gives_way_and_the_whole_text_waits_for_its_turn(client: Client, bed: TelegramBed) -> None:
    async with client(limits=SendLimits(private=1.5, burst=1, spare=0)) as telegram:
        begun = time.monotonic()
        post = await telegram.send(HOME, OutgoingPost(text="a", is_partial=True))
        with pytest.raises(Busy) as caught:
            await telegram.edit(HOME, post, OutgoingPost(text="a c", is_partial=True))
        assert 0 < (caught.value.retry_after or 0) <= 1.5
        await telegram.edit(HOME, post, OutgoingPost(text="a cat"))
    [edited] = bed.called("editMessageText")
    assert edited.at - begun >= 1.5
    assert bed.reads() == ["a cat"]


async def test_the_typing_sign_is_on_and_never_in_the_way(telegram: Telegram, bed: TelegramBed) -> None:
    bed.fails("sendChatAction", flood(60))
    async with telegram.typing(TOPIC):
        await until(lambda: bed.called("sendChatAction", GROUP))
    begun = time.monotonic()
    async with telegram.typing(HOME):
        pass
    assert time.monotonic() - begun < 30


async def test_two_hundred_chats_are_answered_side_by_side(telegram: Telegram, bed: TelegramBed) -> None:
    await asyncio.gather(
        *(telegram.send(Channel("telegram", str(chat)), OutgoingPost(text="hi")) for chat in range(1, 201))
    )
    assert all(bed.reads(chat) == ["hi"] for chat in range(1, 201))


async def test_a_reaction_comes_and_goes_and_a_group_without_them_is_left_alone(
    telegram: Telegram, bed: TelegramBed
) -> None:
    group = Channel("telegram", str(GROUP))
    photo = await bed.says("look", GROUP)
    await telegram.react(group, str(photo), "👀", is_on=True)
    await telegram.react(group, str(photo), "👀", is_on=False)
    assert bed.reactions[photo] == [["👀"], []]
    bed.forbids_reactions = True
    with pytest.raises(Refused):
        await telegram.react(group, str(photo), "👀", is_on=True)
    await telegram.react(group, str(photo), "👀", is_on=True)
    assert len(bed.called("setMessageReaction")) == 3, "a group that forbids them is not asked again and again"


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

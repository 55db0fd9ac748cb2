"""Calls from chats where the bot is no member: a placeholder, and an answer that takes its place."""

from contextlib import suppress
from dataclasses import replace

import pytest

from adapters.platforms.telegram.adapter import Telegram
from adapters.platforms.telegram.guests import PLACEHOLDER
from bot.errors import BotError, FailureCode, Refused
from bot.intake.access import place_of
from bot.messages import Author, Channel, File, Message, OutgoingPost
from bot.ports import Store
from bot.replies.reply import Reply
from tests.adapters.platforms.telegram.conftest import PHOTO, Client, Inbox, Menus, listening, until
from tests.doubles.telegram import ANN, BAD_GATEWAY, GRETA, GROUP, LOST, USERNAME, Fault, TelegramBed

HERE = Channel("telegram", f"{GROUP}/guest/{ANN}")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.platforms.telegram.guests.LOOK_SECONDS", 0.02)


class Taking(Inbox):
    """Takes calls in, as the bot's inbox does."""

    async def receive(self, message: Message) -> bool:  # type: ignore[override]
        await super().receive(message)
        return "secret" not in message.text


@pytest.fixture
def inbox() -> Taking:
    return Taking()


async def called(telegram: Telegram, bed: TelegramBed, inbox: Inbox, text: str = "what is it?", **more: object) -> str:
    """Ann calls the bot from a chat of hers, and it is heard; returns the query."""
    async with listening(telegram, inbox):
        before = len(bed.called("answerGuestQuery"))
        query = await bed.calls_guest(f"@{USERNAME} {text}", **more)  # type: ignore[arg-type]
        await until(lambda: bed.pending() == 0)
        await until(lambda: "secret" in text or len(bed.called("answerGuestQuery")) > before)
    return query


async def test_a_call_is_heard_for_its_caller_and_gets_a_placeholder_at_once(
    telegram: Telegram, bed: Menus, inbox: Taking
) -> None:
    query = await called(telegram, bed, inbox, photo=PHOTO)
    [message] = inbox.messages
    assert (message.channel, message.id, message.text) == (HERE, f"guest/{query}", "what is it?")
    assert (message.author.id, message.addressed, message.private, place_of(message)) == (str(ANN), True, False, None)
    assert [each.mime for each in message.own_photos] == ["image/jpeg"]
    assert [post.text for post in bed.guest_posts.values()] == [PLACEHOLDER]
    assert "guest_message" in bed.allowed


async def test_who_is_turned_away_gets_no_placeholder(telegram: Telegram, bed: Menus, inbox: Taking) -> None:
    await called(telegram, bed, inbox, "the secret")
    assert (len(inbox.messages), bed.guest_posts) == (1, {})


async def test_the_photo_replied_to_is_what_it_is_about_and_a_link_never_leads_into_a_chat_of_the_same_number(
    telegram: Telegram, bed: Menus, inbox: Taking
) -> None:
    photo = bed.message({"photo": bed.sizes(PHOTO)}, GROUP, by=GRETA)
    await called(telegram, bed, inbox, "and https://t.me/c/1/5", replied=photo)
    references = inbox.messages[0].references
    assert references[0].photos[0].ref == photo["photo"][-1]["file_id"]
    assert all(each.channel is None for each in references)


async def test_it_can_be_switched_off(client: Client, bed: Menus, inbox: Taking) -> None:
    async with client(guests=False) as telegram, listening(telegram, inbox):
        await until(lambda: bed.allowed)
        assert "guest_message" not in bed.allowed


async def test_the_answer_takes_the_place_of_the_placeholder_by_edits(
    telegram: Telegram, bed: Menus, inbox: Taking
) -> None:
    query = await called(telegram, bed, inbox)
    id = await telegram.send(HERE, OutgoingPost(text="a ▌", reply_to=f"guest/{query}", is_partial=True))
    assert await telegram.edit(HERE, id, OutgoingPost(text="a **cat**")) == id
    [post] = bed.guest_posts.values()
    assert (post.text, post.edits, post.formatted("bold")) == ("a cat", 2, ["cat"])
    assert bed.posts(GROUP) == []


async def test_a_call_whose_placeholder_failed_is_answered_by_the_first_words(
    telegram: Telegram, bed: Menus, inbox: Taking
) -> None:
    bed.fails("answerGuestQuery", BAD_GATEWAY)
    query = await called(telegram, bed, inbox)
    assert bed.guest_posts == {}
    await telegram.send(HERE, OutgoingPost(text="a cat", reply_to=f"guest/{query}"))
    assert [post.text for post in bed.guest_posts.values()] == ["a cat"]


async def test_another_process_edits_the_same_message_also_where_it_was_asked_meanwhile(
    client: Client, bed: Menus, inbox: Taking, sqlite: Store
) -> None:
    async with client(blobs=sqlite.blobs) as first, client(blobs=sqlite.blobs) as second:
        query = await called(first, bed, inbox)
        post = OutgoingPost(text="a cat", reply_to=f"guest/{query}")
        assert await second.send(HERE, post) == await first.send(HERE, post)
        assert [post.text for post in bed.guest_posts.values()] == ["a cat"]


@pytest.mark.parametrize("trouble", ["deleted", "expired", "lost"])
async def test_where_no_message_can_be_had_the_place_is_closed(
    telegram: Telegram, bed: Menus, inbox: Taking, trouble: str
) -> None:
    if trouble == "lost":  # the reply with the id, which Telegram tells once
        bed.fails("answerGuestQuery", LOST)
    elif trouble == "expired":
        bed.guest_seconds = -1
    query = await called(telegram, bed, inbox)
    if trouble == "deleted":
        bed.deletes_guest_post(f"inline-{query}")
    with pytest.raises(Refused) as refused:
        await telegram.send(HERE, OutgoingPost(text="a cat", reply_to=f"guest/{query}"))
    assert refused.value.code is FailureCode.CHANNEL_LOST


async def test_where_another_process_posts_the_placeholder_at_this_moment_its_message_is_changed(
    client: Client, bed: Menus, inbox: Taking, sqlite: Store
) -> None:
    async with client(blobs=sqlite.blobs) as telegram:
        bed.fails("answerGuestQuery", LOST)  # to the other process it was told
        query = await called(telegram, bed, inbox)
        await sqlite.blobs.put_blob(f"telegram:guest:{query}", f"inline-{query}".encode())
        await telegram.send(HERE, OutgoingPost(text="a cat", reply_to=f"guest/{query}"))
        assert [post.text for post in bed.guest_posts.values()] == ["a cat"]


async def test_nothing_but_answers_to_calls_ever_goes_there(telegram: Telegram, bed: Menus) -> None:
    with pytest.raises(Refused):
        await telegram.send(HERE, OutgoingPost(text="hello"))
    with pytest.raises(Refused):
        await telegram.send(HERE, OutgoingPost(text="hello", reply_to="12"))
    with suppress(BotError):
        await telegram.react(HERE, "12", "👀", is_on=True)
    assert bed.posts(GROUP) == []
    assert not bed.reactions


async def test_a_reply_to_an_answer_means_that_one_unless_another_says_the_same(
    telegram: Telegram, bed: Menus, inbox: Taking
) -> None:
    ids = []
    for text in ("a cat", "a rocket"):
        query = await called(telegram, bed, inbox, text)
        ids.append(await telegram.send(HERE, OutgoingPost(text=text, reply_to=f"guest/{query}")))
    await called(telegram, bed, inbox, "how old?", by=GRETA, replied=bed.as_replied(ids[0]))
    about = inbox.messages[-1].about
    assert about is not None
    assert (about.id, about.channel, about.unseen) == (ids[0], HERE, None)

    await telegram.edit(HERE, ids[1], OutgoingPost(text="a cat"))
    await called(telegram, bed, inbox, "how old?", replied=bed.as_replied(ids[0]))
    about = inbox.messages[-1].about
    assert about is not None
    assert about.unseen == "too_old"


async def test_what_does_not_fit_goes_to_whoever_called_alone(
    telegram: Telegram, bed: Menus, inbox: Taking, sqlite: Store
) -> None:
    query = await called(telegram, bed, inbox)
    await sqlite.intake.add(inbox.messages[0])
    [turn] = await sqlite.queue.claim(1)
    reply = Reply(telegram.as_platform(), sqlite.posts, turn, HERE)
    reply.text = "a word " * 1000
    await reply.show(reply.text, growing=True)
    await reply.show(reply.text, files=[File(name="a.png", mime="image/png", data=b"x")])
    [post] = bed.guest_posts.values()
    assert post.text.endswith("The whole answer is in our private chat.")
    assert len(post.text) <= 4096
    assert "".join(bed.reads(ANN)).count("word") == 1000
    assert any(each.file for each in bed.posts(ANN))
    assert query in str(turn.message.id)

    bed.fails("sendMessage", Fault(403, description="Forbidden: bot can't initiate conversation with a user"))
    await reply.show("another word " * 1000)
    assert "Start a private chat with me" in post.text


def test_a_bot_never_calls_and_a_guest_is_no_place_to_be_let_into() -> None:
    message = Message(channel=HERE, id="guest/1", author=Author("42", "Ann"), text="x", sent=0, is_guest=True)
    assert place_of(message) is None
    assert place_of(replace(message, is_guest=False)) == str(HERE)

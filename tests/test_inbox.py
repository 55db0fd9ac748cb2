"""What becomes a turn, and what does not."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.access import Access
from bot.inbox import Inbox
from bot.messages import About, Attachment, ChannelSettings, Listening, Message, Turn
from bot.ports import Store
from bot.stops import Stops
from tests.conftest import said


@pytest.fixture
def inbox(sqlite: Store) -> Inbox:
    return Inbox(sqlite, Access(sqlite), Stops())


def aside(text: str = "hi all", *, photos: int = 0, album: str | None = None) -> Message:
    """Something that is not said to the bot."""
    return replace(said(text, photos=photos), addressed=False, album=album)


async def taken_in(inbox: Inbox, *messages: Message) -> Sequence[Turn]:
    for message in messages:
        await inbox.receive(message)
    return await inbox.store.claim(10)


async def listen(inbox: Inbox, message: Message, listening: Listening) -> None:
    await inbox.store.set_channel(message.channel, ChannelSettings(listening))


async def test_what_is_said_to_the_bot_becomes_a_turn(inbox: Inbox) -> None:
    message = said(photos=1)
    [turn] = await taken_in(inbox, message)
    assert turn.message == message


@pytest.mark.parametrize("photos", [0, 1])
async def test_what_others_say_to_each_other_does_not(inbox: Inbox, photos: int) -> None:
    assert not await taken_in(inbox, aside(photos=photos))
    assert await inbox.store.waiting() == 0


@pytest.mark.parametrize(
    ("listening", "photos", "meant"),
    [("asked", 1, False), ("photos", 0, False), ("photos", 1, True), ("all", 0, True), ("all", 1, True)],
)
async def test_people_choose_what_counts_as_said_to_the_bot(
    inbox: Inbox, listening: Listening, photos: int, meant: bool
) -> None:
    message = aside(photos=photos)
    await listen(inbox, message, listening)
    assert [turn.message for turn in await taken_in(inbox, message)] == [replace(message, addressed=True)] * meant


@pytest.mark.parametrize(("listening", "meant"), [("asked", False), ("photos", False), ("all", True)])
async def test_a_stray_voice_message_is_no_photo(inbox: Inbox, listening: Listening, meant: bool) -> None:
    message = replace(aside(""), attachments=(Attachment("ref0", "voice.oga", "audio/ogg"),))
    await listen(inbox, message, listening)
    assert len(await taken_in(inbox, message)) == meant


async def test_what_people_chose_counts_in_their_channel_only(inbox: Inbox) -> None:
    await listen(inbox, said(channel="web:kitchen"), "all")
    assert not await taken_in(inbox, aside())


async def test_a_message_without_words_and_photos_is_nothing_to_answer(inbox: Inbox) -> None:
    message = aside("")
    await listen(inbox, message, "all")
    assert not await taken_in(inbox, message)


async def test_the_bot_s_bare_name_below_a_photo_is_a_question(inbox: Inbox) -> None:
    photo = said(photos=1)
    message = replace(said(""), about=About(photo.id, ours=False, text="", attachments=photo.attachments))
    assert [turn.message for turn in await taken_in(inbox, message)] == [message]


async def test_at_the_start_albums_wait_for_what_could_not_be_heard_before(inbox: Inbox) -> None:
    await inbox.store.add(replace(said(photos=1), album="a"))
    await inbox.reopen()
    assert await inbox.store.claim(10) == []


@pytest.mark.parametrize(("listening", "meant"), [("asked", False), ("photos", True), ("all", True)])
async def test_an_album_counts_as_its_photos_do(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, listening: Listening, meant: bool
) -> None:
    monkeypatch.setattr("bot.inbox.ALBUM_SECONDS", 0)
    parts = [aside("", photos=1, album="a") for _ in range(2)]
    await listen(inbox, parts[0], listening)
    [turn] = await taken_in(inbox, *parts)
    assert (len(turn.message.attachments), turn.message.addressed) == (2, meant)


async def test_new_words_do_not_make_less_of_a_message(inbox: Inbox) -> None:
    message = aside("waht is this?")
    await listen(inbox, message, "all")
    [turn] = await taken_in(inbox, message, replace(message, text="what is this?", edited=True))
    assert (turn.message.text, turn.message.addressed) == ("what is this?", True)

"""What becomes a turn, and what does not."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from bot.intake.access import BOT, CLAIM, Access
from bot.intake.inbox import PREVIEW_SECONDS, Inbox
from bot.messages import Attachment, Author, ChannelSettings, Listening, Message, MessageReference, Turn
from bot.ports import Store
from bot.turns.stops import Stops
from tests.conftest import said

BOB = Author("2", "Bob")


class StoredInbox(Inbox):
    """An inbox with the store behind it, into which tests look."""

    store: Store


def stored_inbox(store: Store, access: Access, stops: Stops, **options: Any) -> StoredInbox:
    inbox = StoredInbox(
        intake=store.intake,
        conversations=store.conversations,
        channels=store.channels,
        people=store.people,
        coordination=store.coordination,
        access=access,
        stops=stops,
        **options,
    )
    inbox.store = store
    return inbox


@pytest.fixture
def inbox(sqlite: Store) -> StoredInbox:
    return stored_inbox(sqlite, Access(sqlite.people), Stops())


def aside(text: str = "hi all", *, photos: int = 0, album: str | None = None) -> Message:
    """Something that is not said to the bot."""
    return replace(said(text, photos=photos), addressed=False, album=album)


async def taken_in(inbox: StoredInbox, *messages: Message) -> Sequence[Turn]:
    for message in messages:
        await inbox.receive(message)
    return await inbox.store.queue.claim(10)


async def listen(inbox: StoredInbox, message: Message, listening: Listening) -> None:
    await inbox.store.channels.save_channel_settings(message.channel, ChannelSettings(listening=listening))


async def test_what_is_said_to_the_bot_becomes_a_turn(inbox: StoredInbox) -> None:
    message = said(photos=1)
    [turn] = await taken_in(inbox, message)
    assert turn.message == message


@pytest.mark.parametrize("photos", [0, 1])
async def test_what_others_say_to_each_other_does_not(inbox: StoredInbox, photos: int) -> None:
    assert not await taken_in(inbox, aside(photos=photos))
    assert await inbox.store.queue.count_waiting() == 0


@pytest.mark.parametrize(
    ("listening", "photos", "meant"),
    [("asked", 1, False), ("photos", 0, False), ("photos", 1, True), ("all", 0, True), ("all", 1, True)],
)
async def test_people_choose_what_counts_as_said_to_the_bot(
    inbox: StoredInbox, listening: Listening, photos: int, meant: bool
) -> None:
    message = aside(photos=photos)
    await listen(inbox, message, listening)
    assert [turn.message for turn in await taken_in(inbox, message)] == [replace(message, addressed=True)] * meant


@pytest.mark.parametrize(("listening", "meant"), [("asked", False), ("photos", False), ("all", True)])
async def test_a_stray_voice_message_is_no_photo(inbox: StoredInbox, listening: Listening, meant: bool) -> None:
    message = replace(aside(""), attachments=(Attachment(ref="ref0", name="voice.oga", mime="audio/ogg"),))
    await listen(inbox, message, listening)
    assert len(await taken_in(inbox, message)) == meant


async def test_what_people_chose_counts_in_their_channel_only(inbox: StoredInbox) -> None:
    await listen(inbox, said(channel="web:kitchen"), "all")
    assert not await taken_in(inbox, aside())


async def test_a_message_without_words_and_photos_is_nothing_to_answer(inbox: StoredInbox) -> None:
    message = aside("")
    await listen(inbox, message, "all")
    assert not await taken_in(inbox, message)


async def test_the_bot_s_bare_name_below_a_photo_is_a_question(inbox: StoredInbox) -> None:
    photo = said(photos=1)
    message = replace(said(""), about=MessageReference(id=photo.id, ours=False, text="", attachments=photo.attachments))
    assert [turn.message for turn in await taken_in(inbox, message)] == [message]


async def test_a_bare_call_is_about_the_photo_above_and_else_one_for_help(inbox: StoredInbox) -> None:
    call = replace(said(""), is_call=True)
    assert [turn.message.text for turn in await taken_in(inbox, call)] == ["/help"]
    photo, other = replace(aside(photos=1), author=BOB), replace(said("", channel="web:kitchen"), is_call=True)
    photo = replace(photo, channel=other.channel)
    [turn] = await taken_in(inbox, photo, other)
    assert (turn.message.text, turn.message.photos) == ("", photo.attachments)


async def test_a_link_waits_for_its_picture_and_no_longer(inbox: StoredInbox) -> None:
    link = replace(said("what is on https://photos.example/cat.jpg"), awaits_preview=True)
    assert not await taken_in(inbox, link)
    shown = replace(link, attachments=said(photos=1).attachments, awaits_preview=False, edited=True)
    assert [turn.message for turn in await taken_in(inbox, shown)] == [replace(shown, edited=False)]


async def test_a_link_without_a_picture_waits_five_seconds(inbox: StoredInbox, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PREVIEW_SECONDS == 5
    monkeypatch.setattr("bot.intake.inbox.PREVIEW_SECONDS", 0.2)
    link = replace(said("what is https://a.example/"), awaits_preview=True)
    assert not await taken_in(inbox, link)
    await asyncio.sleep(0.25)
    assert [turn.message.text for turn in await inbox.store.queue.claim(10)] == [link.text]


async def test_links_that_people_show_each_other_hold_nobody_up(inbox: StoredInbox) -> None:
    link = replace(aside("look: https://photos.example/cat.jpg"), awaits_preview=True)
    assert [turn.message.text for turn in await taken_in(inbox, link, said("hello"))] == ["hello"]


async def test_new_words_are_about_the_photo_above_too(inbox: StoredInbox) -> None:
    photo, question = aside(photos=1), said("waht is this?")
    for message in (photo, question, replace(question, text="what is this?", edited=True)):
        await inbox.receive(message)
    [turn] = await inbox.store.queue.claim(10)
    assert (turn.message.text, turn.message.photos) == ("what is this?", photo.attachments)


async def test_at_the_start_albums_wait_for_what_could_not_be_heard_before(inbox: StoredInbox) -> None:
    await inbox.store.intake.add(replace(said(photos=1), album="a"))
    await inbox.reopen()
    assert await inbox.store.queue.claim(10) == []


@pytest.mark.parametrize(("listening", "meant"), [("asked", False), ("photos", True), ("all", True)])
async def test_an_album_counts_as_its_photos_do(
    inbox: StoredInbox, monkeypatch: pytest.MonkeyPatch, listening: Listening, meant: bool
) -> None:
    monkeypatch.setattr("bot.intake.inbox.ALBUM_SECONDS", 0)
    parts = [aside("", photos=1, album="a") for _ in range(2)]
    await listen(inbox, parts[0], listening)
    [turn] = await taken_in(inbox, *parts)
    assert (len(turn.message.attachments), turn.message.addressed) == (2, meant)


async def test_new_words_do_not_make_less_of_a_message(inbox: StoredInbox) -> None:
    message = aside("waht is this?")
    await listen(inbox, message, "all")
    [turn] = await taken_in(inbox, message, replace(message, text="what is this?", edited=True))
    assert (turn.message.text, turn.message.addressed) == ("what is this?", True)


# people whom nobody has let in


@pytest.fixture
def paired(store: Store) -> StoredInbox:
    return stored_inbox(store, Access(store.people, admins=frozenset({"telegram:1"}), paired=True), Stops())


def eve(text: str = "hello?", channel: str = "telegram:666", **changes: Any) -> Message:
    """What Eve, a stranger, says in private."""
    return replace(said(text, channel), **{"author": Author("666", "Eve"), "private": True, **changes})


async def waiting(inbox: StoredInbox) -> list[str]:
    """What waits to be answered, oldest first."""
    return [turn.message.text for turn in await inbox.store.queue.claim(10)]


async def test_a_stranger_s_edit_changes_nothing(paired: StoredInbox) -> None:
    message = eve()
    [turn] = await taken_in(paired, message, replace(message, text="what is on my photo?", edited=True))
    assert turn.message.text == "hello?"


async def test_a_stranger_s_edit_of_an_album_changes_nothing(
    paired: StoredInbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.intake.inbox.ALBUM_SECONDS", 0)
    parts = [eve("", album="a"), eve("", album="a")]
    [turn] = await taken_in(paired, *parts, replace(parts[1], text="what is this?", edited=True))
    assert turn.message.text == ""


@pytest.mark.parametrize("album", [None, "a"])
async def test_an_edit_by_somebody_who_was_shut_out_since_changes_nothing(
    paired: StoredInbox, monkeypatch: pytest.MonkeyPatch, album: str | None
) -> None:
    monkeypatch.setattr("bot.intake.inbox.ALBUM_SECONDS", 0)
    await paired.store.people.set_access("telegram:666", True)
    message = eve("first", album=album)
    await paired.receive(message)
    await paired.store.people.set_access("telegram:666", False)
    [turn] = await taken_in(paired, replace(message, text="second", edited=True))
    assert turn.message.text == "first"


async def test_while_a_stranger_has_a_code_nothing_more_is_taken_in(paired: StoredInbox) -> None:
    await paired.store.people.create_code("pair", "telegram:666", 3600)
    await paired.receive(eve())
    assert await waiting(paired) == []
    await paired.receive(eve(channel="telegram:-100", private=False, server="telegram:-100"))
    assert await waiting(paired) == ["hello?"], "that is about another place"


async def test_while_a_place_has_a_code_nothing_more_of_it_is_taken_in(paired: StoredInbox) -> None:
    await paired.store.people.create_code("place", "discord:900", 3600)
    for author in ("666", "667"):
        there = eve(channel="discord:5", private=False, server="discord:900", author=Author(author, "Eve"))
        await paired.receive(there)
    assert await waiting(paired) == []
    await paired.receive(eve(channel="discord:6", private=False, server="discord:901"))
    assert await waiting(paired) == ["hello?"]


async def test_an_admin_s_first_message_lets_a_place_in(paired: StoredInbox) -> None:
    bob = eve("me too", "telegram:-100", private=False, server="telegram:-100")
    ann = replace(bob, author=Author("1", "Ann"), text="look", id="9001")
    await paired.receive(ann)
    await paired.receive(bob)
    assert await paired.store.people.get_access("telegram:-100") is True


async def test_stop_that_stopped_something_is_answered_in_words(sqlite: Store) -> None:
    stops, stopped = Stops(), []
    inbox = stored_inbox(sqlite, Access(sqlite.people), stops)
    [turn] = await taken_in(inbox, said(photos=1))
    button = MessageReference(id="7", ours=True, text="", kind="button")
    before = await sqlite.queue.count_waiting()
    with stops.stoppable(turn.conversation.id, lambda: stopped.append("stopped")):
        await inbox.receive(replace(said("/stop"), about=button))
        assert await sqlite.queue.count_waiting() == before, "the answer above the button shows it"
        await inbox.receive(said("/stop"))
        assert await sqlite.queue.count_waiting() == before + 1
    assert len(stopped) == 2
    await sqlite.queue.finish(turn)
    assert await waiting(inbox) == ["/stopped"]


async def test_what_holds_nothing_to_talk_about_is_answered_once_in_a_conversation(inbox: StoredInbox) -> None:
    for _ in range(3):
        await inbox.receive(said("/unheard"))
    await inbox.receive(said("/unheard", channel="web:other"))
    assert await inbox.store.queue.count_waiting() == 2
    assert await waiting(inbox) == ["/unheard", "/unheard"]


async def test_strangers_cannot_stop_anything(paired: StoredInbox) -> None:
    [turn] = await taken_in(paired, eve("/stop", "telegram:-100", private=False, server="telegram:-100"))
    assert turn.message.text == "/stop"


async def test_a_stranger_may_try_a_few_times_to_claim_a_bot_that_nobody_runs(paired: StoredInbox) -> None:
    await paired.store.people.create_code(CLAIM, BOT, 60, length=20)
    await paired.store.people.create_code("pair", "telegram:666", 3600)
    for n in range(8):
        await paired.receive(eve(f"/claim {n}"))
    await paired.receive(eve("/claim mine", "telegram:667", author=Author("667", "Ann")))
    assert await paired.store.queue.count_waiting() == 6


async def test_nobody_may_claim_a_bot_for_which_there_is_no_code(paired: StoredInbox) -> None:
    await paired.store.people.create_code("pair", "telegram:666", 3600)
    await paired.receive(eve("/claim mine"))
    assert await paired.store.queue.count_waiting() == 0


# people who say too much at once


async def test_whoever_floods_is_told_once_that_there_is_no_room_and_others_have_room(sqlite: Store) -> None:
    inbox = stored_inbox(sqlite, Access(sqlite.people), Stops(), most_waiting=3)
    for n in range(10):
        await inbox.receive(said(channel=f"web:topic{n}", photos=1))
    await inbox.receive(replace(said(channel="web:bob"), author=Author("2", "Bob")))
    turns = await sqlite.queue.claim(20)
    assert [turn.message.text for turn in turns] == ["what is this?"] * 3 + ["/crowded", "what is this?"]
    notice = turns[3].message
    assert (str(notice.channel), notice.attachments) == ("web:topic3", ())
    assert sorted(str(turn.message.channel) for turn in turns if turn.message.author.name == "Bob") == ["web:bob"]


async def test_an_album_that_says_nothing_to_the_bot_is_left_out_without_a_word(sqlite: Store) -> None:
    inbox = stored_inbox(sqlite, Access(sqlite.people), Stops(), most_waiting=1)
    await inbox.receive(said())
    await inbox.receive(aside(photos=1, album="a"))
    assert await sqlite.queue.count_waiting() == 1


async def test_when_some_are_answered_there_is_room_again(sqlite: Store) -> None:
    inbox = stored_inbox(sqlite, Access(sqlite.people), Stops(), most_waiting=1)
    await inbox.receive(said())
    [turn] = await sqlite.queue.claim(1)
    await sqlite.queue.finish(turn)
    assert [turn.message.text for turn in await taken_in(inbox, said("and now?"))] == ["and now?"]


async def test_the_operators_own_page_has_no_such_limit(sqlite: Store) -> None:
    inbox = stored_inbox(sqlite, Access(sqlite.people), Stops(), most_waiting=1, consoles=frozenset({"web"}))
    for n in range(3):
        await inbox.receive(said(channel=f"web:topic{n}"))
    assert [turn.message.text for turn in await sqlite.queue.claim(9)] == ["what is this?"] * 3

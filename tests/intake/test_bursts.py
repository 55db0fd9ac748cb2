"""What is said in one go is one turn, and what is not stays apart."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from bot.intake.access import Access
from bot.messages import Attachment, Author, Message, MessageReference
from bot.ports import Store
from bot.turns.stops import Stops
from tests.conftest import said
from tests.intake.test_inbox import StoredInbox, stored_inbox

ROCKET = (Attachment(ref="rocket", name="rocket.jpg"),)
CUT = "a" * 4096


@pytest.fixture
def inbox(store: Store) -> StoredInbox:
    return stored_inbox(store, Access(store.people), Stops())


def words(text: str, **changes: Any) -> Message:
    values = {"awaits": 60.0 if len(text) > 4000 else 0.5, "is_cut": len(text) == 4096, **changes}
    return replace(said(text), **values)


def forward(text: str = "", **changes: Any) -> Message:
    values = {"attachments": ROCKET, "forwarded": True, "origin": "Tom", "awaits": 0.5, **changes}
    return replace(said(text), **values)


async def turns_of(inbox: StoredInbox, *messages: Message) -> Sequence[Message]:
    """The turns that these messages become, one after the other."""
    for message in messages:
        await inbox.receive(message)
    found = []
    await inbox.store.db.run("UPDATE turns SET due = 0")  # type: ignore[attr-defined]
    while claimed := await inbox.store.queue.claim(1):
        found += [turn.message for turn in claimed]
        await inbox.store.queue.finish(claimed[0])
    return found


@pytest.mark.parametrize("order", [1, -1])
async def test_a_comment_and_its_forward_are_one_question(inbox: StoredInbox, order: int) -> None:
    [message] = await turns_of(inbox, *[words("what animal is this?"), forward()][::order])
    assert (message.text, message.attachments, message.origin) == ("what animal is this?", ROCKET, "Tom")


async def test_in_a_group_one_of_them_has_to_mention_the_bot(inbox: StoredInbox) -> None:
    [message] = await turns_of(inbox, words("what is this?"), forward(addressed=False))
    assert (message.addressed, message.attachments) == (True, ROCKET)
    assert not await turns_of(inbox, words("what is this?", addressed=False), forward(addressed=False))


async def test_words_that_were_forwarded_are_those_of_somebody_else(inbox: StoredInbox) -> None:
    [message] = await turns_of(inbox, words("is that true?"), forward("rockets are loud", attachments=()))
    assert message.text == "is that true?"
    assert [(each.kind, each.text, each.author) for each in message.references] == [
        ("forward", "rockets are loud", "Tom")
    ]


async def test_photos_and_the_question_after_them_are_one_turn(inbox: StoredInbox) -> None:
    photo = replace(said("", photos=1), awaits=1.5)
    [message] = await turns_of(inbox, photo, words("how old is it?"))
    assert (message.text, len(message.attachments)) == ("how old is it?", 1)


async def test_a_question_need_not_mention_the_bot_again_below_a_photo_that_does(inbox: StoredInbox) -> None:
    photo = replace(said("", photos=1), awaits=1.5)
    [message] = await turns_of(inbox, photo, words("how old is it?", addressed=False))
    assert (message.text, len(message.attachments)) == ("how old is it?", 1)


async def test_the_thread_in_which_something_is_said_does_not_keep_it_apart(inbox: StoredInbox) -> None:
    starter = MessageReference(id="9", ours=False, text="my rocket", kind="starter")
    photo = replace(said("", photos=1), awaits=1.5, about=starter)
    [message] = await turns_of(inbox, photo, words("how old is it?", about=starter))
    assert (message.text, len(message.attachments)) == ("how old is it?", 1)


async def test_a_long_text_that_was_cut_is_whole_again(inbox: StoredInbox) -> None:
    [message] = await turns_of(inbox, words(CUT), words(CUT, addressed=False), words("end", addressed=False))
    assert message.text == f"{CUT}{CUT}end"


async def test_a_text_that_was_cut_at_a_blank_goes_on_in_a_new_line(inbox: StoredInbox) -> None:
    [message] = await turns_of(inbox, words("a" * 4050), words("end"))
    assert message.text.endswith("a\nend")


@pytest.mark.parametrize(
    "second",
    [
        words("and the weather?"),
        words("/new"),
        replace(said("", photos=1), awaits=1.5),
        words("what?", about=MessageReference(id="9", ours=False, text="a reply")),
        forward(author=Author("2", "Bob")),
        forward(awaits=0.0),
    ],
)
async def test_two_things_said_quickly_stay_two(inbox: StoredInbox, second: Message) -> None:
    assert len(await turns_of(inbox, words("what is the time?"), second)) == 2


async def test_what_comes_after_the_first_was_taken_up_is_a_turn_of_its_own(inbox: StoredInbox) -> None:
    assert len(await turns_of(inbox, words("what is this?"))) == 1
    assert len(await turns_of(inbox, forward())) == 1


async def test_the_same_message_again_changes_nothing(inbox: StoredInbox) -> None:
    comment, photo = words("what is this?"), forward()
    [message] = await turns_of(inbox, comment, photo, photo, comment)
    assert len(message.attachments) == 1


async def test_a_part_that_is_deleted_in_time_is_left_out(inbox: StoredInbox) -> None:
    comment, photo = words("what is this?"), forward()
    await inbox.receive(comment)
    await inbox.receive(photo)
    await inbox.store.intake.cancel_queued(photo.channel, photo.id)
    [message] = await turns_of(inbox)
    assert message.attachments == ()

"""Messages belong to a turn that waits, to a question that they edit, or to the photo just above them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from bot.files.photos import PhotoIntake
from bot.intake.access import Access
from bot.intake.joining import LONG, find_photo_above, may_mean_photo_above
from bot.messages import POINTER_SECONDS, Attachment, Author, Channel, Message, MessageReference, PhotoPointer
from bot.ports import Store
from bot.turns.stops import Stops
from tests.asking.test_subject import Chat, aside, in_chat, platform, with_photo
from tests.conftest import said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.work import drain
from tests.intake.test_inbox import StoredInbox, stored_inbox

ROCKET = (Attachment(ref="rocket", name="rocket.jpg"),)
CUT = "a" * 4096

__all__ = ["platform"]  # the fixture with a cat and a rocket

HERE, THERE = Channel.parse("telegram:-1"), Channel.parse("discord:2")
ANN, BOB, CARL = Author("1", "Ann"), Author("2", "Bob"), Author("3", "Carl")
NOW = 10_000.0
SHORT = LONG - 0.01  # seconds: the longest wait of what the client has not cut, for a busy machine


@pytest.fixture
def inbox(store: Store) -> StoredInbox:
    return stored_inbox(store, Access(store.people), Stops())


def words(text: str, **changes: Any) -> Message:
    values = {"awaits": 60.0 if len(text) > 4000 else SHORT, "is_cut": len(text) == 4096, **changes}
    return replace(said(text), **values)


def forward(text: str = "", **changes: Any) -> Message:
    values = {"attachments": ROCKET, "forwarded": True, "origin": "Tom", "awaits": SHORT, **changes}
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


async def test_a_comment_and_several_forwards_are_one_question(inbox: StoredInbox) -> None:
    [message] = await turns_of(inbox, words("what are these?"), forward("two"), forward(), forward("three"))
    assert (message.text, len(message.attachments)) == ("what are these?", 3)
    spoken = [forward(text, attachments=()) for text in ("rockets are loud", "cats are not")]
    [message] = await turns_of(inbox, words("is that true?"), *spoken)
    assert [each.text for each in message.references] == ["rockets are loud", "cats are not"]


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


@pytest.fixture
def chat(sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake) -> Chat:
    return in_chat(sqlite, platform, provider, photos)


def edited(message: Message, text: str, **changes: Any) -> Message:
    return replace(message, text=text, edited=True, **changes)


def posts(chat: Chat) -> list[str]:
    return chat.platform.reads()


async def test_an_edit_that_calls_the_bot_is_heard_once(chat: Chat) -> None:
    photo = aside("rocket")
    called = edited(photo, "what is this?", addressed=True)
    await chat.says(photo, called, called, edited(called, "what is that?"))
    assert [prompt.text for prompt in chat.provider.prompts] == ["what is this?"]
    assert chat.shown() == ["rocket.jpg"]


async def test_an_album_may_be_called_about_by_an_edit(chat: Chat) -> None:
    parts = [with_photo(said(""), name, album="x", addressed=False) for name in ("rocket", "cat")]
    for part in parts:
        await chat.inbox.receive(part)
    await chat.inbox.store.db.run("UPDATE turns SET due = 0 WHERE finished IS NULL")  # type: ignore[attr-defined]
    called = edited(parts[0], "compare them", addressed=True)
    await chat.says(edited(parts[1], "hm"), called, called)
    assert [prompt.text for prompt in chat.provider.prompts] == ["compare them"]
    assert chat.shown() == ["rocket.jpg", "cat.jpg"]


async def test_an_old_message_is_not_heard_because_it_is_edited(chat: Chat) -> None:
    old = with_photo(said(""), "rocket")
    await chat.says(edited(replace(old, sent=old.sent - 4000), "what is this?", addressed=True))
    await chat.says(edited(replace(old, private=True), "what is this?"))  # it was heard, and is forgotten by now
    assert chat.provider.prompts == []


async def test_an_edit_after_the_answer_is_offered_to_be_asked_again(chat: Chat) -> None:
    question = with_photo(said("what is this?"), "rocket")
    await chat.says(question, edited(question, "what colour is this?"), edited(question, "how big is this?"))
    assert posts(chat) == ["a cat", "You changed this message after I had begun to answer it."]
    [_, notice] = chat.platform.buttons
    assert chat.platform.buttons[notice] == ["/retry 1"]
    await chat.says(said("/retry 1"))
    assert chat.provider.prompts[-1].text == "how big is this?"
    assert len(chat.provider.prompts) == 2


async def test_an_edit_that_changes_nothing_is_not_mentioned(chat: Chat) -> None:
    question = said("what is this? https://example.org")
    preview = (Attachment(ref="cat", name="preview.jpg"),)
    await chat.says(question, edited(question, question.text), edited(question, question.text, attachments=preview))
    assert posts(chat) == ["a cat"]


async def test_a_photo_that_takes_the_place_of_an_answered_one_is_meant_next_and_the_answer_says_so(chat: Chat) -> None:
    question = with_photo(said("what is this?"), "cat")
    await chat.says(
        question, edited(question, question.text, attachments=(Attachment(ref="rocket", name="rocket.jpg"),))
    )
    await chat.says(said("what colour is it?"))
    assert chat.shown() == ["rocket.jpg"]
    assert chat.last_post().startswith("_This is about the photo that took the place of the earlier one._")


async def test_a_reply_to_the_answer_about_a_replaced_photo_is_about_that_one(chat: Chat) -> None:
    question = with_photo(said("what is this?"), "rocket")
    cat = Attachment(ref="cat", name="cat.jpg")
    await chat.says(question, edited(question, question.text, attachments=(cat,)))
    answer = MessageReference(id=next(iter(chat.platform.replied_to)), ours=True, text="a rocket")
    await chat.says(replace(said("how big is it?"), about=answer))
    assert chat.shown() == ["rocket.jpg"]
    await chat.says(said("/retry 1"), replace(said("how old is it?"), about=answer))
    assert chat.shown() == ["cat.jpg"]


async def test_a_photo_that_is_replaced_before_anybody_asks_is_the_photo_above(chat: Chat) -> None:
    photo = aside("cat")
    await chat.says(
        photo, edited(photo, "", attachments=(Attachment(ref="rocket", name="rocket.jpg"),)), said("what is this?")
    )
    assert chat.shown() == ["rocket.jpg"]


async def test_a_command_about_a_photo_is_a_question_as_others_are(chat: Chat) -> None:
    await chat.says(aside("rocket"), with_photo(said("/describe"), "cat"), said("and its colour?"))
    assert "rocket.jpg" not in chat.shown()


async def test_another_command_in_between_is_no_question(chat: Chat) -> None:
    await chat.says(with_photo(said("what is this?"), "cat"), aside("rocket"), said("/new"), said("and this?"))
    assert chat.shown() == ["rocket.jpg"]


async def test_an_edit_that_calls_the_bot_is_about_the_photo_above_it_and_not_about_a_later_one(chat: Chat) -> None:
    question = said("what is this?", id="500")
    rocket, cat = replace(aside("rocket"), id="499"), replace(aside("cat"), id="1001")
    await chat.says(rocket, replace(question, addressed=False), cat, edited(question, "what is this?", addressed=True))
    assert chat.shown() == ["rocket.jpg"]


async def test_other_words_below_an_older_photo_make_it_no_newer(chat: Chat) -> None:
    cat = aside("cat")
    await chat.says(cat, aside("rocket", CARL), edited(cat, "a typo"), said("what is this?"))
    assert chat.shown() == ["rocket.jpg"]


async def test_a_photo_that_is_taken_out_of_its_message_is_not_the_photo_above(chat: Chat) -> None:
    photo = replace(aside("rocket"), text="look")
    await chat.says(photo, edited(photo, "look", attachments=()), said("what is this?"))
    assert chat.shown() == []


async def test_a_stranger_s_edit_is_not_heard(chat: Chat) -> None:
    chat.inbox._access = type(chat.inbox._access)(chat.inbox.store.people, paired=True)
    photo = aside("rocket", Author("9", "Mallory"))
    await chat.says(photo, edited(photo, "what is this?", addressed=True))
    assert chat.provider.prompts == []


async def test_an_edit_that_asks_again_is_answered_at_once_each_time_it_is_made(chat: Chat) -> None:
    question = with_photo(said("what is this?"), "rocket")
    edits = [edited(question, text, asks_again=n) for n, text in enumerate(("what colour?", "how big?"), start=1)]
    await chat.says(question, edits[0], edits[0], edits[1])
    assert [prompt.text for prompt in chat.provider.prompts] == ["what is this?", "what colour?", "how big?"]
    assert len(posts(chat)) == 1


# pictures of links that come later than the question waits for them

LINK = "https://photos.example/rocket.jpg"
ROCKET_FILE = Attachment(ref="rocket", name="rocket.jpg")


async def asks_in_vain(chat: Chat, text: str) -> Message:
    """A question about a link is asked without its picture, because that does not come."""
    question = replace(said(text), awaits_preview=True)
    await chat.says(question)
    await chat.inbox.store.db.run("UPDATE turns SET due = 0 WHERE finished IS NULL")  # type: ignore[attr-defined]
    await drain(chat.worker)
    return replace(question, awaits_preview=False)


async def test_a_picture_that_comes_late_is_asked_about_once_and_the_answer_says_so(chat: Chat) -> None:
    link = await asks_in_vain(chat, f"what is on {LINK}")
    shown = edited(link, link.text, attachments=(ROCKET_FILE,))
    await chat.says(shown, shown, edited(shown, shown.text, attachments=(ROCKET_FILE, ROCKET_FILE)))
    assert len(chat.provider.prompts) == 2
    assert chat.shown() == ["rocket.jpg"]
    assert chat.last_post().startswith("_Now I see the picture of your link; this is about it._")
    assert len(posts(chat)) == 2


async def test_the_picture_beside_an_article_and_one_of_another_day_are_no_reason_to_ask_again(chat: Chat) -> None:
    link = await asks_in_vain(chat, f"what is on {LINK}")
    await chat.says(edited(link, link.text, attachments=(replace(ROCKET_FILE, is_preview=True),)))
    await chat.says(edited(link, link.text, attachments=(ROCKET_FILE,), sent=link.sent - 700))
    assert len(chat.provider.prompts) == 1


async def test_a_command_about_a_link_without_a_picture_waits_for_it_and_nothing_is_paid_before(chat: Chat) -> None:
    await chat.says(with_photo(said("look"), "cat"))
    link = await asks_in_vain(chat, f"/describe {LINK}")
    assert len(chat.provider.prompts) == 1
    assert "Your message: it shows no photo." in chat.last_post()
    await chat.says(edited(link, link.text, attachments=(ROCKET_FILE,)))
    assert chat.shown() == ["rocket.jpg"]
    assert len(chat.provider.prompts) == 2


def posted(
    name: str, by: Author = ANN, ago: float = 60, *, channel: Channel = HERE, heard: bool = False, album: str = ""
) -> PhotoPointer:
    """A photo that was posted so many seconds ago."""
    attachments = (Attachment(ref=name, name=f"{name}.jpg"),) if name else ()
    at = NOW - ago
    return PhotoPointer(
        channel=channel,
        message=f"{at:08.1f}{name}",
        author=by,
        sent=at,
        kept=at,
        attachments=attachments,
        album=album or None,
        heard=heard,
    )


def question(text: str = "what is this?", by: Author = ANN) -> Message:
    return replace(said(text, str(HERE)), author=by, sent=NOW)


def above(*recent: PhotoPointer, by: Author = ANN) -> str:
    """The photos that a question by this person is about, and a mark where another one may be meant."""
    found = find_photo_above(question(by=by), recent)
    if found is None:
        return ""
    return "+".join(each.ref for each in found.attachments) + "?" * found.is_ambiguous


def test_it_is_the_last_one_of_whoever_asks() -> None:
    assert above(posted("cat", ago=90), posted("rocket", ago=30)) == "rocket"


def test_one_of_somebody_else_counts_where_the_author_has_posted_none() -> None:
    assert above(posted("rocket", BOB)) == "rocket"


def test_of_two_people_s_photos_that_of_whoever_asks_comes_first_and_the_answer_says_so() -> None:
    assert above(posted("rocket", ANN, 90), posted("cat", BOB, 30)) == "rocket?"
    assert above(posted("cat", BOB, 90), posted("rocket", CARL, 30)) == "rocket?"


def test_after_ten_minutes_it_is_no_longer_the_one_above() -> None:
    assert above(posted("rocket", ago=POINTER_SECONDS)) == "rocket"
    assert above(posted("rocket", ago=POINTER_SECONDS + 1)) == ""


def test_what_the_author_has_asked_since_is_nearer() -> None:
    assert above(posted("rocket", ago=90), posted("", ago=30, heard=True)) == ""
    assert above(posted("rocket", ago=90), posted("", BOB, ago=30, heard=True)) == "rocket"


def test_a_photo_that_the_conversation_talked_about_is_nearer_than_an_older_one_of_somebody_else() -> None:
    assert above(posted("rocket", BOB, 90), posted("cat", CARL, 30, heard=True)) == ""
    assert above(posted("rocket", ANN, 90), posted("cat", CARL, 30, heard=True)).startswith("rocket")


def test_photos_that_were_posted_together_are_meant_together() -> None:
    assert above(posted("a", ago=61, album="x"), posted("b", ago=60, album="x")) == "a+b"
    assert above(posted("a", ago=61), posted("b", ago=60)) == "a+b"
    assert above(posted("a", ago=64), posted("b", ago=60)) == "b"
    assert above(posted("a", BOB, 61), posted("b", CARL, 60)) == "b?"


def test_photos_of_linked_channels_come_last() -> None:
    assert above(posted("rocket", BOB, channel=THERE)) == "rocket"
    assert above(posted("cat", BOB, 90), posted("rocket", BOB, 30, channel=THERE)) == "cat"


@pytest.mark.parametrize("text", ["what is this?", "/describe", "/edit darker", "/ask who is it?", ""])
def test_a_question_that_points_at_nothing_may_mean_it(text: str) -> None:
    assert may_mean_photo_above(question(text))


@pytest.mark.parametrize("text", ["/model", "/imagine a cat", "what is in photo 2?", "/new"])
def test_commands_and_questions_about_a_number_do_not(text: str) -> None:
    assert not may_mean_photo_above(question(text))


def test_neither_does_what_brings_a_photo_or_points_at_a_message() -> None:
    assert not may_mean_photo_above(said(photos=1))
    about = MessageReference(id="1", ours=False, text="hello")
    assert not may_mean_photo_above(replace(question(), about=about))

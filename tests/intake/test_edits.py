"""Edits: one that calls the bot is heard once, and one that comes after the answer is offered to be asked again."""

from dataclasses import replace
from typing import Any

import pytest

from bot.files.photos import PhotoIntake
from bot.messages import Attachment, Author, Message
from bot.ports import Store
from tests.asking.test_subject import Chat, aside, in_chat, platform, with_photo
from tests.conftest import said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.work import drain

__all__ = ["platform"]  # the fixture with a cat and a rocket


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


async def test_a_photo_that_is_replaced_before_anybody_asks_is_the_photo_above(chat: Chat) -> None:
    photo = aside("cat")
    await chat.says(
        photo, edited(photo, "", attachments=(Attachment(ref="rocket", name="rocket.jpg"),)), said("what is this?")
    )
    assert chat.shown() == ["rocket.jpg"]


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
ROCKET = Attachment(ref="rocket", name="rocket.jpg")


async def asks_in_vain(chat: Chat, text: str) -> Message:
    """A question about a link is asked without its picture, because that does not come."""
    question = replace(said(text), awaits_preview=True)
    await chat.says(question)
    await chat.inbox.store.db.run("UPDATE turns SET due = 0 WHERE finished IS NULL")  # type: ignore[attr-defined]
    await drain(chat.worker)
    return replace(question, awaits_preview=False)


async def test_a_picture_that_comes_late_is_asked_about_once_and_the_answer_says_so(chat: Chat) -> None:
    link = await asks_in_vain(chat, f"what is on {LINK}")
    shown = edited(link, link.text, attachments=(ROCKET,))
    await chat.says(shown, shown, edited(shown, shown.text, attachments=(ROCKET, ROCKET)))
    assert len(chat.provider.prompts) == 2
    assert chat.shown() == ["rocket.jpg"]
    assert chat.last_post().startswith("_Now I see the picture of your link; this is about it._")
    assert len(posts(chat)) == 2


async def test_the_picture_beside_an_article_and_one_of_another_day_are_no_reason_to_ask_again(chat: Chat) -> None:
    link = await asks_in_vain(chat, f"what is on {LINK}")
    await chat.says(edited(link, link.text, attachments=(replace(ROCKET, is_preview=True),)))
    await chat.says(edited(link, link.text, attachments=(ROCKET,), sent=link.sent - 700))
    assert len(chat.provider.prompts) == 1


async def test_a_command_about_a_link_without_a_picture_waits_for_it_and_nothing_is_paid_before(chat: Chat) -> None:
    await chat.says(with_photo(said("look"), "cat"))
    link = await asks_in_vain(chat, f"/describe {LINK}")
    assert len(chat.provider.prompts) == 1
    assert "Your message: it shows no photo." in chat.last_post()
    await chat.says(edited(link, link.text, attachments=(ROCKET,)))
    assert chat.shown() == ["rocket.jpg"]
    assert len(chat.provider.prompts) == 2

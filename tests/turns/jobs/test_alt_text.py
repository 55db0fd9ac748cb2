"""Alt text for pictures that people show each other."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.files.photos import PhotoIntake
from bot.intake import inbox
from bot.messages import Attachment, Author, Channel, ChannelSettings, Message, MessageReference
from bot.ports import Store
from tests.asking.test_subject import BOB, Chat, aside, in_chat, platform, with_photo
from tests.conftest import MODEL, said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.store.talk import table

__all__ = ["platform"]  # the fixture with a cat and a rocket

HERE = Channel.parse("web:lobby")


@pytest.fixture
async def chat(sqlite: Store, platform: FakePlatform, photos: PhotoIntake) -> Chat:
    await sqlite.channels.save_channel_settings(HERE, ChannelSettings(alttext=True))
    return in_chat(sqlite, platform, FakeProvider(), photos)


def about_last(chat: Chat, text: str) -> Message:
    post = list(chat.platform.replied_to)[-1]
    return replace(said(text), author=BOB, about=MessageReference(id=post, ours=True, text=""))


def pictures(*names: str, alt: str = "", by: Author = BOB) -> Message:
    attachments = tuple(Attachment(ref=name, name=f"{name}.jpg", alt=alt) for name in names)
    return replace(aside("cat", by), attachments=attachments)


def reads(chat: Chat) -> Sequence[str]:
    return chat.platform.reads()


async def test_a_picture_that_has_none_gets_a_quiet_line_that_is_booked(chat: Chat) -> None:
    chat.provider.script = [["A rocket\n\nat dusk"]]
    await chat.says(pictures("rocket"))
    assert reads(chat) == [f"ALT (by {MODEL}): A rocket at dusk"]
    assert chat.shown() == ["rocket.jpg"]
    assert chat.text().startswith("Write alt text for a screen reader")
    assert set(chat.platform.quiet.values()) == {True}
    [turn] = await table(chat.inbox.store, "turns")
    assert turn["error"] is None
    [booked] = await table(chat.inbox.store, "spending")
    assert booked["author"].endswith(":2")


async def test_several_pictures_share_one_line_and_people_s_own_alt_text_wins(chat: Chat) -> None:
    described = Attachment(ref="ref0", name="described.jpg", alt="my garden")
    some = pictures("rocket", "cat")
    await chat.says(replace(some, attachments=(*some.attachments, described)), pictures("cat", alt="my cat"))
    assert chat.shown() == ["rocket.jpg", "cat.jpg"]
    assert len(reads(chat)) == 1


async def test_it_is_no_part_of_the_conversation(chat: Chat) -> None:
    await chat.says(pictures("cat", by=Author("1", "Ann")), said("hello"), pictures("rocket"), said("what is this?"))
    assert chat.shown() == ["rocket.jpg"], "the photo above is still the photo above"
    turn = await chat.inbox.store.turns.get_turn(4)
    assert turn is not None
    assert [exchange.question for exchange in await chat.inbox.store.turns.list_history(turn, 9)] == ["hello"]


async def test_it_is_off_unless_people_choose_it_and_nobody_s_pictures_in_private(chat: Chat) -> None:
    await chat.says(
        replace(pictures("cat"), channel=Channel.parse("web:kitchen")), replace(pictures("cat"), private=True)
    )
    assert reads(chat) == []


async def test_anybody_can_opt_out_and_in_again(chat: Chat) -> None:
    await chat.says(
        replace(said("/alttext never"), author=BOB), pictures("cat"), pictures("rocket", by=Author("3", "Carl"))
    )
    assert len(chat.provider.prompts) == 1
    await chat.says(replace(said("/alttext on"), author=BOB), pictures("cat"))
    assert len(chat.provider.prompts) == 2


async def test_anybody_can_put_it_right(chat: Chat) -> None:
    await chat.says(pictures("rocket"))
    await chat.says(about_last(chat, "/alttext A Falcon 9\nbefore its launch"))
    assert reads(chat) == ["ALT (by Bob): A Falcon 9 before its launch"]
    await chat.says(said("/alttext no reply"))
    assert reads(chat)[-1].startswith("Reply to alt text with /alttext")


async def test_so_many_a_minute_and_no_more(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "ALT_TEXTS", 2)
    await chat.says(*[pictures("cat") for _ in range(4)])
    assert len(chat.provider.prompts) == 2


async def test_what_is_behind_a_spoiler_is_described_behind_one(chat: Chat) -> None:
    photo = pictures("cat")
    await chat.says(replace(photo, attachments=(replace(photo.attachments[0], is_spoiler=True),)))
    assert set(chat.platform.hidden.values()) == {True}


async def test_a_failure_is_told_to_nobody(chat: Chat) -> None:
    await chat.says(pictures("gone"))
    assert reads(chat) == []


async def test_words_beside_a_picture_are_not_kept(chat: Chat) -> None:
    await chat.says(with_photo(said("a secret"), "rocket", addressed=False))
    assert all("a secret" not in str(row) for row in await table(chat.inbox.store, "turns"))

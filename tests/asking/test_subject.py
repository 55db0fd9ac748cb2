"""What a question is about: each test has an older cat in the conversation, and means the rocket or nothing."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

import pytest

from bot.asking.subject import SubjectFinder
from bot.configuration import read_settings
from bot.files.photos import PhotoIntake
from bot.intake.access import Access
from bot.messages import (
    POINTER_SECONDS,
    Attachment,
    Author,
    Channel,
    ChannelSettings,
    Message,
    MessageReference,
    ReferenceKind,
    Unseen,
)
from bot.operations.expiry import Expiry
from bot.ports import Store
from bot.store import open_store
from bot.turns.stops import Stops
from tests.conftest import CAT, MODEL, PHOTOS, OpenStore, said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.work import Worker, drain, linked, make_worker, pressed
from tests.intake.test_inbox import StoredInbox, stored_inbox
from tests.store.talk import table

ROCKET = (PHOTOS / "astronaut.webp").read_bytes()
BOB = Author("2", "Bob")
LOBBY, KITCHEN = Channel.parse("web:lobby"), Channel.parse("web:kitchen")


@pytest.fixture
def platform() -> FakePlatform:
    platform = FakePlatform()
    platform.files |= {"cat": CAT, "rocket": ROCKET, "ref0": CAT}
    return platform


@pytest.fixture(params=[True, False], ids=["remembers", "forgets"])
def provider(request: pytest.FixtureRequest) -> FakeProvider:
    return FakeProvider(keeps_history=request.param)


class Chat:
    """People in a channel with the bot."""

    def __init__(self, worker: Worker, inbox: StoredInbox, platform: FakePlatform, provider: FakeProvider) -> None:
        self.worker, self.inbox, self.platform, self.provider = worker, inbox, platform, provider

    async def says(self, *messages: Message) -> None:
        for message in messages:
            await self.inbox.receive(message)
            await drain(self.worker)

    def shown(self) -> Sequence[str]:
        """The photos that the provider got with the last question."""
        return [photo.name for photo in self.provider.prompts[-1].photos]

    def text(self) -> str:
        return self.provider.prompts[-1].text

    def last_post(self) -> str:
        """What the bot said last."""
        return self.platform.reads()[-1]


def in_chat(store: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake) -> Chat:
    worker = make_worker(store, platform, provider, photos)
    return Chat(worker, stored_inbox(store, Access(store.people), Stops()), platform, provider)


@pytest.fixture
async def chat(sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake) -> Chat:
    """A chat in which a cat was talked about."""
    chat = in_chat(sqlite, platform, provider, photos)
    await chat.says(with_photo(said("what is this?"), "cat"))
    return chat


def with_photo(message: Message, name: str, **changes: Any) -> Message:
    return replace(message, attachments=(Attachment(ref=name, name=f"{name}.jpg"),), **changes)


def aside(name: str, by: Author = BOB) -> Message:
    """A photo that is posted and not said to the bot."""
    return with_photo(said(""), name, addressed=False, author=by)


def about(question: str = "what is this?", /, **reference: Any) -> Message:
    values: dict[str, Any] = {"id": "900", "ours": False, "text": ""} | reference
    return replace(said(question), about=MessageReference(**values))


async def test_a_photo_just_above_is_meant(chat: Chat) -> None:
    await chat.says(aside("rocket"), said("and what is this?"))
    assert chat.shown() == ["rocket.jpg"]


async def test_the_next_question_goes_on_about_it(chat: Chat) -> None:
    await chat.says(aside("rocket"), said("what is this?"), said("and its colour?"))
    assert all(photo.name == "rocket.jpg" for photo in chat.provider.prompts[-1].photos)


async def test_where_two_people_posted_photos_the_answer_begins_with_whose_it_is_about(chat: Chat) -> None:
    await chat.says(aside("cat", Author("3", "Carl")), aside("rocket"), said("what is this?"))
    assert chat.shown() == ["rocket.jpg"]
    assert chat.last_post().startswith("_This is about the last photo from Bob.")


async def test_nothing_of_it_is_fetched_before_somebody_asks(chat: Chat) -> None:
    await chat.says(aside("rocket"))
    assert "rocket" not in chat.platform.fetched


async def test_what_was_forgotten_is_not_the_photo_above(chat: Chat) -> None:
    await chat.says(aside("rocket"), said("/forget yes"), said("what is this?"))
    assert chat.shown() == []


async def test_after_ten_minutes_it_is_the_photo_that_the_conversation_showed_last(chat: Chat) -> None:
    photo = aside("rocket")
    await chat.says(photo, replace(said("what is this?"), sent=photo.sent + 601))
    assert "rocket.jpg" not in chat.shown()


@pytest.mark.parametrize(("seconds", "shown"), [(POINTER_SECONDS - 1, ["rocket.jpg"]), (POINTER_SECONDS + 1, [])])
async def test_ten_minutes_later_by_the_bot_s_clock_the_pointer_is_gone(
    store: Store,
    platform: FakePlatform,
    photos: PhotoIntake,
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    shown: list[str],
) -> None:
    chat = in_chat(store, platform, FakeProvider(), photos)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    await chat.says(with_photo(said("what is this?"), "cat"), aside("rocket"))
    monkeypatch.setattr(time, "time", lambda: now + seconds)
    await Expiry(store.deletion, [], photos, read_settings(_env_file=None)).delete_pointers()
    assert len(await table(store, "pointers")) == len(shown)
    await chat.says(said("and what is this?"))
    assert chat.shown() == shown


async def test_a_deleted_photo_is_not_the_photo_above(chat: Chat) -> None:
    photo = aside("rocket")
    await chat.says(photo)
    await chat.inbox.store.intake.cancel_queued(photo.channel, photo.id)
    await chat.says(said("what is this?"))
    assert "rocket.jpg" not in chat.shown()


@pytest.mark.parametrize(
    ("kind", "unseen"),
    [
        *(("reply", unseen) for unseen in get_args(Unseen)),
        *((kind, "deleted") for kind in get_args(ReferenceKind) if kind != "reply"),
    ],
)
async def test_what_cannot_be_seen_is_named_and_nothing_stands_in(chat: Chat, kind: str, unseen: str) -> None:
    await chat.says(about(kind=kind, unseen=unseen))
    assert len(chat.provider.prompts) == 1
    assert "didn't ask the model" in chat.last_post()


async def test_a_reply_to_words_brings_the_words_and_no_photo(chat: Chat) -> None:
    await chat.says(about("is that true?", text="rockets are loud"))
    assert chat.shown() == []
    assert "rockets are loud" in chat.text()


async def test_the_words_that_somebody_marked_are_told_as_such(chat: Chat) -> None:
    [post] = chat.platform.replied_to
    await chat.says(about("explain", id=post, ours=True, text="a cat", is_part=True))
    assert "(This is about these words: a cat)" in chat.text()


async def test_a_reply_to_an_older_answer_brings_its_words_and_one_to_the_last_does_not(chat: Chat) -> None:
    await chat.says(said("a haiku, please"))
    _, haiku = chat.platform.replied_to
    await chat.says(about("and this?", id=haiku, ours=True, text="a haiku"))
    assert "earlier answer" not in chat.text()
    await chat.says(about("in French", id=haiku, ours=True, text="a haiku"))
    assert "(This is about your earlier answer: a haiku)" in chat.text()


async def test_a_reply_to_an_answer_that_was_forgotten_is_about_its_words_and_says_so(chat: Chat) -> None:
    await chat.says(about("and its colour?", id="forgotten", ours=True, text="a rocket"))
    assert chat.shown() == []
    assert "(This is about your earlier answer: a rocket)" in chat.text()
    assert chat.last_post().startswith("_I no longer know what my message was about")


@pytest.mark.parametrize(("ours", "why"), [(True, "it is too old for me to see it."), (False, "it shows no photo.")])
async def test_a_message_of_which_nothing_is_known_is_named_and_nothing_stands_in(
    chat: Chat, ours: bool, why: str
) -> None:
    await chat.says(about(id="forgotten", ours=ours))
    assert len(chat.provider.prompts) == 1
    assert chat.last_post().startswith(f"⚠️ The message you replied to: {why}")


async def test_a_reply_to_an_answer_about_the_photo_of_then_shows_that_one(chat: Chat) -> None:
    await chat.says(said("and its colour?"), with_photo(said("and this?"), "rocket"))
    _, colour, _ = chat.platform.replied_to
    await chat.says(about("how old is it?", id=colour, ours=True, text="grey"))
    assert chat.shown() == ["cat.jpg"]


async def test_a_reply_to_a_question_is_about_its_photo(chat: Chat) -> None:
    rocket = with_photo(said("what is this?"), "rocket")
    await chat.says(rocket, with_photo(said("and this?"), "cat"))
    await chat.says(about("its colour?", id=rocket.id, text="what is this?"))
    assert chat.shown() == ["rocket.jpg"]


async def test_a_reply_to_one_part_of_an_album_means_the_album(chat: Chat) -> None:
    chat.platform.files["fin"] = (PHOTOS / "cat.jpg").read_bytes()
    parts = [with_photo(said(""), name, album="x", addressed=False) for name in ("rocket", "fin")]
    for part in parts:
        await chat.inbox.receive(part)
    await chat.inbox.store.db.run("UPDATE turns SET due = 0 WHERE finished IS NULL")  # type: ignore[attr-defined]
    await drain(chat.worker)
    await chat.says(about(id=parts[0].id, attachments=parts[0].attachments))
    assert chat.shown() == ["rocket.jpg", "fin.jpg"]


async def test_a_later_reference_counts_where_an_earlier_one_shows_nothing(chat: Chat) -> None:
    rocket = MessageReference(
        id="901", ours=False, text="", attachments=(Attachment(ref="rocket", name="rocket.jpg"),), kind="chain"
    )
    await chat.says(replace(about(text="nice one!"), more=(rocket,)))
    assert chat.shown() == ["rocket.jpg"]
    assert "what is this?" in chat.text()


async def test_a_command_about_a_picture_asks_nothing_where_there_is_none(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    chat = in_chat(sqlite, platform, provider, photos)
    await chat.says(said("/describe"))
    assert provider.prompts == []
    assert chat.last_post() == "⚠️ Which picture? Send it along, or reply to it."


async def test_a_menu_on_words_says_that_they_show_no_photo(chat: Chat) -> None:
    await chat.says(about("/describe", text="just words", kind="menu"))
    assert len(chat.provider.prompts) == 1
    assert chat.last_post().startswith("⚠️ The message you chose: it shows no photo.")


async def test_a_button_below_an_answer_is_about_its_photo(chat: Chat) -> None:
    [post] = chat.platform.replied_to
    await chat.says(with_photo(said("and this?"), "rocket"), pressed("/describe", post))
    assert chat.shown() == ["cat.jpg"]


def in_thread(question: str, /, **reference: Any) -> Message:
    """A question in a thread that began with a photo of the rocket; its conversation knows the cat from elsewhere."""
    photo = Attachment(ref="rocket", name="rocket.jpg")
    starter = {"id": "800", "channel": LOBBY, "attachments": (photo,), "kind": "starter"} | reference
    return replace(about(question, **starter), channel=KITCHEN)


async def test_a_thread_is_about_the_photo_that_it_began_with(chat: Chat) -> None:
    await linked(chat.inbox.store, "web:kitchen")
    for question in ("what is this?", "and its colour?"):
        await chat.says(in_thread(question, text="my rocket"))
        assert chat.shown() == ["rocket.jpg"]
        assert "my rocket" in chat.text()


async def test_a_thread_is_about_another_photo_once_it_has_shown_one(chat: Chat) -> None:
    await linked(chat.inbox.store, "web:kitchen")
    chat.platform.files["fin"] = (PHOTOS / "cat.jpg").read_bytes()
    await chat.says(with_photo(in_thread("and this?"), "fin"))
    await chat.says(in_thread("its colour?"))
    assert "rocket.jpg" not in chat.shown()
    await chat.says(replace(aside("rocket"), channel=KITCHEN), in_thread("and this?"))
    assert chat.shown() == ["rocket.jpg"]


async def test_in_a_thread_too_a_number_means_that_photo(chat: Chat) -> None:
    await linked(chat.inbox.store, "web:kitchen")
    await chat.says(in_thread("what is on photo 1?"))
    assert "rocket.jpg" not in chat.shown()


async def test_a_thread_that_began_with_words_goes_on_about_what_it_showed_last(chat: Chat) -> None:
    words: dict[str, Any] = {"attachments": (), "text": "let's talk", "channel": None}
    await chat.says(replace(in_thread("and its colour?", **words), channel=LOBBY))
    assert "rocket.jpg" not in chat.shown()
    assert "let's talk" not in chat.text()


async def test_what_people_wrote_about_a_picture_goes_along_as_theirs(chat: Chat) -> None:
    rocket = Attachment(ref="rocket", name="rocket.jpg", alt="My rocket, made of paper")
    await chat.says(replace(said("what is this?"), attachments=(rocket,)))
    assert "(Whoever sent the picture wrote about it: My rocket, made of paper)" in chat.text()
    await chat.says(about(attachments=(rocket, Attachment(ref="cat", name="cat.jpg"))))
    assert "wrote about it: rocket.jpg: My rocket" in chat.text()


async def test_what_is_said_about_a_photo_behind_a_spoiler_stays_behind_one(chat: Chat) -> None:
    hidden = Attachment(ref="rocket", name="rocket.jpg", is_spoiler=True)
    await chat.says(replace(said("what is this?"), attachments=(hidden,)))
    await chat.says(said("and its colour?"), said("what is on photo 2?"), about(attachments=(hidden,)))
    [first, *others] = chat.platform.hidden.values()
    assert (first, others) == (False, [True] * 4)  # the first one was about the cat
    await chat.says(with_photo(said("and this?"), "cat"))
    assert not [*chat.platform.hidden.values()][-1]


async def test_a_dead_picture_in_front_of_an_article_keeps_nobody_from_asking_about_its_words(chat: Chat) -> None:
    preview = Attachment(ref="gone", name="embed.jpg", is_preview=True)
    article = MessageReference(id="900", ours=False, text="Rain tomorrow", kind="link")
    await chat.says(replace(said("what is it about?"), attachments=(preview,), about=article))
    assert chat.shown() == []
    assert "Rain tomorrow" in chat.text()
    assert chat.last_post().startswith("_Read 0 of 1 photo. Not read: embed.jpg")


async def test_a_link_that_shows_nothing_lets_nothing_stand_in(chat: Chat) -> None:
    await chat.says(aside("cat"), replace(said("what is https://a.example/cat.jpg"), awaits_preview=True))
    await chat.inbox.store.db.run("UPDATE turns SET due = 0 WHERE finished IS NULL")  # type: ignore[attr-defined]
    await drain(chat.worker)
    assert len(chat.provider.prompts) == 2
    assert chat.shown() == []


async def test_a_photo_of_a_linked_channel_may_be_the_one_above(chat: Chat) -> None:
    await linked(chat.inbox.store, "web:kitchen")
    await chat.says(replace(aside("rocket"), channel=Channel.parse("web:kitchen")), said("what is this?"))
    assert chat.shown() == ["rocket.jpg"]


async def test_it_is_found_after_a_restart_and_by_another_process(
    reopen: OpenStore, platform: FakePlatform, photos: PhotoIntake
) -> None:
    provider = FakeProvider()
    async with reopen() as store:
        chat = in_chat(store, platform, provider, photos)
        await chat.says(with_photo(said("what is this?"), "cat"), aside("rocket"))
    async with reopen() as store:
        chat = in_chat(store, platform, provider, photos)
        await chat.says(said("and what is this?"))
    assert [photo.name for photo in provider.prompts[-1].photos] == ["rocket.jpg"]


async def test_a_photo_that_is_named_by_its_number_is_sent_again_with_that_number(chat: Chat) -> None:
    await chat.says(with_photo(said("and this?"), "rocket"), with_photo(said("and this?"), "cat"))
    await chat.says(said("what colour is photo 2?"))
    assert chat.shown() == ["rocket.jpg"]
    [photo] = chat.provider.prompts[-1].photos
    assert chat.provider.prompts[-1].numbers[photo.sha256] == 2


async def test_a_number_in_words_that_are_quoted_names_no_photo(chat: Chat) -> None:
    await chat.says(with_photo(said("and this?"), "rocket"))
    await chat.says(about("true?", text="photo 1 is better"))
    assert chat.shown() == []


async def test_photos_that_are_described_for_a_model_keep_their_numbers(chat: Chat) -> None:
    channel = said().channel
    await chat.inbox.store.channels.save_channel_settings(channel, ChannelSettings(describe=True))
    await chat.says(said("/model sandbox/o3-mini"), with_photo(said("and this?"), "rocket"))
    assert "Photo 2 (rocket.jpg): " in chat.text() + chat.provider.prompts[-1].background


async def test_the_model_is_told_from_whom_a_photo_was_forwarded(chat: Chat) -> None:
    await chat.says(with_photo(said("what is this?"), "rocket", forwarded=True, origin="Tom"))
    assert chat.text() == "what is this?\n\n(Forwarded, originally from: Tom)"


async def test_a_reply_to_a_mirrored_question_is_about_its_photo_where_it_was_posted(chat: Chat) -> None:
    await linked(chat.inbox.store, "web:kitchen")
    await chat.says(with_photo(said("and this?"), "rocket"))
    turn = await chat.inbox.store.turns.get_turn(2)
    assert turn is not None
    kitchen = Channel.parse("web:kitchen")
    await chat.inbox.store.posts.save_post_id(turn, kitchen, 0, "mirrored")
    copy = (Attachment(ref="ref0", name="copy.jpg"),)
    reply = about(id="mirrored", ours=True, text="Ann: and this?", attachments=copy)
    await chat.says(with_photo(said("and this?"), "cat"), replace(reply, channel=kitchen))
    assert chat.shown() == ["rocket.jpg"]


async def test_a_photo_of_a_linked_channel_can_be_named_by_its_number(chat: Chat) -> None:
    await linked(chat.inbox.store, "web:kitchen")
    await chat.says(with_photo(said("and this?"), "rocket"), with_photo(said("and this?"), "cat"))
    await chat.says(said("what is photo 2?", "web:kitchen"))
    assert chat.shown() == ["rocket.jpg"]


async def test_a_pointer_is_deleted_after_ten_minutes(chat: Chat) -> None:
    await chat.says(aside("rocket"))
    store = chat.inbox.store
    await store.deletion.delete_pointers(time.time() - POINTER_SECONDS)
    assert len(await table(store, "pointers")) == 1
    await store.deletion.delete_pointers(time.time() + 1)
    assert await table(store, "pointers") == []


async def test_a_pointer_holds_no_words(chat: Chat) -> None:
    photo = replace(aside("rocket"), text="my secret")
    await chat.says(replace(photo, attachments=(replace(photo.attachments[0], alt="my secret"),)))
    assert "secret" not in str(await table(chat.inbox.store, "pointers"))


async def test_another_process_at_the_same_database_finds_it(
    database: str, platform: FakePlatform, photos: PhotoIntake
) -> None:
    provider = FakeProvider()
    async with open_store(database, MODEL) as one, open_store(database, MODEL) as other:
        here, there = (in_chat(store, platform, provider, photos) for store in (one, other))
        await here.says(with_photo(said("what is this?"), "cat"), aside("rocket"))
        await there.says(said("and what is this?"))
    assert [photo.name for photo in provider.prompts[-1].photos] == ["rocket.jpg"]


async def test_a_number_that_no_photo_has_is_named_and_nothing_stands_in(chat: Chat) -> None:
    await chat.says(said("what colour is photo 7?"))
    assert len(chat.provider.prompts) == 1
    assert chat.last_post().startswith("⚠️ There is no photo or file 7 here: the last number is 1.")


@pytest.mark.parametrize("text", ["is it #7?", "is it like my photo 1999?", "what is in photo 1?"])
async def test_other_numbers_keep_nobody_from_asking(chat: Chat, text: str) -> None:
    await chat.says(said(text))
    assert len(chat.provider.prompts) == 2


async def test_a_link_to_a_recent_photo_is_about_it(chat: Chat) -> None:
    photo = aside("rocket")
    link = MessageReference(id=photo.id, ours=False, text="", kind="link", unseen="elsewhere")
    await chat.says(photo, aside("cat"), replace(said("what is this?"), about=link))
    assert chat.shown() == ["rocket.jpg"]


async def test_all_photos_that_are_linked_to_are_meant(chat: Chat) -> None:
    photos = [aside("rocket"), aside("cat", Author("3", "Carl"))]
    links = [MessageReference(id=each.id, ours=False, text="", kind="link", unseen="elsewhere") for each in photos]
    await chat.says(*photos, replace(said("compare them"), about=links[0], more=(links[1], links[0])))
    assert chat.shown() == ["rocket.jpg", "cat.jpg"]


async def test_a_number_that_was_spoken_comes_before_the_photo_above(chat: Chat) -> None:
    recording = Attachment(ref="recording", name="voice.ogg", mime="audio/ogg")
    await chat.says(aside("rocket"))
    await chat.inbox.receive(replace(said(""), attachments=(recording,)))
    [turn] = await chat.inbox.store.queue.claim(1)
    finder = SubjectFinder(chat.inbox.store.files, chat.inbox.store.posts, chat.inbox.store.turns)
    assert [each.attachment.ref for each in (await finder.find(turn)).files] == ["rocket"]
    spoken = await finder.find(replace(turn, transcript="what is on photo 1?"))
    assert (spoken.files, spoken.recalled) == ((), (1,))


@pytest.mark.parametrize("unseen", ["forbidden", "unreachable", "deleted"])
async def test_what_the_bot_knows_of_a_message_is_not_shown_to_those_who_may_not_see_it(
    chat: Chat, unseen: Unseen
) -> None:
    photo, question = (replace(each, channel=KITCHEN) for each in (aside("rocket"), said("what is this?")))
    await chat.says(photo, question)
    answer = list(chat.platform.replied_to)[-1]
    count = len(chat.provider.prompts)
    for id in (photo.id, question.id, answer):
        for kind in ("link", "reply"):
            await chat.says(about(id=id, kind=kind, channel=KITCHEN, unseen=unseen))
            assert chat.last_post().startswith(f"⚠️ The message you {'linked' if kind == 'link' else 'replied'} to: ")
    assert len(chat.provider.prompts) == count


async def test_of_an_album_that_was_not_said_to_the_bot_no_word_is_kept(chat: Chat) -> None:
    album = [with_photo(said("my secret"), name, album="x", addressed=False) for name in ("rocket", "cat")]
    for part in album:
        await chat.inbox.receive(part)
    await chat.inbox.store.db.run("UPDATE turns SET due = 0 WHERE finished IS NULL")  # type: ignore[attr-defined]
    await drain(chat.worker)
    assert "secret" not in str(await table(chat.inbox.store, "turns"))
    assert "secret" not in str(await table(chat.inbox.store, "parts"))
    await chat.says(about(id=album[1].id, attachments=album[1].attachments))
    assert chat.shown() == ["rocket.jpg", "cat.jpg"]

"""What is said in one channel is seen in those it is linked to, as each of them chose."""

from dataclasses import replace

import pytest

from bot.errors import Busy, Refused
from bot.files.photos import PhotoIntake
from bot.messages import Author, Channel, ChannelSettings, Mirroring
from bot.ports import Store
from tests.conftest import OpenStore, said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.work import Worker, drain, hear, linked, make_worker, ripen, taken
from tests.store.talk import HERE, THERE


@pytest.fixture
def telegram() -> FakePlatform:
    return FakePlatform("telegram")


@pytest.fixture
async def worker(
    sqlite: Store, platform: FakePlatform, telegram: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> Worker:
    """A worker, with a chat on Telegram that is linked to the lobby, where a first question was asked."""
    worker = make_worker(sqlite, [platform, telegram], provider, photos)
    await hear(worker, said("/help"))
    await linked(sqlite, str(THERE))
    return worker


async def chooses(worker: Worker, mirroring: Mirroring, channel: Channel = THERE, language: str | None = None) -> None:
    await worker.store.channels.save_channel_settings(channel, ChannelSettings(mirroring=mirroring, language=language))


@pytest.mark.parametrize(
    ("mirroring", "seen"),
    [("off", []), ("answers", ["a cat"]), ("everything", ["**Ann** (Web): what is this?", "a cat"])],
)
async def test_a_channel_sees_as_much_as_it_wants(
    worker: Worker, telegram: FakePlatform, mirroring: Mirroring, seen: list[str]
) -> None:
    await chooses(worker, mirroring)
    await hear(worker, said(photos=1))
    assert telegram.reads(str(THERE)) == seen
    assert all(post is None for post in telegram.replied_to.values())
    assert sum(map(len, telegram.sent_files.values())) == (mirroring == "everything")


async def test_a_spoiler_stays_one_in_another_channel(worker: Worker, telegram: FakePlatform) -> None:
    await chooses(worker, "everything")
    message = said(photos=1)
    hidden = tuple(replace(each, is_spoiler=True) for each in message.attachments)
    await hear(worker, replace(message, attachments=hidden))
    assert [*telegram.hidden.values()] == [False, True]  # the question in words, and the answer
    assert [file.is_spoiler for file in telegram.sent_files["1"]] == [True]


async def test_photos_come_along_cleaned_and_under_no_name_of_the_sender_s(
    worker: Worker, telegram: FakePlatform, provider: FakeProvider
) -> None:
    await chooses(worker, "everything")
    await hear(worker, said(photos=1))
    [file] = telegram.sent_files["1"]
    [photo] = provider.uploads
    assert (file.name, file.mime, file.data) == (photo.filename, "image/jpeg", photo.file.read_bytes())


async def test_who_sees_is_decided_there_and_not_where_it_is_said(
    worker: Worker, platform: FakePlatform, telegram: FakePlatform
) -> None:
    await chooses(worker, "everything", HERE)
    await hear(worker, said())
    assert telegram.reads(str(THERE)) == []
    await hear(worker, replace(said("and here?", str(THERE)), author=Author("7", "Bob")))
    assert platform.reads()[-2:] == ["**Bob** (Telegram): and here?", "a cat"]


async def test_commands_and_what_they_say_stay_where_they_are(worker: Worker, telegram: FakePlatform) -> None:
    await chooses(worker, "everything")
    await hear(worker, said("/help"), said("/retry"))
    assert telegram.reads(str(THERE)) == []


async def test_what_the_bot_adds_is_in_the_language_of_the_channel_that_sees_it(
    worker: Worker, telegram: FakePlatform
) -> None:
    await chooses(worker, "everything", language="zh")
    await hear(worker, said())
    assert telegram.reads(str(THERE))[0] == "**Ann**（Web）：what is this?"


async def test_where_none_was_chosen_it_is_that_of_whoever_speaks(worker: Worker, telegram: FakePlatform) -> None:
    await chooses(worker, "everything")
    await hear(worker, replace(said(), language="zh-CN"))
    assert telegram.reads(str(THERE))[0] == "**Ann**（Web）：what is this?"


async def test_a_footer_stays_where_it_was_asked_for(
    worker: Worker, platform: FakePlatform, telegram: FakePlatform
) -> None:
    await worker.store.channels.save_channel_settings(HERE, ChannelSettings(footer=True))
    await chooses(worker, "answers")
    await hear(worker, said())
    assert "sandbox/gpt-4o ·" in platform.reads()[-1]
    assert telegram.reads(str(THERE)) == ["a cat"]


@pytest.mark.parametrize("key", ["channel_lost", "channel_lost"])
async def test_a_channel_that_has_gone_is_dropped(worker: Worker, telegram: FakePlatform, key: str) -> None:
    await chooses(worker, "answers")
    telegram.troubles = [Refused(key)]
    await hear(worker, said())
    assert await worker.store.conversations.find_conversation(THERE) is None
    assert await worker.store.queue.count_waiting() == 0
    assert [
        str(channel)
        for channel in await worker.store.conversations.list_channels((await taken(worker, said())).conversation)
    ] == ["web:lobby"]


@pytest.mark.parametrize("trouble", [Busy("telegram_slow_down", retry_after=9), Refused("telegram_refused")])
async def test_trouble_there_troubles_nobody_here_and_is_over_when_it_is_over(
    worker: Worker, platform: FakePlatform, telegram: FakePlatform, trouble: Exception
) -> None:
    await chooses(worker, "answers")
    telegram.troubles = [trouble]
    await hear(worker, said("one"))
    assert platform.reads()[-1] == "a cat"
    assert await worker.store.queue.count_waiting() == 0
    assert await worker.store.conversations.find_conversation(
        THERE
    ) == await worker.store.conversations.find_conversation(HERE)
    await hear(worker, said("two"))
    assert telegram.reads(str(THERE)) == ["a cat"]


async def test_a_platform_that_is_switched_off_is_left_out(
    worker: Worker, sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    await chooses(worker, "everything")
    await hear(make_worker(sqlite, platform, provider, photos), said())
    assert platform.reads()[-1] == "a cat"
    assert await sqlite.queue.count_waiting() == 0


async def test_after_a_crash_nothing_is_posted_twice(
    reopen: OpenStore, platform: FakePlatform, telegram: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    async with reopen() as store:
        worker = make_worker(store, [platform, telegram], provider, photos)
        await hear(worker, said("/help"))
        await linked(store, str(THERE))
        await chooses(worker, "everything")
        turn = await taken(worker, said(photos=1))
        finished = store.queue.finish
        store.queue.finish = dies  # type: ignore[method-assign]
        await worker.take(turn)
        store.queue.finish = finished  # type: ignore[method-assign]
        telegram.by_key.clear()  # the platform itself cannot tell
        await ripen(store)
    async with reopen() as store:
        await drain(make_worker(store, [platform, telegram], provider, photos))
        assert await store.queue.count_waiting() == 0
    assert telegram.reads(str(THERE)) == ["**Ann** (Web): what is this?", "a cat"]
    assert platform.reads()[1:] == ["a cat"]
    assert len(provider.prompts) == 1


async def dies(*_: object, **__: object) -> None:
    raise ZeroDivisionError

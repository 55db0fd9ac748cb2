"""New photos are described in the background where people chose that, each once, and /find finds them by that."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import pytest

from adapters.providers.local.provider import LocalEyes
from adapters.providers.local.readings import can_read
from bot.errors import Refused
from bot.files.photos import PhotoIntake
from bot.messages import Indexing, Message, Usage
from bot.ports import Store
from tests.asking.test_subject import BOB, Chat, aside, in_chat
from tests.commands.golden_pictures import PICTURES
from tests.conftest import CAT, PHOTOS, OpenStore, said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.work import Worker, drain, hear, make_worker, ripen, taken, until, with_files
from tests.store.talk import table

ROCKET = (PHOTOS / "rocket.jpg").read_bytes()
DESCRIBE = "Describe this picture for somebody who cannot see it"


@pytest.fixture
def platform() -> FakePlatform:
    platform = FakePlatform()
    platform.files = {"cat": CAT, "rocket": ROCKET}
    return platform


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider(
        ["yes"], ["a tabby on a sofa", Usage(credits=5)], ["a rocket at dusk", Usage(credits=5)], ["ok"]
    )


def showing(*names: str) -> Message:
    return with_files(said(), **{name: f"{name}.jpg" for name in names})


def described(provider: FakeProvider) -> list[str]:
    """The photos that were to be described."""
    return [prompt.photos[0].name for prompt in provider.prompts if prompt.text.startswith(DESCRIBE)]


async def descriptions(store: Store) -> Sequence[str]:
    return [row["description"] for row in await table(store, "photos")]


async def test_each_new_photo_is_described_once_and_found_by_that(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    await hear(worker, said("/settings index on"), showing("cat", "rocket"))
    assert described(provider) == ["cat.jpg", "rocket.jpg"]
    assert await descriptions(worker.store) == ["a tabby on a sofa", "a rocket at dusk"]
    before = len(platform.reads())
    await hear(worker, showing("cat"), said("/find tabby"))
    assert len(described(provider)) == 2, "it is known"
    assert "**Photo 1**" in platform.reads()[-1]
    assert "a tabby on a sofa" in platform.reads()[-1]
    assert len(platform.reads()) == before + 2, "nothing is said about it in the chat"


async def test_it_is_off_unless_people_want_it(worker: Worker, provider: FakeProvider) -> None:
    await hear(worker, showing("cat"))
    await hear(worker, said("/settings index on"), said("/settings index off"), showing("rocket"))
    assert described(provider) == []


async def test_it_is_booked_for_who_showed_the_photo(worker: Worker, platform: FakePlatform) -> None:
    await hear(worker, said("/settings index on"), showing("cat"))
    spent = await worker.store.ledger.get_spent(0, author="web:1")
    assert (spent.turns, spent.credits) == (2, 5)
    await hear(worker, said("/usage"))
    assert "5 credits" in platform.reads()[-1]


async def test_limits_hold_and_nobody_reads_that_they_do(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    worker = make_worker(sqlite, platform, provider, photos, bot_user_turns_day=1)
    await hear(worker, said("/settings index on"), showing("cat"))
    assert described(provider) == []
    assert len(platform.reads()) == 2


async def test_a_question_goes_before_the_next_photo(worker: Worker, provider: FakeProvider) -> None:
    await hear(worker, said("/settings index on"))
    turn = await taken(worker, showing("cat", "rocket"))
    await worker.take(turn)
    await worker.store.intake.add(said("and now?"))
    await drain(worker)
    assert [prompt.text == "and now?" or prompt.photos[0].name for prompt in provider.prompts[1:]] == [
        "cat.jpg",
        True,
        "rocket.jpg",
    ]


async def test_an_operator_can_switch_it_off(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    worker = make_worker(sqlite, platform, provider, photos, bot_features_off="index")
    await hear(worker, said("/settings index on"), showing("cat"))
    assert described(provider) == []


async def test_stop_ends_it_and_what_follows(worker: Worker, provider: FakeProvider) -> None:
    provider.script = [["yes"], ["a t", 60.0]]
    await hear(worker, said("/settings index on"))
    await worker.take(turn := await taken(worker, showing("cat", "rocket")))
    [index] = await worker.store.queue.claim(1)
    working = asyncio.create_task(worker.take(index))
    await until(lambda: described(provider))
    await until(lambda: worker.context.asker.stops.stop(turn.conversation.id))
    await working
    assert await worker.store.queue.count_waiting() == 0
    assert await descriptions(worker.store) == ["", ""]


async def test_a_failure_is_not_told_and_keeps_nobody_waiting(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [["yes"], [Refused("provider_failed")], ["a rocket at dusk"]]
    await hear(worker, said("/settings index on"), showing("cat", "rocket"))
    assert await descriptions(worker.store) == ["", "a rocket at dusk"]
    assert len(platform.reads()) == 2


async def test_words_read_on_this_machine_cost_nothing(worker: Worker, platform: FakePlatform) -> None:
    eyes = FakeProvider(["**Photo 1: cat.jpg**\n```\nBAKERY MILLER\nTOTAL 6.00\n```"], name="eyes")
    eyes.reads_for_nothing = True
    worker = replace_providers(worker, eyes)
    await hear(worker, said("/settings index local"), showing("cat"))
    assert [row["words"] for row in await table(worker.store, "photos")] == ["BAKERY MILLER\nTOTAL 6.00"]
    assert await descriptions(worker.store) == [""]
    assert (await worker.store.ledger.get_spent(0)).turns == 1
    await hear(worker, said("/find miller"))
    assert "BAKERY MILLER" in platform.reads()[-1]


@pytest.mark.parametrize("wanted", ["on", "local"])
async def test_it_goes_with_the_photo(worker: Worker, wanted: Indexing) -> None:
    await hear(worker, said(f"/settings index {wanted}"), showing("cat"))
    await hear(worker, said("/forget yes"))
    assert await table(worker.store, "photos") == []
    assert len(await table(worker.store, "turns")) == 1


async def test_a_restart_in_between_loses_nothing_and_pays_once(
    reopen: OpenStore, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    async with reopen() as store:
        worker = make_worker(store, platform, provider, photos)
        await hear(worker, said("/settings index on"))
        await worker.take(await taken(worker, showing("cat", "rocket")))
    async with reopen() as store:
        await ripen(store)
        await drain(make_worker(store, platform, provider, photos))
        assert described(provider) == ["cat.jpg", "rocket.jpg"]
        assert await descriptions(store) == ["a tabby on a sofa", "a rocket at dusk"]


async def test_the_export_says_nothing_of_it(worker: Worker, platform: FakePlatform) -> None:
    await hear(worker, said("/settings index on"), showing("cat"))
    await hear(worker, said("/export"))
    assert "Answers: 1, photos: 1." in platform.reads()[-1]
    assert not any("/index" in text for text in platform.reads())


@pytest.fixture
async def chat(sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake) -> Chat:
    provider.script = [["a tabby on a sofa"]]
    return in_chat(sqlite, platform, provider, photos)


async def test_photos_that_people_show_each_other_are_described_without_a_word(
    chat: Chat, platform: FakePlatform, provider: FakeProvider
) -> None:
    await chat.says(aside("cat"))
    await chat.says(said("/settings index on"))
    before = len(platform.reads())
    await chat.says(replace(aside("cat"), id="4711", text="my words"))
    assert described(provider) == ["cat.jpg"]
    assert len(platform.reads()) == before
    assert platform.reactions == []
    await chat.says(said("/find tabby"))
    assert "**Photo 1**" in platform.reads()[-1]
    assert "my words" not in str(await table(chat.inbox.store, "turns"))


async def test_who_wants_no_alt_text_is_not_described_either(chat: Chat, provider: FakeProvider) -> None:
    await chat.says(said("/settings index on"), replace(said("/alttext never"), author=BOB), aside("cat", BOB))
    assert described(provider) == []


def replace_providers(worker: Worker, *more: FakeProvider) -> Worker:
    """The worker with more providers."""
    providers = {**worker.context.providers, **{each.name: each for each in more}}
    asker = replace(worker.context.asker, providers=providers)
    context = replace(worker.context, providers=providers, asker=asker)
    return Worker(context, store=worker.store, metrics=worker.metrics)


@pytest.mark.skipif(not can_read(), reason="the extra `local` is not installed")
async def test_what_local_eyes_read_is_found(worker: Worker, platform: FakePlatform) -> None:
    platform.files["receipt"] = next(each.render() for each in PICTURES if each.lines[0] == "PHARMACY AM MARKT")
    worker = replace_providers(worker, cast(FakeProvider, LocalEyes(pace=0)))
    await hear(worker, said("/settings index local"), showing("receipt"))
    await hear(worker, said("/find ibuprofen"))
    assert "**Photo 1**" in platform.reads()[-1].splitlines()[2]

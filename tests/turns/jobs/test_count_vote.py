"""Votes on compared answers: one for each person and comparison, and the names are hidden until the first one."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.errors import Refused
from bot.files.photos import PhotoIntake
from bot.messages import Author, Message, ModelScore, QuestionKind, Usage
from bot.ports import Store
from tests.conftest import OpenStore, said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.work import Worker, drain, hear, make_worker, pressed, ripen, taken, until
from tests.store.talk import HERE, table

COMPARE, BLIND = "/compare gpt-4o gpt-4o-mini", "/compare blind gpt-4o gpt-4o-mini"
COUNT, READ = "how many cats are there?", "what does it say?"


@pytest.fixture
def provider() -> FakeProvider:
    provider = FakeProvider(["a cat"])
    provider.by_model = {"gpt-4o-mini": ["a small cat", Usage(credits=3)]}
    return provider


def vote(choice: str, by: str = "ann", compared: int = 2) -> Message:
    return replace(pressed(f"/vote {compared} {choice}", "9"), author=Author(by, by))


def shown_vote(platform: FakePlatform) -> tuple[str, list[str]]:
    """The post with the vote, and the commands of its buttons."""
    [(post, text)] = [each for each in platform.posts[HERE].items() if "Which answer" in each[1]]
    return text, platform.buttons[post]


async def scores(store: Store) -> dict[str, tuple[int, int]]:
    return {score.model.partition("/")[2]: (score.won, score.votes) for score in await store.votes.list_scores()}


def names(platform: FakePlatform) -> bool:
    """Whether anything that is shown names a model."""
    return any("gpt" in text for text in platform.reads()[1:])


async def test_a_blind_comparison_names_no_model_until_somebody_votes(worker: Worker, platform: FakePlatform) -> None:
    await hear(worker, said(COUNT, photos=1), said(BLIND))
    *answers, vote_post = (text.split("\n")[0] for text in platform.reads()[1:])
    assert (sorted(answers), vote_post) == (["**A**", "**B**"], "Which answer is the best?")  # they grow side by side
    assert not any("gpt" in text or "3 credits" in text for text in (text for _, text in platform.calls[1:]))
    assert shown_vote(platform)[1] == ["/vote 2 1", "/vote 2 2", "/vote 2 all", "/vote 2 none"]
    assert not any("/pick" in command for commands in platform.buttons.values() for command in commands)

    await hear(worker, vote("1"))
    text, _ = shown_vote(platform)
    assert {line[:6] for line in text.splitlines() if line.startswith("- ")} == {"- **A*", "- **B*"}
    assert "3 credits" in text
    assert " s" in text
    assert " · 1 vote" in text
    assert len([text for text in platform.reads() if text.startswith("**sandbox/gpt-4o")]) == 2
    assert len([1 for commands in platform.buttons.values() if any("/pick" in each for each in commands)]) == 2
    assert len(platform.reads()) == 4, "nothing is posted anew"
    assert sorted((await scores(worker.store)).values()) == [(0, 1), (1, 1)]


async def test_an_ordinary_comparison_shows_names_and_can_be_voted_on(worker: Worker, platform: FakePlatform) -> None:
    await hear(worker, said(READ), said(COMPARE))
    text, _ = shown_vote(platform)
    assert text.splitlines()[2:] == ["- **A**: sandbox/gpt-4o", "- **B**: sandbox/gpt-4o-mini"]
    await hear(worker, vote("2"), vote("all", "bob"), vote("none", "eve"))
    assert shown_vote(platform)[0].splitlines()[2:] == [
        "- **A**: sandbox/gpt-4o",
        "- **B**: sandbox/gpt-4o-mini · 1 vote",
        "- Both: 1 vote",
        "- Neither: 1 vote",
    ]
    assert await scores(worker.store) == {"gpt-4o": (1, 3), "gpt-4o-mini": (2, 3)}
    assert set(await worker.store.votes.list_scores_by_kind()) == {"text"}


async def test_each_person_has_one_vote_and_may_change_it_at_once(worker: Worker) -> None:
    await hear(worker, said(), said(COMPARE), vote("1"), vote("2"), vote("1"), vote("2", "bob"))
    assert await scores(worker.store) == {"gpt-4o": (1, 2), "gpt-4o-mini": (1, 2)}


async def test_two_people_who_press_the_same_button_at_once_both_count(worker: Worker) -> None:
    await hear(worker, said(), said(COMPARE))
    assert [await worker.store.intake.add(vote("1", by)) for by in ("ann", "bob", "eve")] == [True] * 3
    await drain(worker)
    assert await scores(worker.store) == {"gpt-4o": (3, 3), "gpt-4o-mini": (0, 3)}


async def test_votes_are_kept_by_kind_with_price_and_seconds(worker: Worker) -> None:
    await hear(worker, said(COUNT), said(COMPARE), vote("2"), said("is it cute?"), said(COMPARE), vote("1", compared=5))
    by_kind: Mapping[QuestionKind, list[ModelScore]] = await worker.store.votes.list_scores_by_kind()  # type: ignore[assignment]
    assert {kind: [(each.won, each.credits) for each in scored] for kind, scored in by_kind.items()} == {
        "count": [(0, None), (1, 3.0)],
        "other": [(1, None), (0, 3.0)],
    }
    assert all(each.took is not None for each in await worker.store.votes.list_scores())


async def test_the_order_is_random_and_survives_a_restart(
    reopen: OpenStore, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    models = ["gpt-4o", "gpt-4o-mini", "o3-mini", "meta/llama-3"]
    async with reopen() as store:
        worker = make_worker(store, platform, provider, photos)
        await hear(worker, said())
        provider.by_model = {model: [f"I am {n}", 60.0] for n, model in enumerate(models)}
        working = asyncio.create_task(worker.take(await taken(worker, said(f"/compare blind {' '.join(models)}"))))
        await until(lambda: len([text for text in platform.reads() if "I am" in text]) == 4)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await store.queue.release_leases()
    before = {text[2]: text.split("I am ")[1][0] for text in platform.reads() if "I am" in text}
    provider.by_model = {model: [f"I am {n}"] for n, model in enumerate(models)}
    async with reopen() as store:
        await drain(make_worker(store, platform, provider, photos))
        after = {text[2]: text.split("I am ")[1][0] for text in platform.reads() if "I am" in text}
        assert after == before
        assert sorted(after) == ["A", "B", "C", "D"]
        _, commands = shown_vote(platform)
        assert commands == ["/vote 2 1", "/vote 2 2", "/vote 2 3", "/vote 2 4", "/vote 2 none"], "one row of Discord"


async def test_a_vote_survives_a_restart_and_shows_the_names_afterwards(
    reopen: OpenStore, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    async with reopen() as store:
        worker = make_worker(store, platform, provider, photos)
        await hear(worker, said(), said(BLIND))
        turn = await taken(worker, vote("1"))
        platform.troubles = [ZeroDivisionError()]  # it dies before it shows anything
        await worker.take(turn)
        assert not names(platform)
        await ripen(store)
    async with reopen() as store:
        await drain(make_worker(store, platform, provider, photos))
        assert names(platform)
        assert sorted((await scores(store)).values()) == [(0, 1), (1, 1)]


async def test_what_we_say_ourselves_hides_the_name_too(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.by_model["o3-mini"] = [Refused("model_takes_no_photos", model="sandbox/o3-mini")]
    await hear(worker, said(), said("/compare blind o3-mini gpt-4o-mini gpt-4o"))
    assert not any("o3-mini" in text for _, text in platform.calls)
    assert len(shown_vote(platform)[1]) == 4, "who failed cannot be voted for"


async def test_where_one_answered_alone_there_is_nothing_to_hide_or_to_vote_on(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.by_model["gpt-4o-mini"] = [Refused("provider_failed")]
    await hear(worker, said(), said(BLIND))
    assert not any("Which answer" in text for text in platform.reads())
    assert names(platform)


@pytest.mark.parametrize("choice", ["3", "0", "x", ""])
async def test_a_vote_for_nothing_that_is_there_is_refused(worker: Worker, platform: FakePlatform, choice: str) -> None:
    await hear(worker, said(), said(COMPARE), vote(choice), vote("1", compared=1), vote("1", compared=99))
    assert await scores(worker.store) == {}
    assert len([text for text in platform.reads() if text.startswith("⚠️")]) == 3


async def test_nobody_votes_from_another_conversation(worker: Worker) -> None:
    await hear(worker, said(), said(COMPARE), pressed("/vote 2 1", "9", "telegram:7"))
    assert await scores(worker.store) == {}


async def test_votes_go_with_what_they_are_about(worker: Worker) -> None:
    await hear(worker, said(), said(COMPARE), vote("1"))
    assert len(await table(worker.store, "votes")) == 2
    await hear(worker, said("/forget yes"))
    assert await table(worker.store, "votes") == []
    await hear(worker, said(), said(COMPARE))
    compared = (await table(worker.store, "turns"))[-1]["id"]
    await hear(worker, vote("1", compared=compared))
    assert len(await table(worker.store, "votes")) == 2
    await worker.store.deletion.delete_expired(2e9, 100)
    assert await table(worker.store, "votes") == []


async def test_an_operator_can_switch_votes_off(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    worker = make_worker(sqlite, platform, provider, photos, bot_features_off="votes")
    await hear(worker, said(), said(COMPARE), vote("1"), said(BLIND))
    assert not any("Which answer" in text for text in platform.reads())
    assert [text for text in platform.reads() if "switched this off" in text] == platform.reads()[-2:]
    assert await scores(worker.store) == {}

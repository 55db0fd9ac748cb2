"""What can be asked: the live list while it can be had, and an honest old one when not."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from adapters.providers.onemin.endpoints import (
    FEATURES,
    UNIFIED,
    RequestLimiter,
    current_name,
    read_models,
    shipped_models,
)
from adapters.providers.onemin.provider import MODEL_FOR_CHECKS
from adapters.providers.onemin.settings import OneMinSettings
from bot.errors import Refused
from bot.messages import RateLimit
from emulator import Emulator
from tests.adapters.providers.onemin.conftest import Client, Cloakroom, begun, photo, prompt, told


async def test_the_live_list_tells_who_sees_and_what_it_costs(client: Client, emulator: Emulator) -> None:
    async with client() as onemin:
        models = {model.id: model for model in await onemin.models()}
        await onemin.models()

    assert models["gpt-4o"].sees
    assert models["gpt-4o"].price == "2.5 / 10 credits per token in/out"
    assert models["gpt-4.1"].sees, "its modality says so, although it is not listed under CHAT_WITH_IMAGE"
    assert not models["deepseek-chat"].sees
    assert models["deepseek-chat"].price == ""
    assert [seen.path for seen in emulator.seen] == ["/models"], "the second time nobody asks"


async def test_with_the_features_api_only_the_listed_ones_see(client: Client) -> None:
    async with client("features") as onemin:
        models = {model.id: model for model in await onemin.models()}

    assert models["gpt-4o"].sees
    assert not models["gpt-4.1"].sees
    assert "deepseek-chat" in models


async def test_the_shipped_list_stands_in(client: Client, emulator: Emulator) -> None:
    emulator.faults.add("no_models")
    async with client() as onemin:
        models = await onemin.models()

    renamed = {name for names in shipped_models()["renamed"] for name in names[1:]}
    assert len(models) == 83 + len(renamed)
    assert sum(model.sees for model in models if model.id not in renamed) == 53


async def test_strange_lists_are_read_as_far_as_they_make_sense() -> None:
    rows: list[Any] = [
        {"modelId": "good", "name": None, "features": None, "modality": None, "creditMetadata": {"INPUT": 1}},
        {"modelId": "retired", "status": "INACTIVE"},
        {"modelId": 5},
        {"name": "nobody"},
        "row",
        {"modelId": "image-only", "modality": {"INPUT": ["image"]}, "creditMetadata": "free"},
    ]
    models = read_models([{"models": rows}, {"models": "none"}, [], None, {"models": None}], UNIFIED)

    assert [(model.id, model.name, model.sees, model.price) for model in models] == [
        ("good", "good", False, ""),
        ("image-only", "image-only", True, ""),
    ]


def test_the_shipped_list_says_how_old_it_is() -> None:
    listed: Any = shipped_models()

    assert "2026-10-06" in listed["readme"]
    assert sum(model.sees for model in read_models([listed], FEATURES)) == 16
    assert {"gpt-4o", "gpt-4o-mini", "gpt-5", "gemini-2.5-pro"} <= {row["modelId"] for row in listed["models"]}


def test_no_model_is_named_in_the_code_but_the_one_for_checks_and_the_default() -> None:
    folder = Path(__file__).parents[4] / "adapters/providers/onemin"
    code = "\n".join(path.read_text() for path in folder.glob("*.py"))
    ids = [row["modelId"] for row in json.loads((folder / "models.json").read_text())["models"]]

    named = {id for id in ids if re.search(rf'"{re.escape(id)}"', code)}
    assert named == {MODEL_FOR_CHECKS, OneMinSettings.default_model}


# names


def test_what_is_reported_to_be_gone_is_not_shipped() -> None:
    ids = {row["modelId"] for row in shipped_models()["models"]}

    assert not ids & {"o4-mini", "openai/gpt-oss-120b", "gpt-5-chat-latest", "claude-sonnet-4-20250514"}
    assert {"us.anthropic.claude-sonnet-5", "gpt-6-sol", "gpt-5.5", "gemini-3.8-flash", "grok-4.7"} <= ids
    assert all(names[0] in ids for names in shipped_models()["renamed"])


def test_a_renamed_model_is_found_by_its_earlier_name_too() -> None:
    rows = [{"modelId": "us.anthropic.claude-sonnet-4-6", "modality": {"INPUT": ["image"]}}, {"modelId": "gpt-4o"}]
    models = read_models([{"models": rows}], UNIFIED)

    assert [model.id for model in models] == ["us.anthropic.claude-sonnet-4-6", "gpt-4o", "claude-sonnet-4-6"]
    assert models[2].sees


@pytest.mark.parametrize(
    ("asked", "listed", "name"),
    [
        ("gpt-4o", {"gpt-4o"}, "gpt-4o"),
        ("claude-sonnet-4-6", {"us.anthropic.claude-sonnet-4-6"}, "us.anthropic.claude-sonnet-4-6"),
        ("us.anthropic.claude-sonnet-4-6", {"claude-sonnet-4-6"}, "claude-sonnet-4-6"),
        (
            "claude-sonnet-4-6",
            {"claude-sonnet-4-6", "us.anthropic.claude-sonnet-4-6"},
            "us.anthropic.claude-sonnet-4-6",
        ),
        ("claude-sonnet-4-6", set(), "claude-sonnet-4-6"),
        ("somebody/s-model", {"gpt-4o"}, "somebody/s-model"),
    ],
)
def test_a_model_is_asked_by_the_name_that_is_listed(asked: str, listed: set[str], name: str) -> None:
    assert current_name(asked, listed) == name


async def test_a_question_goes_to_the_name_that_is_listed(client: Client, emulator: Emulator) -> None:
    async with client() as onemin:
        await onemin.models()
        answer = await told(onemin, await begun(onemin, model="onemin/us.anthropic.claude-sonnet-4-6"))

    assert answer.text
    assert {seen.model for seen in emulator.seen if seen.model} == {"claude-sonnet-4-6"}


async def test_without_a_list_the_other_name_is_tried_when_the_first_is_refused(
    client: Client, emulator: Emulator
) -> None:
    async with client() as onemin:
        answer = await told(onemin, prompt(model="onemin/us.anthropic.claude-sonnet-4-6"))

    assert answer.text
    assert [seen.model for seen in emulator.seen] == ["us.anthropic.claude-sonnet-4-6", "claude-sonnet-4-6"]


async def test_a_model_that_has_no_other_name_is_refused_at_once(client: Client, emulator: Emulator) -> None:
    async with client() as onemin:
        with pytest.raises(Refused) as refused:
            await told(onemin, prompt(model="onemin/gpt-9"))

    assert refused.value.code == "provider_unknown_model"
    assert len(emulator.seen) == 1


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


async def test_no_minute_sees_more_than_allowed() -> None:
    clock = Clock()
    window = RequestLimiter(Cloakroom(clock=clock).acquire, RateLimit("g", 180, 60), sleep=clock.sleep)
    times = []
    for _ in range(1_000):
        await window.acquire()
        times.append(clock.now)
        clock.now += 0.1

    assert all(later - earlier > 59.999 for earlier, later in zip(times, times[180:], strict=False))
    assert times[179] - times[0] < 18, "the first ones need not wait"
    assert times[-1] - times[0] < 60 * 6, "and nobody waits for longer than needed"


async def test_those_who_wait_go_in_the_order_they_came() -> None:
    clock = Clock()
    window = RequestLimiter(Cloakroom(clock=clock).acquire, RateLimit("g", 2, 60), sleep=clock.sleep)
    order: list[int] = []

    async def enter(n: int) -> None:
        await window.acquire()
        order.append(n)

    await asyncio.gather(*map(enter, range(9)))

    assert order == list(range(9))


async def test_who_leaves_the_line_takes_nobodys_place() -> None:
    window = RequestLimiter(Cloakroom().acquire, RateLimit("g", 1, 0.2))
    await window.acquire()
    first, second = (asyncio.create_task(window.acquire()) for _ in range(2))
    await asyncio.sleep(0.05)
    first.cancel()
    started = asyncio.get_running_loop().time()
    await second

    assert asyncio.get_running_loop().time() - started < 0.2


async def test_every_call_but_the_list_of_models_counts(client: Client, emulator: Emulator) -> None:
    async with client(requests_per_minute=3) as onemin:
        thread = await onemin.begin(prompt().conversation, "cats")
        await told(onemin, prompt("What is it?", photo(), thread=thread))
        assert await onemin.models()
        waiting = asyncio.create_task(told(onemin, prompt()))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        waiting.cancel()

    assert [seen.path for seen in emulator.seen].count("/api/chat-with-ai") == 1


async def test_processes_share_what_the_account_may_ask_and_none_of_them_starves() -> None:
    clock = Clock()
    gate = Cloakroom(clock=clock)
    here, there = (RequestLimiter(gate.acquire, RateLimit("g", 4, 60), sleep=clock.sleep) for _ in range(2))
    came: list[tuple[float, RequestLimiter]] = []

    async def enter(window: RequestLimiter) -> None:
        await window.acquire()
        came.append((clock.now, window))

    await asyncio.gather(*(enter(window) for _ in range(20) for window in (here, there)))

    times = [at for at, _ in came]
    assert all(later - earlier > 59.999 for earlier, later in zip(times, times[4:], strict=False))
    first_half = [window for _, window in came[:20]]
    assert min(first_half.count(here), first_half.count(there)) >= 5


async def test_clients_with_one_key_count_together_and_another_key_counts_alone(client: Client) -> None:
    limit = {"requests_per_minute": 2}
    async with client(**limit) as one, client(**limit) as other, client(key="another", **limit) as stranger:
        await one.begin(prompt().conversation, "cats")
        await other.begin(prompt().conversation, "cats")
        waiting = asyncio.create_task(other.begin(prompt().conversation, "cats"))
        with pytest.raises(Refused):  # the emulator does not know that key
            await stranger.begin(prompt().conversation, "cats")
        assert not waiting.done()
        waiting.cancel()


async def test_where_nobody_counts_nothing_is_booked(client: Client, cloakroom: Cloakroom) -> None:
    async with client(requests_per_minute=None) as onemin:
        await onemin.begin(prompt().conversation, "cats")
    assert not cloakroom.passed

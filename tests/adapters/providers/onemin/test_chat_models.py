"""What can be asked: the live list while it can be had, and an honest old one when not."""

import json
import re
from pathlib import Path
from typing import Any

from adapters.providers.onemin.chat_models import read_models, shipped_models
from adapters.providers.onemin.endpoints import FEATURES, UNIFIED
from adapters.providers.onemin.provider import MODEL_FOR_CHECKS
from adapters.providers.onemin.settings import OneMinSettings
from emulator import Emulator
from tests.adapters.providers.onemin.conftest import Client


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

    assert len(models) == 68
    assert sum(model.sees for model in models) == 38


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

    assert "2026-03-29" in listed["readme"]
    assert sum(model.sees for model in read_models([listed], FEATURES)) == 23
    assert {"gpt-4o", "gpt-4o-mini", "gpt-5", "gemini-2.5-pro"} <= {row["modelId"] for row in listed["models"]}


def test_no_model_is_named_in_the_code_but_the_one_for_checks_and_the_default() -> None:
    folder = Path(__file__).parents[4] / "adapters/providers/onemin"
    code = "\n".join(path.read_text() for path in folder.glob("*.py"))
    ids = [row["modelId"] for row in json.loads((folder / "models.json").read_text())["models"]]

    named = {id for id in ids if re.search(rf'"{re.escape(id)}"', code)}
    assert named == {MODEL_FOR_CHECKS, OneMinSettings.default_model}

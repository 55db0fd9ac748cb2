"""The models that make something are listed with what they cost."""

from typing import Any

import pytest

from adapters.providers.onemin.generation_models import read_tools, shipped_tools
from adapters.providers.onemin.generation_params import DEFAULT_MODELS, FEATURES


def listed(*rows: Any) -> Any:
    return {"models": list(rows), "total": len(rows)}


def row(id: str, feature: str = "IMAGE_GENERATOR", credits: Any = None, **more: Any) -> Any:
    return {"modelId": id, "name": id.title(), "features": [feature], "creditMetadata": credits, **more}


@pytest.mark.parametrize("craft", FEATURES)
def test_the_shipped_list_has_somebody_for_every_craft_and_the_usual_one_first(craft: str) -> None:
    assert read_tools(shipped_tools(), craft)[0].id == DEFAULT_MODELS[craft][0]


@pytest.mark.parametrize(
    ("credits", "price"),
    [
        ({"ALL": 3_000}, "3,000 credits"),
        ({"low": {"1024x1024": 5_000}, "high": {"1024x1024": 36_000}, "INPUT": 2}, "5,000–36,000 credits"),
        ({"fast": 10_000, "relax": 5_000, "describe": 99_000}, "5,000–10,000 credits"),
        ({"recraftv3": {"IMAGE_UPSCALER": {"crisp": 4_000}, "IMAGE_GENERATOR": 40_000}}, "40,000 credits"),
        ({"IMAGE_GENERATOR": 7}, "7 credits"),
        ({"ALL": True}, ""),
        ({}, ""),
        (None, ""),
        ("free", ""),
    ],
)
def test_the_price_is_told_from_the_cheapest_to_the_dearest(credits: Any, price: str) -> None:
    [model] = read_tools(listed(row("brush", credits=credits)), "imagine")

    assert model.price == price


def test_only_those_that_work_and_can_do_it_are_listed() -> None:
    models = read_tools(
        listed(row("on"), row("off", status="DISABLED"), row("whisper-1", "SPEECH_TO_TEXT"), {"name": "nobody"}, None),
        "imagine",
    )

    assert [model.id for model in models] == ["on"]


def test_without_the_usual_one_the_next_usual_one_comes_first_else_the_first() -> None:
    assert [model.id for model in read_tools(listed(row("a"), row("dall-e-3")), "imagine")] == ["dall-e-3", "a"]
    assert [model.id for model in read_tools(listed(row("b"), row("a")), "imagine")] == ["b", "a"]


@pytest.mark.parametrize("nonsense", [None, [], "models", {"models": None}, {"models": "all"}])
def test_what_is_no_list_is_an_empty_one(nonsense: Any) -> None:
    assert read_tools(nonsense, "imagine") == []

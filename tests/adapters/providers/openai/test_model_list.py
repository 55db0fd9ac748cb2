"""Which models chat, which see, and what they cost, as far as a list tells."""

import time
from typing import Any

import pytest

from adapters.providers.openai.model_list import ListedModel, is_list, list_named_models, read_models
from bot.messages import Model, Usage


def listed(*rows: Any, named: tuple[str, ...] = ()) -> dict[str, Model]:
    return {each.model.id: each.model for each in read_models({"object": "list", "data": list(rows)}, named)}


def sees(id: str, **row: Any) -> bool:
    return listed({"id": id, **row})[id].sees


SEEING = """
gpt-4o gpt-4o-mini gpt-4o-2024-08-06 chatgpt-4o-latest gpt-4-turbo gpt-4.1 gpt-4.1-nano gpt-5 gpt-5-mini gpt-5.2 o1 o3
o4-mini openai/gpt-5-2025-08-07 claude-3-opus-20240229 claude-sonnet-4-20250514 anthropic/claude-opus-4.1
anthropic/claude-sonnet-4.5 gemini-1.5-pro google/gemini-2.5-flash models/gemini-2.0-flash gemma3:4b
google/gemma-3-27b-it llava:13b bakllava moondream qwen2.5-vl-72b-instruct qwen/qwen-vl-plus qwen2.5vl:7b qwen3-vl:8b
baidu/ernie-4.5-vl-28b-a3b pixtral-12b-2409 llama-4-scout-17b-16e-instruct meta-llama/Llama-4-Maverick llama3.2-vision
minicpm-v:8b OpenGVLab/InternVL2-8B alibaba/qwen3.5-omni-flash x-ai/grok-4-fast-reasoning glm-4v glm-4.5v
microsoft/Phi-4-multimodal-instruct
""".split()  # noqa: SIM905
BLIND = """
gpt-3.5-turbo gpt-4 gpt-4-0613 o1-mini o3-mini gpt-oss-120b deepseek-chat deepseek-r1 llama3.1:8b mistral-large-latest
qwen2.5:7b mixtral-8x7b command-r-plus kimi-k2 claude-2.1 phi3 glm-4 gemma2:9b
""".split()  # noqa: SIM905


@pytest.mark.parametrize("id", SEEING)
def test_by_its_name_it_sees(id: str) -> None:
    assert sees(id)


@pytest.mark.parametrize("id", BLIND)
def test_by_its_name_it_does_not_see(id: str) -> None:
    assert not sees(id)


def test_what_the_list_says_is_worth_more_than_a_name() -> None:
    assert sees("mine", capabilities=["streaming", "vision"])
    assert sees("mine", modalities={"input": ["image", "text"], "output": ["text"]})
    assert sees("mine", architecture={"input_modalities": ["text", "image"], "output_modalities": ["text"]})
    assert sees("mine", input_modalities=["TEXT", "IMAGE"])
    assert sees("mine", capabilities={"vision": True, "completion_chat": True})
    assert sees("mine", supported_input_modalities=["text", "image"])  # GitHub Models
    assert sees("mine", architecture={"modality": "text+image->text"})  # OpenRouter once, Nebius
    assert sees("mine", supports_image_input=True)  # Fireworks
    assert sees("mine", type="vlm")  # LM Studio
    assert not sees("gpt-4o", architecture={"modality": "text->text"})
    assert not sees("llava", supports_image_input=False)
    assert not sees("gpt-4o", capabilities=["streaming"])
    assert not sees("gpt-4o", capabilities=[], modalities={"input": ["text"]})
    assert not sees("pixtral-12b", capabilities={"vision": False})
    assert sees("gpt-4o", capabilities=None, modalities=None, architecture=None)


def test_whom_the_operator_named_is_taken_to_see_unless_something_else_is_said() -> None:
    models = listed(
        {"id": "mine"}, {"id": "other"}, {"id": "blind", "capabilities": ["tools"]}, named=("mine", "blind")
    )

    assert [(id, model.sees) for id, model in models.items()] == [("mine", True), ("other", False), ("blind", False)]


@pytest.mark.parametrize(
    "row",
    [
        {"id": id}
        for id in (
            "text-embedding-3-large", "whisper-1", "tts-1-hd", "dall-e-3", "gpt-image-1", "omni-moderation-latest",
            "bge-m3", "jina-reranker-v2", "gpt-4o-realtime-preview", "gpt-4o-mini-tts", "gpt-4o-transcribe",
            "gpt-4o-audio-preview", "flux-pro", "stable-diffusion-xl", "sora-2", "midjourney", "llama-guard",
        )
    ]
    + [
        {"id": "mine", "type": "openai/image-generations"},
        {"id": "mine", "type": "internal/video-generations/submit"},
        {"id": "mine", "type": "embedding"},
        {"id": "mine", "modalities": {"input": ["text"], "output": ["image"]}},
        {"id": "mine", "architecture": {"output_modalities": ["audio"]}},
        {"id": "mine", "supported_endpoint_types": ["image-generation"]},
    ],
)  # fmt: skip
def test_what_does_not_chat_is_left_out(row: Any) -> None:
    assert listed(row) == {}


@pytest.mark.parametrize(
    "row",
    [
        {"type": "openai/chat-completions"},
        {"type": "chat"},
        {"type": "model"},
        {"type": None},
        {"supported_endpoint_types": ["anthropic", "openai"]},
        {"modalities": {"input": ["text"], "output": ["text", "image"]}},
    ],
)
def test_what_chats_stays(row: Any) -> None:
    assert list(listed({"id": "mine", **row})) == ["mine"]


def unit(origin: str, price: float, **more: Any) -> dict[str, Any]:
    """A rate of AI/ML API, which measures the output even of a prompt."""
    return {"name": "token", "measure": "output", "origin": origin, "price": price, "per": 1_000_000, **more}


AIMLAPI_ROW = {
    "id": "openai/gpt-4o",
    "info": {"name": "GPT-4o", "developer": "Open AI"},
    "type": "openai/chat-completions",
    "aliases": ["gpt-4o"],
    "capabilities": ["vision"],
    "pricing": {
        "kind": "fixed",
        "currency": "USD",
        "units": [
            unit("cached", 0.26),
            unit("provided", 9, name="image"),
            unit("provided", 2.6),
            unit("generated", 0.013, per=1_000),
        ],
    },
}


def test_ai_ml_api_tells_everything_and_its_other_names_come_last() -> None:
    [first, other, alias] = read_models({"data": [AIMLAPI_ROW, {"id": "mine"}]})

    assert first.model == Model(
        id="openai/gpt-4o", name="GPT-4o", sees=True, price="2.6 / 13 dollars per million tokens in/out"
    )
    assert (first.input_price, first.output_price) == (2.6, 13)
    assert other.model.id == "mine"
    assert alias.model == Model(id="gpt-4o", name="GPT-4o", sees=True, price=first.model.price)


@pytest.mark.parametrize(
    ("pricing", "price"),
    [
        ({"prompt": "0.0000025", "completion": "0.00001"}, "2.5 / 10 dollars per million tokens in/out"),
        ({"prompt": "0", "completion": "0"}, "0 / 0 dollars per million tokens in/out"),
        ({"prompt": "-1", "completion": "-1"}, ""),
        ({"prompt": "a lot", "completion": None}, ""),
        ({"kind": "fixed", "units": [unit("generated", 3.25)]}, "3.25 dollars per million tokens out"),
        ({"kind": "fixed", "units": [unit("provided", 3)]}, "3 dollars per million tokens in"),
        ({"kind": "fixed", "units": [unit("provided", 3, per=0), "x", None]}, ""),
        ({"kind": "fixed", "units": [{"measure": "output", "price": 3.25, "per": 1e6}]}, ""),
        (
            {"kind": "fixed", "units": [{"measure": side, "price": 3, "per": 1e6} for side in ("input", "output")]},
            "3 / 3 dollars per million tokens in/out",
        ),
        ({"kind": "fixed", "units": None}, ""),
        ({"kind": "variants", "variants": [{"price": 1}]}, ""),
        ("free", ""),
        (None, ""),
    ],
)
def test_prices_are_told_for_a_million_tokens(pricing: Any, price: str) -> None:
    assert listed({"id": "mine", "pricing": pricing})["mine"].price == price


def test_an_answer_costs_what_its_tokens_cost() -> None:
    priced = ListedModel(Model(id="mine", name="mine", sees=True), 2.5, 10.0)

    assert priced.cost(Usage(None, 1_000, 100)) == 0.0035
    assert priced.cost(Usage(None, 1_000, None)) is None
    assert ListedModel(priced.model, 2.5).cost(Usage(None, 1_000, 100)) is None


def test_where_there_is_no_list_the_named_models_stand_in() -> None:
    assert [each.model for each in list_named_models(["mine", "mine", "other"])] == [
        Model(id="mine", name="mine", sees=True),
        Model(id="other", name="other", sees=True),
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"data": [{"id": "mine"}]},
        {"models": [{"id": "mine"}]},
        [{"id": "mine"}],
        {
            "data": [
                None,
                5,
                {},
                {"id": None},
                {"id": ""},
                {"id": "mine", "name": 5, "aliases": "x"},
                {"id": "mine"},
            ]
        },
    ],
)
def test_lists_of_any_shape_are_read_as_far_as_they_make_sense(body: Any) -> None:
    assert [each.model.id for each in read_models(body)] == ["mine"]


NAMED_OTHERWISE = [
    {"models": [{"name": "llava:latest", "model": "llava:latest", "digest": "1"}]},  # Ollama's own
    {"result": [{"name": "llava:latest"}], "success": True},
    {"data": ["llava:latest"]},
    {"items": [{"model": "llava:latest"}]},
    ["llava:latest"],
]


@pytest.mark.parametrize("body", NAMED_OTHERWISE)
def test_ids_may_be_called_otherwise(body: Any) -> None:
    assert is_list(body)
    assert [(each.model.id, each.model.sees) for each in read_models(body)] == [("llava:latest", True)]


@pytest.mark.parametrize("body", [None, {}, [], "x", {"data": None}, {"data": "x"}])
def test_no_list_is_no_models(body: Any) -> None:
    assert list(read_models(body)) == []


def test_names_of_models_that_are_told_are_shown() -> None:
    assert listed({"id": "a", "name": "A."})["a"].name == "A."
    assert listed({"id": "a", "display_name": "A."})["a"].name == "A."
    assert listed({"id": "a"})["a"].name == "a"


def test_a_thousand_models_are_read_in_no_time() -> None:
    started = time.thread_time()
    rows = [{**AIMLAPI_ROW, "id": f"maker/model-{n}-{'x' * 60}", "aliases": [f"alias-{n}"]} for n in range(1_000)]
    rows += [{"id": f"maker/model-{n}-{'vl-' * 30}"} for n in range(1_000)]

    assert len(read_models({"data": rows})) == 3_000
    assert time.thread_time() - started < 2

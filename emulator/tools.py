"""The tools: models that make pictures and sounds, with the prices of 2026-03-29 in credits.

Only those whose parameters are documented; the real list is longer. What a price counts is not written down. Compared
with the makers' own price lists it is a picture, a job of four pictures (Magic Art), a second of sound to hear, a
character of text to speak.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.payloads import model_row

Prices = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tool:
    """A model that does something else than chat."""

    id: str
    provider: str | None  # the list has none for Google's ears
    group: str
    family: str  # tools of one family take the same parameters
    features: tuple[str, ...]
    prices: Prices

    @property
    def row(self) -> dict[str, Any]:
        """The tool as `GET /models` shows it: without modalities."""
        return model_row(self.id, self.provider, self.group, self.features, self.prices, None)


def _sizes(square: int, other: int) -> Prices:
    return {"1024x1024": square, "1024x1536": other, "1536x1024": other}


def _dalle(square: int, other: int) -> Prices:
    return {"1024x1024": square, "1024x1792": other, "1792x1024": other}


def _flux(name: str, price: int, family: str, *features: str) -> Tool:
    return Tool(f"black-forest-labs/{name}", "replicate", "black_forest_labs/flux", family, features, {"ALL": price})


def _art(id: str, group: str, *more: str) -> Tool:
    prices = {"fast": 10_000, "relax": 5_000, "describe": 10_000}
    return Tool(id, "ttapi", group, "art", ("IMAGE_GENERATOR", *more, "IMAGE_VARIATOR"), prices)


def _ear(id: str, price: int) -> Tool:
    return Tool(id, None, "google/stt", "google", ("SPEECH_TO_TEXT",), {"ALL": price})


_GPT = ("IMAGE_GENERATOR", "IMAGE_EDITOR")
_RECRAFT = {
    "recraftv3": {
        "IMAGE_UPSCALER": {"crisp": 4_000},
        "IMAGE_VARIATOR": 40_000,
        "BACKGROUND_REMOVER": 10_000,
        "IMAGE_OBJECT_REMOVER": 10_000,
        "BACKGROUND_REPLACER": 40_000,
    },
}
_METHEXIS = "methexis-inc/img2prompt:50adaf2d3ad20a6f911a8a9e3ccf777b263b8596fbd2c8fc26e8888f8a0edbb5"

_TOOLS = (
    Tool(
        "gpt-image-1",
        "openai",
        "openai/image",
        "gpt-image-1",
        _GPT,
        {"low": _sizes(11_000, 16_000), "medium": _sizes(42_000, 63_000), "high": _sizes(167_000, 250_000), "INPUT": 5},
    ),
    Tool(
        "gpt-image-1-mini",
        "openai",
        "openai/image",
        "gpt-image-1-mini",
        _GPT,
        {"low": _sizes(5_000, 6_000), "medium": _sizes(11_000, 15_000), "high": _sizes(36_000, 52_000), "INPUT": 2},
    ),
    # It came after the list was taken; its prices, for a megapixel, are a guess.
    Tool(
        "gpt-image-2", "openai", "openai/image", "gpt-image-2", _GPT, {"low": 11_000, "medium": 42_000, "high": 167_000}
    ),
    Tool(
        "dall-e-3",
        "openai",
        "openai/dalle",
        "dall-e-3",
        ("IMAGE_GENERATOR",),
        {"standard": _dalle(40_000, 80_000), "hd": _dalle(80_000, 120_000), "INPUT": 0},
    ),
    Tool(
        "dall-e-2",
        "openai",
        "openai/dalle",
        "dall-e-2",
        ("IMAGE_GENERATOR", "IMAGE_VARIATOR"),
        {"256x256": 16_000, "512x512": 18_000, "1024x1024": 20_000},
    ),
    _flux("flux-schnell", 3_000, "flux-schnell", "IMAGE_GENERATOR"),
    _flux("flux-dev", 25_000, "flux", "IMAGE_GENERATOR"),
    _flux("flux-krea-dev", 25_000, "flux", "IMAGE_GENERATOR"),
    _flux("flux-1.1-pro", 40_000, "flux-pro", "IMAGE_GENERATOR"),
    _flux("flux-redux-schnell", 3_000, "flux-redux", "IMAGE_VARIATOR"),
    _flux("flux-redux-dev", 25_000, "flux-redux", "IMAGE_VARIATOR"),
    _flux("flux-kontext-pro", 40_000, "flux-kontext", "IMAGE_EDITOR"),
    _flux("flux-kontext-max", 80_000, "flux-kontext", "IMAGE_EDITOR"),
    _flux("flux-kontext-dev", 25_000, "flux-kontext-dev", "IMAGE_EDITOR"),
    _art("magic-art_7_0", "magic-art"),
    _art("magic-art_6_1", "magic-art"),
    _art("magic-art", "magic-art", "IMAGE_TO_PROMPT"),
    _art("midjourney_7_0", "midjourney/midjourney"),
    _art("midjourney_6_1", "midjourney/midjourney"),
    _art("midjourney", "midjourney/midjourney", "IMAGE_TO_PROMPT"),
    Tool(
        "recraft",
        "recraft",
        "recraft",
        "recraft",
        ("BACKGROUND_REMOVER", "IMAGE_UPSCALER", "IMAGE_VARIATOR", "IMAGE_OBJECT_REMOVER", "BACKGROUND_REPLACER"),
        _RECRAFT,
    ),
    Tool(
        "stable-image",
        "stabilityai",
        "stabilityai/stable_image",
        "stable-image",
        ("BACKGROUND_REMOVER", "IMAGE_UPSCALER"),
        {"BACKGROUND_REMOVER": 20_000, "IMAGE_UPSCALER": 10_000},
    ),
    Tool(
        "clipdrop",
        "clipdrop",
        "clipdrop/stable_diffusion",
        "clipdrop",
        ("BACKGROUND_REMOVER", "TEXT_REMOVER"),
        {"BACKGROUND_REMOVER": 50_000, "TEXT_REMOVER": 20_000},
    ),
    Tool("kling", "kling", "kling", "kling", ("IMAGE_TO_VIDEO",), {"ALL": 100_000}),  # its price is a guess
    Tool(_METHEXIS, "replicate", "stabilityai/stable_diffusion", "methexis", ("IMAGE_TO_PROMPT",), {"ALL": 8_000}),
    Tool("whisper-1", "openai", "openai/whisper", "whisper", ("SPEECH_TO_TEXT",), {"ALL": 100}),
    Tool("qwen3-asr-flash", "alibaba", "alibaba/qwen", "qwen-asr", ("SPEECH_TO_TEXT",), {"ALL": 35}),
    *(_ear(id, 400) for id in ("telephony_short", "telephony", "phone_call", "latest_short", "latest_long")),
    *(_ear(id, 1_300) for id in ("medical_dictation", "medical_conversation")),
    Tool("tts-1", "openai", "openai/tts", "tts", ("TEXT_TO_SPEECH",), {"ALL": 15}),
    Tool("tts-1-hd", "openai", "openai/tts", "tts", ("TEXT_TO_SPEECH",), {"ALL": 30}),
)

TOOLS: dict[str, Tool] = {tool.id: tool for tool in _TOOLS}


def price(tool: Tool, feature: str, prompt: Mapping[str, Any], units: int) -> int:
    """Return what a request costs. `units` are its pictures, seconds or characters."""
    prices = tool.prices
    if "ALL" in prices:
        return int(prices["ALL"]) * units
    if tool.family == "art":
        return int(prices[prompt["mode"]])
    if tool.family == "recraft":
        found = prices["recraftv3"][feature]
        return units * int(found["crisp"] if isinstance(found, Mapping) else found)
    if feature in prices:
        return int(prices[feature]) * units
    return units * _of_size(prices, prompt)


def _of_size(prices: Prices, prompt: Mapping[str, Any]) -> int:
    size = prompt["size"]
    if size in prices:
        return int(prices[size])
    found = prices[prompt["quality"]]
    if isinstance(found, Mapping):
        return int(found[size])
    width, height = map(int, size.split("x"))
    return round(int(found) * width * height / 1024**2)

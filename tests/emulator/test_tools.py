from typing import Any

import pytest

from emulator.models import listing
from emulator.tools import TOOLS, price


@pytest.mark.parametrize(
    ("model", "feature", "prompt", "units", "credits"),
    [
        ("gpt-image-1", "IMAGE_GENERATOR", {"quality": "medium", "size": "1024x1024"}, 2, 84_000),
        ("gpt-image-1-mini", "IMAGE_EDITOR", {"quality": "low", "size": "1536x1024"}, 1, 6_000),
        ("gpt-image-2", "IMAGE_GENERATOR", {"quality": "low", "size": "2048x1024"}, 1, 22_000),
        ("dall-e-3", "IMAGE_GENERATOR", {"quality": "hd", "size": "1024x1792"}, 1, 120_000),
        ("dall-e-2", "IMAGE_VARIATOR", {"size": "256x256"}, 3, 48_000),
        ("black-forest-labs/flux-schnell", "IMAGE_GENERATOR", {}, 4, 12_000),
        ("magic-art", "IMAGE_GENERATOR", {"mode": "relax"}, 4, 5_000),
        ("midjourney", "IMAGE_TO_PROMPT", {"mode": "describe"}, 1, 10_000),
        ("recraft", "IMAGE_UPSCALER", {}, 1, 4_000),
        ("recraft", "BACKGROUND_REMOVER", {}, 1, 10_000),
        ("recraft", "IMAGE_VARIATOR", {"size": "1024x1024"}, 2, 80_000),
        ("stable-image", "IMAGE_UPSCALER", {}, 1, 10_000),
        ("clipdrop", "BACKGROUND_REMOVER", {}, 1, 50_000),
        ("whisper-1", "SPEECH_TO_TEXT", {}, 60, 6_000),
        ("qwen3-asr-flash", "SPEECH_TO_TEXT", {}, 60, 2_100),
        ("tts-1", "TEXT_TO_SPEECH", {}, 100, 1_500),
    ],
)
def test_prices_are_those_of_the_list(
    model: str, feature: str, prompt: dict[str, Any], units: int, credits: int
) -> None:
    assert price(TOOLS[model], feature, prompt, units) == credits


@pytest.mark.parametrize(
    ("feature", "models"),
    [
        ("BACKGROUND_REMOVER", {"recraft", "stable-image", "clipdrop"}),
        ("IMAGE_UPSCALER", {"recraft", "stable-image"}),
        ("TEXT_TO_SPEECH", {"tts-1", "tts-1-hd"}),
    ],
)
def test_each_feature_lists_its_tools(feature: str, models: set[str]) -> None:
    rows = listing(feature)["models"]
    assert {row["modelId"] for row in rows} == models
    assert all(feature in row["features"] and row["creditMetadata"] and row["modality"] is None for row in rows)


def test_a_row_shows_the_prices_as_the_real_list_has_them() -> None:
    whisper = next(row for row in listing("SPEECH_TO_TEXT")["models"] if row["modelId"] == "whisper-1")
    assert (whisper["creditMetadata"], whisper["group"], whisper["provider"]) == (
        {"ALL": 100},
        "openai/whisper",
        "openai",
    )
    google = next(row for row in listing("SPEECH_TO_TEXT")["models"] if row["modelId"] == "latest_short")
    assert google["provider"] is None


def test_chats_about_documents_and_videos_are_listed() -> None:
    assert listing("CHAT_WITH_PDF")["total"] == 28
    assert listing("CHAT_WITH_YOUTUBE_VIDEO")["total"] == 50

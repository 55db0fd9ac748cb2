from typing import Any

import pytest

from emulator.media_requests import MediaRequest, check
from emulator.parameters import RULES
from emulator.payloads import ApiError, Body
from emulator.tools import TOOLS

CAT = {"prompt": "a cat"}
PHOTO = {"imageUrl": "images/cat.jpg"}
SOUND = {"audioUrl": "documents/voice.ogg"}
HELLO = {"text": "Hello", "voice": "nova"}


def order(type: str, model: Any, prompt: Any) -> MediaRequest:
    return check({"type": type, "model": model, "promptObject": prompt})


def refused(type: str, model: Any, prompt: Any) -> tuple[int, Body]:
    with pytest.raises(ApiError) as wrong:
        order(type, model, prompt)
    return wrong.value.status, wrong.value.body


def test_every_tool_on_the_shelf_has_its_parameters() -> None:
    assert set(RULES) == {(feature, tool.family) for tool in TOOLS.values() for feature in tool.features}


@pytest.mark.parametrize(
    ("type", "model", "prompt"),
    [
        ("IMAGE_GENERATOR", "gpt-image-1", CAT),
        ("IMAGE_GENERATOR", "gpt-image-1", CAT | {"n": 10, "size": "1536x1024", "quality": "low", "style": "natural"}),
        ("IMAGE_GENERATOR", "gpt-image-2", CAT | {"size": "1024x640", "quality": "high"}),
        ("IMAGE_GENERATOR", "dall-e-3", CAT | {"n": 1, "size": "1792x1024", "quality": "hd", "style": None}),
        (
            "IMAGE_GENERATOR",
            "black-forest-labs/flux-schnell",
            CAT | {"num_outputs": 1, "aspect_ratio": "1:1", "output_format": "webp"},
        ),
        ("IMAGE_GENERATOR", "magic-art", CAT | {"mode": "relax", "n": 4, "aspect_width": 3, "aspect_height": 2}),
        (
            "IMAGE_VARIATOR",
            "midjourney",
            PHOTO
            | {"mode": "fast", "n": 4, "isNiji6": False, "aspect_width": 1, "aspect_height": 1}
            | {"maintainModeration": True},
        ),
        ("IMAGE_EDITOR", "gpt-image-1", PHOTO | CAT | {"n": 1, "size": "1024x1024"}),
        ("IMAGE_EDITOR", "black-forest-labs/flux-kontext-pro", PHOTO | CAT),
        ("BACKGROUND_REMOVER", "clipdrop", PHOTO),
        ("IMAGE_UPSCALER", "stable-image", PHOTO | {"output_format": "webp"}),
        ("IMAGE_TO_PROMPT", "midjourney", PHOTO | {"mode": "describe", "n": 1}),
        ("SPEECH_TO_TEXT", "whisper-1", SOUND | {"response_format": "text", "language": "en"}),
        ("SPEECH_TO_TEXT", "qwen3-asr-flash", SOUND | {"enable_itn": True}),
        ("SPEECH_TO_TEXT", "latest_short", SOUND | {"language": "cmn-Hans-CN"}),
        ("TEXT_TO_SPEECH", "tts-1-hd", HELLO | {"response_format": "opus", "speed": 0.25}),
    ],
)
def test_what_is_documented_passes(type: str, model: str, prompt: Body) -> None:
    assert order(type, model, prompt).sent == prompt


@pytest.mark.parametrize(
    ("type", "model", "prompt", "field"),
    [
        ("IMAGE_GENERATOR", "gpt-image-1", {}, "prompt"),
        ("IMAGE_GENERATOR", "gpt-image-1", {"prompt": ""}, "prompt"),
        ("IMAGE_GENERATOR", "gpt-image-1", CAT | {"n": 11}, "n"),
        ("IMAGE_GENERATOR", "gpt-image-1", CAT | {"n": "1"}, "n"),
        ("IMAGE_GENERATOR", "gpt-image-1", CAT | {"n": True}, "n"),
        ("IMAGE_GENERATOR", "gpt-image-1", CAT | {"size": 1024}, "size"),
        ("IMAGE_GENERATOR", "gpt-image-1", CAT | {"output_format": "gif"}, "output_format"),
        ("IMAGE_GENERATOR", "gpt-image-1", CAT | {"colour": "red"}, "colour"),
        ("IMAGE_GENERATOR", "gpt-image-2", CAT | {"quality": "low"}, "size"),
        ("IMAGE_GENERATOR", "gpt-image-2", CAT | {"size": "1024x1024"}, "quality"),
        ("IMAGE_GENERATOR", "gpt-image-2", {"prompt": "x" * 4_001, "size": "1024x1024", "quality": "low"}, "prompt"),
        ("IMAGE_GENERATOR", "dall-e-3", CAT | {"n": 2}, "n"),
        ("IMAGE_GENERATOR", "black-forest-labs/flux-schnell", CAT | {"aspect_ratio": "7:5"}, "aspect_ratio"),
        ("IMAGE_GENERATOR", "black-forest-labs/flux-schnell", CAT | {"num_inference_steps": 5}, "num_inference_steps"),
        ("IMAGE_GENERATOR", "magic-art", CAT | {"n": 1}, "n"),
        ("IMAGE_VARIATOR", "dall-e-2", {}, "imageUrl"),
        ("IMAGE_EDITOR", "gpt-image-1", PHOTO | CAT | {"n": 1}, "size"),
        ("IMAGE_TO_PROMPT", "magic-art", PHOTO | {"n": 1}, "mode"),
        ("SPEECH_TO_TEXT", "whisper-1", SOUND, "response_format"),
        ("SPEECH_TO_TEXT", "whisper-1", SOUND | {"response_format": "text", "language": "English"}, "language"),
        ("SPEECH_TO_TEXT", "latest_long", SOUND, "language"),
        ("SPEECH_TO_TEXT", "latest_long", SOUND | {"language": "en"}, "language"),
        ("TEXT_TO_SPEECH", "tts-1", {"text": "Hello"}, "voice"),
        ("TEXT_TO_SPEECH", "tts-1", HELLO | {"text": "x" * 4_097}, "text"),
        ("TEXT_TO_SPEECH", "tts-1", HELLO | {"speed": 4.1}, "speed"),
        ("TEXT_TO_SPEECH", "tts-1", HELLO | {"voice": "nobody"}, "voice"),
    ],
)
def test_anything_else_is_refused_by_its_field(type: str, model: str, prompt: Body, field: str) -> None:
    status, body = refused(type, model, prompt)
    assert (status, body["error"]["code"]) == (422, "PROMPT_OBJECT_VALIDATION_FAILED")
    assert [detail["field"] for detail in body["error"]["details"]] == [field]


@pytest.mark.parametrize("size", ["1000x1000", "512x512", "4096x1024", "3840x512", "3840x3840", "1024", "1024×1024"])
def test_sizes_beyond_the_limits_of_a_free_size_are_refused(size: str) -> None:
    assert refused("IMAGE_GENERATOR", "gpt-image-2", CAT | {"size": size, "quality": "low"})[0] == 422


def test_openai_complains_about_sizes_in_its_own_words() -> None:
    status, body = refused("IMAGE_GENERATOR", "dall-e-2", CAT | {"size": "10x10"})
    assert (status, body["errorCode"]) == (400, "OPEN_AI_UNEXPECTED_ERROR")
    assert body["message"] == "Invalid value: '10x10'. Supported values are: '256x256', '512x512', '1024x1024'."


def test_a_model_nobody_knows_is_not_supported() -> None:
    assert refused("IMAGE_GENERATOR", "dall-e-9", CAT) == (
        400,
        {"errorCode": "UNSUPPORTED_MODEL", "message": "Model dall-e-9 is not supported"},
    )


def test_a_model_for_something_else_is_invalid() -> None:
    message = "Invalid model whisper-1 for AI feature IMAGE_GENERATOR!"
    assert refused("IMAGE_GENERATOR", "whisper-1", CAT) == (400, {"message": message})


@pytest.mark.parametrize(("model", "prompt"), [(None, CAT), ("", CAT), (7, CAT), ("dall-e-2", None), ("dall-e-2", [])])
def test_a_body_needs_a_model_and_a_prompt_object(model: Any, prompt: Any) -> None:
    assert refused("IMAGE_GENERATOR", model, prompt)[1]["errorCode"] == "REQUEST_BODY_VALIDATION_FAILED"


def test_what_is_left_out_has_its_default() -> None:
    assert order("TEXT_TO_SPEECH", "tts-1", HELLO | {"speed": None}).prompt == HELLO | {
        "response_format": "mp3",
        "speed": 1.0,
    }

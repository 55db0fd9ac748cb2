"""The parameters that each tool takes, as the documentation of its page has it."""

import re
from typing import Any

from emulator.audio import MIMES, VOICES
from emulator.fields import Field, matching, number, one_of, openai, switch, text, whole


def _is_size(value: Any) -> bool:
    """Tell whether `WxH` is what gpt-image-2 draws."""
    if not isinstance(value, str) or not re.fullmatch(r"\d{2,4}x\d{2,4}", value):
        return False
    width, height = map(int, value.split("x"))
    short, long = sorted((width, height))
    return (
        not width % 16 and not height % 16 and 655_360 <= width * height <= 8_294_400 and long <= min(3840, 3 * short)
    )


_PROMPT, _IMAGE = text("prompt", needed=True), text("imageUrl", needed=True)
_SEED = whole("seed", 0, 2**32 - 1)
_RATIOS = ("1:1", "16:9", "9:16", "3:2", "2:3", "4:5", "5:4")
_GPT_SIZES = ("1024x1024", "1024x1536", "1536x1024")
_QUALITIES = ("low", "medium", "high")
_FREE_SIZE = Field("size", _is_size, "must be WxH in steps of 16 pixels, within the limits of the model", True)


def _format(name: str, *formats: str) -> Field:
    return one_of(name, *formats, default=formats[0])


_GPT_LOOKS = (
    _format("output_format", "png", "jpeg", "webp"),
    whole("output_compression", 0, 100, 85),
    one_of("background", "opaque", "transparent", "auto", default="auto"),
)
_GPT_1 = (
    _PROMPT,
    whole("n", 1, 10, 1),
    openai("size", *_GPT_SIZES, default=_GPT_SIZES[0]),
    openai("quality", *_QUALITIES, default="medium"),
    *_GPT_LOOKS,
)
_GPT_1_EDITS = (
    _IMAGE,
    text("prompt", 4_000, needed=True),
    whole("n", 1, 10, needed=True),
    openai("size", *_GPT_SIZES, default=_GPT_SIZES[0], needed=True),
    openai("quality", *_QUALITIES, default="medium"),
    *_GPT_LOOKS,
)
_GPT_2 = (
    text("prompt", 4_000, needed=True),
    _FREE_SIZE,
    one_of("quality", *_QUALITIES, needed=True),
    whole("n", 1, 10, 1),
    *_GPT_LOOKS,
)
_STYLE = openai("style", "vivid", "natural", default="vivid")
_FLUX = (
    _PROMPT,
    whole("num_outputs", 1, 4, 1),
    one_of("aspect_ratio", *_RATIOS, default="1:1"),
    _format("output_format", "webp", "jpg", "png"),
    whole("output_quality", 0, 100, 80),
    one_of("megapixels", "1", "0.25", default="1"),
    switch("go_fast"),
    switch("disable_safety_checker"),
    _SEED,
)
_FLUX_PRO = (
    _PROMPT,
    text("image_prompt"),
    one_of("aspect_ratio", *_RATIOS, "custom", default="1:1"),
    whole("width", 256, 1440, 1024),
    whole("height", 256, 1440, 1024),
    _format("output_format", "webp", "jpg", "png"),
    whole("output_quality", 0, 100, 80),
    whole("safety_tolerance", 0, 6),
    switch("prompt_upsampling"),
    _SEED,
)
_REDUX = (
    _IMAGE,
    _format("format", "webp", "jpg", "png"),
    one_of("aspect_ratio", *_RATIOS, "21:9", "9:21", "4:3", "3:4", default="4:3"),
    whole("num_outputs", 1, 4, 1),
    whole("num_inference_steps", 1, 50),
    whole("output_quality", 1, 100, 80),
    one_of("megapixels", "1", "0.25", default="1"),
    switch("disable_safety_checker"),
    _SEED,
)
_KONTEXT = (
    _IMAGE,
    _PROMPT,
    one_of("aspect_ratio", *_RATIOS, "match_input_image", default="match_input_image"),
    _SEED,
)
_ART = (
    one_of("mode", "fast", "relax", default="fast"),
    whole("n", 4, 4, 4),  # always four
    switch("isNiji6"),
    switch("maintainModeration"),
    whole("aspect_width", 1, 7, 1),
    whole("aspect_height", 1, 7, 1),
)
_ART_MORE = (
    _PROMPT,
    text("negativePrompt"),
    text("no"),
    number("image_weight", 0.5, 2),
    _SEED,
    switch("tile"),
    whole("stylize", 0, 1000),
    whole("chaos", 0, 100),
    whole("weird", 0, 3000),
    text("character_reference"),
    text("style_reference"),
)
_SOUND = text("audioUrl", needed=True)
_GOOGLE_LANGUAGE = r"[a-z]{2,3}(-[A-Za-z0-9]+)+"

RULES: dict[tuple[str, str], tuple[Field, ...]] = {
    ("IMAGE_GENERATOR", "gpt-image-1"): (*_GPT_1, _STYLE),
    ("IMAGE_GENERATOR", "gpt-image-1-mini"): _GPT_1,
    ("IMAGE_GENERATOR", "gpt-image-2"): _GPT_2,
    ("IMAGE_GENERATOR", "dall-e-3"): (
        _PROMPT,
        whole("n", 1, 1, 1),
        openai("size", "1024x1024", "1024x1792", "1792x1024", default="1024x1024"),
        openai("quality", "standard", "hd", default="standard"),
        _STYLE,
    ),
    ("IMAGE_GENERATOR", "dall-e-2"): (
        _PROMPT,
        whole("n", 1, 10, 1),
        openai("size", "256x256", "512x512", "1024x1024", default="1024x1024"),
    ),
    ("IMAGE_GENERATOR", "flux-schnell"): (*_FLUX, whole("num_inference_steps", 1, 4)),
    ("IMAGE_GENERATOR", "flux"): (*_FLUX, whole("num_inference_steps", 1, 50), number("guidance", 0, 10)),
    ("IMAGE_GENERATOR", "flux-pro"): _FLUX_PRO,
    ("IMAGE_GENERATOR", "art"): (*_ART, *_ART_MORE),
    ("IMAGE_VARIATOR", "art"): (_IMAGE, *_ART),
    ("IMAGE_VARIATOR", "dall-e-2"): (
        _IMAGE,
        whole("n", 1, 10, 1),
        openai("size", "256x256", "512x512", "1024x1024", default="1024x1024"),
    ),
    ("IMAGE_VARIATOR", "flux-redux"): _REDUX,
    ("IMAGE_VARIATOR", "recraft"): (
        _IMAGE,
        whole("n", 1, 6, 1),
        matching("size", r"1\d{3}x1\d{3}", "must be WxH", needed=True),
        _format("image_format", "png", "webp"),
        whole("random_seed", 1, 6),
    ),
    ("IMAGE_EDITOR", "gpt-image-1"): _GPT_1_EDITS,
    ("IMAGE_EDITOR", "gpt-image-1-mini"): _GPT_1_EDITS,
    ("IMAGE_EDITOR", "gpt-image-2"): (_IMAGE, *_GPT_2),
    ("IMAGE_EDITOR", "flux-kontext"): (
        *_KONTEXT,
        _format("format", "png", "jpeg", "webp"),
        switch("prompt_upsampling"),
        whole("safety_tolerance", 1, 6),
    ),
    ("IMAGE_EDITOR", "flux-kontext-dev"): (
        *_KONTEXT,
        _format("format", "webp", "png", "jpeg"),
        whole("num_inference_steps", 1, 50),
        number("guidance", 1, 20),
        whole("output_quality", 0, 100, 80),
        switch("disable_safety_checker"),
        switch("go_fast"),
    ),
    ("BACKGROUND_REMOVER", "clipdrop"): (_IMAGE,),
    ("BACKGROUND_REMOVER", "recraft"): (_IMAGE,),
    ("BACKGROUND_REMOVER", "stable-image"): (_IMAGE,),
    ("IMAGE_UPSCALER", "recraft"): (_IMAGE,),
    ("IMAGE_UPSCALER", "stable-image"): (_IMAGE, _format("output_format", "png", "jpeg", "webp")),
    ("TEXT_REMOVER", "clipdrop"): (_IMAGE,),
    # Not documented; other clients send the prompt.
    ("IMAGE_OBJECT_REMOVER", "recraft"): (_IMAGE, _PROMPT),
    ("BACKGROUND_REPLACER", "recraft"): (_IMAGE, _PROMPT),
    # After the page of its text to video.
    ("IMAGE_TO_VIDEO", "kling"): (
        _IMAGE,
        text("prompt"),
        whole("duration", 5, 10, 5),
        one_of("mode", "std", "pro", default="std"),
        text("negative_prompt"),
        text("version"),
        one_of("aspect_ratio", "16:9", "9:16", "1:1", default="16:9"),
    ),
    ("IMAGE_TO_PROMPT", "methexis"): (_IMAGE,),
    ("IMAGE_TO_PROMPT", "art"): (
        _IMAGE,
        one_of("mode", "describe", needed=True),
        whole("n", 1, 10, needed=True),
    ),
    ("SPEECH_TO_TEXT", "whisper"): (
        _SOUND,
        one_of("response_format", "text", "json", needed=True),
        matching("language", r"[a-z]{2,3}", "must be an ISO 639-1 code"),
    ),
    ("SPEECH_TO_TEXT", "qwen-asr"): (
        _SOUND,
        matching("language", r"[a-z]{2,3}", "must be a language code"),
        switch("enable_itn"),
    ),
    ("SPEECH_TO_TEXT", "google"): (
        _SOUND,
        matching("language", _GOOGLE_LANGUAGE, "must be a language code like en-US", needed=True),
    ),
    ("TEXT_TO_SPEECH", "tts"): (
        text("text", 4_096, needed=True),
        one_of("voice", *VOICES, needed=True),
        one_of("response_format", *MIMES, default="mp3"),
        number("speed", 0.25, 4, 1.0),
    ),
}

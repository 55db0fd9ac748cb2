"""The parameters of each model that makes pictures or sound, and the features of 1min.ai that use them.

Parameters are those of the pages about each model in https://docs.1min.ai/docs/api/ai-feature-api (non-streaming
features), of that page's own examples, and of what its clients send. Models without a row get nothing but the
prompt and the photo.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FEATURES: Mapping[str, str] = {
    "imagine": "IMAGE_GENERATOR",
    "vary": "IMAGE_VARIATOR",
    "edit": "IMAGE_EDITOR",
    "cutout": "BACKGROUND_REMOVER",
    "upscale": "IMAGE_UPSCALER",
    "erase": "IMAGE_OBJECT_REMOVER",
    "untext": "TEXT_REMOVER",
    "backdrop": "BACKGROUND_REPLACER",
    "animate": "IMAGE_TO_VIDEO",
    "prompt": "IMAGE_TO_PROMPT",
    "hear": "SPEECH_TO_TEXT",
    "speak": "TEXT_TO_SPEECH",
}

# The defaults: the first one of these that is listed. They are good and not dear.
DEFAULT_MODELS: Mapping[str, tuple[str, ...]] = {
    "imagine": ("gpt-image-1-mini", "gpt-image-1", "black-forest-labs/flux-schnell", "dall-e-3"),
    "vary": ("black-forest-labs/flux-redux-schnell", "black-forest-labs/flux-redux-dev", "recraft", "dall-e-2"),
    "edit": ("gpt-image-1-mini", "gpt-image-1", "black-forest-labs/flux-kontext-pro"),
    "cutout": ("recraft", "stable-image", "clipdrop"),
    "upscale": ("recraft", "stable-image"),
    "erase": ("recraft", "stable-image"),
    "untext": ("clipdrop",),
    "backdrop": ("recraft", "stable-image"),
    "animate": ("kling",),
    "prompt": ("magic-art", "midjourney"),
    "hear": ("whisper-1", "qwen3-asr-flash"),
    "speak": ("tts-1", "tts-1-hd"),
}

NEEDS_PROMPT = ("imagine", "edit", "erase", "backdrop")
TAKES_PROMPT = (*NEEDS_PROMPT, "animate")
NEEDS_PHOTO = ("vary", "edit", "cutout", "upscale", "erase", "untext", "backdrop", "animate", "prompt")
IN_WORDS = ("prompt",)  # whose result is a text

Values = Mapping[str, Mapping[str, Any]]
"""The values that people may choose, each with its fields in the API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationParams:
    """The parameters that a model takes."""

    models: str  # a pattern of their ids
    kinds: tuple[str, ...]
    shapes: Values = field(default_factory=dict)  # sizes, or ratios of width to height; the default one first
    options: Mapping[str, Values] = field(default_factory=dict)  # by name: quality, style, background
    defaults: Mapping[str, Any] = field(default_factory=dict)  # sent unless an option overrides them
    max_prompt_length: int = 4_000  # UTF-16 units
    batch_size: int = 1  # pictures of one request
    max_pictures: int = 10  # of all requests for one answer
    keeps_photo_shape: bool = False  # without an option it keeps the shape of the photo by itself
    allows_free_sizes: bool = False  # sizes that are not listed, within the limits of gpt-image-2

    def matches(self, kind: str, model: str) -> bool:
        """Tell whether these are the parameters of this model."""
        return kind in self.kinds and re.fullmatch(self.models, model, re.IGNORECASE) is not None


def _same_names(name: str, *values: str) -> Values:
    """Return values that have the same name in the API."""
    return {value: {name: value} for value in values}


def _ratios(*ratios: str) -> Values:
    """Return ratios as two numbers."""
    pairs = {ratio: ratio.split(":") for ratio in ratios}
    return {ratio: {"aspect_width": int(w), "aspect_height": int(h)} for ratio, (w, h) in pairs.items()}


_OPENAI_SIZES = _same_names("size", "1024x1024", "1024x1536", "1536x1024")
_GPT = {
    "quality": _same_names("quality", "low", "medium", "high"),
    "background": _same_names("background", "opaque", "transparent", "auto"),
}
_FLUX_RATIOS = ("1:1", "16:9", "9:16", "3:2", "2:3", "4:5", "5:4")
_FLUX = r"(?:black-forest-labs/)?flux"
_ART = r"(?:magic-art|midjourney)(?:[_-].*)?"
_ART_RATIOS = _ratios("1:1", "4:3", "3:4", "3:2", "2:3", "5:4", "4:5", "7:4", "4:7", "2:1", "1:2")
_ART_ALWAYS = {"mode": "fast", "n": 4, "isNiji6": False, "maintainModeration": True}
_PNG = {"output_format": "png"}

GENERATION_MODELS: tuple[GenerationParams, ...] = (
    # docs, page of gpt-image-1: n 1-10, size, quality low|medium|high, style, background. Its small sister's page has
    # no style; a relay found that quality must be said.
    GenerationParams(
        models=r"gpt-image-1",
        kinds=("imagine",),
        shapes=_OPENAI_SIZES,
        options={**_GPT, "style": _same_names("style", "vivid", "natural")},
        defaults={"n": 1, "quality": "medium"},
    ),
    GenerationParams(
        models=r"gpt-image-1[.-].+",
        kinds=("imagine",),
        shapes=_OPENAI_SIZES,
        options=_GPT,
        defaults={"n": 1, "quality": "medium"},
    ),
    # docs, the same pages under IMAGE_EDITOR: n and size are needed, the prompt has 4,000 characters at most.
    GenerationParams(
        models=r"gpt-image-1(?:[.-].+)?",
        kinds=("edit",),
        shapes=_OPENAI_SIZES,
        options=_GPT,
        defaults={"n": 1, "quality": "medium"},
    ),
    # docs, page of gpt-image-2: size and quality are needed; any WxH within the limits of `generation_plan`. A PNG of
    # eight megapixels is more than chats take, but a JPEG cannot be transparent.
    GenerationParams(
        models=r"gpt-image-2(?:[.-].+)?",
        kinds=("imagine", "edit"),
        shapes=_same_names(
            "size", "1024x1024", "1024x1536", "1536x1024", "2048x2048", "2048x1152", "1152x2048", "3840x2160"
        ),
        options={
            "quality": _GPT["quality"],
            "background": {
                "opaque": {"background": "opaque"},
                "auto": {"background": "auto"},
                "transparent": {"background": "transparent", "output_format": "png"},
            },
        },
        defaults={"n": 1, "quality": "medium", "output_format": "jpeg"},
        allows_free_sizes=True,
    ),
    # what relays send: {prompt, n, size, quality}; OpenAI's reference: n is 1
    GenerationParams(
        models=r"dall-e-3",
        kinds=("imagine",),
        shapes=_same_names("size", "1024x1024", "1024x1792", "1792x1024"),
        options={
            "quality": _same_names("quality", "standard", "hd"),
            "style": _same_names("style", "vivid", "natural"),
        },
        defaults={"n": 1, "quality": "standard"},
    ),
    # OpenAI's reference: a prompt has 1,000 characters at most
    GenerationParams(
        models=r"dall-e-2",
        kinds=("imagine", "vary"),
        shapes=_same_names("size", "1024x1024", "512x512", "256x256"),
        defaults={"n": 1},
        max_prompt_length=1_000,
    ),
    # the example of docs/api/ai-feature-api: {prompt, num_outputs, aspect_ratio, output_format}
    GenerationParams(
        models=rf"{_FLUX}-(?:schnell|dev|krea-dev)",
        kinds=("imagine",),
        shapes=_same_names("aspect_ratio", *_FLUX_RATIOS),
        defaults={"num_outputs": 1, **_PNG},
    ),
    # docs, page of flux-1.1-pro: no num_outputs
    GenerationParams(
        models=rf"{_FLUX}-(?:1\.1-)?pro(?:-ultra)?",
        kinds=("imagine",),
        shapes=_same_names("aspect_ratio", *_FLUX_RATIOS),
        defaults=_PNG,
    ),
    # docs, IMAGE_VARIATOR of flux-redux: it calls the format `format`, and knows more ratios
    GenerationParams(
        models=rf"{_FLUX}-redux-.+",
        kinds=("vary",),
        shapes=_same_names("aspect_ratio", *_FLUX_RATIOS, "21:9", "9:21", "4:3", "3:4"),
        defaults={"num_outputs": 1, "format": "png"},
    ),
    # docs, IMAGE_EDITOR of flux-kontext: the shape is that of the photo unless a ratio is named
    GenerationParams(
        models=rf"{_FLUX}-kontext-.+",
        kinds=("edit",),
        shapes=_same_names("aspect_ratio", *_FLUX_RATIOS),
        defaults={"format": "png"},
        keeps_photo_shape=True,
    ),
    # the example of docs/api/ai-feature-api (Image Variation); always four pictures. The newer name is magic-art.
    GenerationParams(
        models=_ART, kinds=("imagine", "vary"), shapes=_ART_RATIOS, defaults=_ART_ALWAYS, batch_size=4, max_pictures=4
    ),
    # docs, IMAGE_VARIATOR of recraft: size is needed; the sizes are those of Recraft's own reference
    GenerationParams(
        models=r"recraft.*",
        kinds=("vary",),
        shapes=_same_names(
            "size",
            *("1024x1024", "1365x1024", "1024x1365", "1536x1024", "1024x1536", "1820x1024", "1024x1820"),
            *("1434x1024", "1024x1434", "1280x1024", "1024x1280", "1707x1024", "1024x1707"),
        ),
        defaults={"n": 1, "image_format": "png"},
        max_pictures=6,
    ),
    # docs, BACKGROUND_REMOVER and IMAGE_UPSCALER: nothing but {imageUrl}; clients send the prompt to the others as well
    GenerationParams(
        models=r"clipdrop|recraft.*|stable-image.*",
        kinds=("cutout", "upscale", "erase", "untext", "backdrop"),
        max_pictures=1,
    ),
    # docs, IMAGE_TO_PROMPT of magic-art: a mode of its own
    GenerationParams(models=_ART, kinds=("prompt",), defaults={"mode": "describe", "n": 1}, max_pictures=1),
    # docs, page of kling (text to video): seconds, and a mode that costs less or more
    GenerationParams(
        models=r"kling.*",
        kinds=("animate",),
        options={"duration": {"5": {"duration": 5}, "10": {"duration": 10}}, "mode": _same_names("mode", "std", "pro")},
        defaults={"duration": 5, "mode": "std"},
        max_pictures=1,
    ),
    # models that are not documented
    GenerationParams(models=r".*", kinds=("erase", "untext", "backdrop", "animate", "prompt"), max_pictures=1),
    GenerationParams(models=r".*", kinds=("imagine", "vary", "edit", "cutout", "upscale"), max_pictures=4),
)


def generation_params(kind: str, model: str) -> GenerationParams:
    """Return the parameters of a model: the first row that matches, and the last one matches any."""
    return next(params for params in GENERATION_MODELS if params.matches(kind, model))

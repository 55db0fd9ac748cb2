"""Turns a request for media into the parameters of 1min.ai, or into an error that says what is possible."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log
from typing import Any

from adapters.providers.onemin.generation_params import (
    NEEDS_PHOTO,
    NEEDS_PROMPT,
    TAKES_PROMPT,
    GenerationParams,
    generation_params,
)
from bot.errors import FailureCode, Refused
from bot.messages import GenerationRequest

COUNT = "n"
SHAPES = ("size", "ratio")  # the options for a shape

# gpt-image-2, as the page of the model has it
STEP, FEWEST, MOST, LONGEST, SLIMMEST = 16, 655_360, 8_294_400, 3_840, 3  # pixels, and width to height

_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")
_PAIR = re.compile(r"(\d{1,5})[x:](\d{1,5})")


@dataclass(frozen=True, slots=True)
class GenerationPlan:
    """The requests to make: their prompt, and how many of them."""

    prompt: Mapping[str, Any]  # without the photo
    request_count: int


def plan_generation(request: GenerationRequest) -> GenerationPlan:
    """Check a request against the table, before anything is sent. Raises Refused, which names what is possible."""
    params = generation_params(request.kind, request.model)
    prompt: dict[str, Any] = dict(params.defaults)
    if request.kind in NEEDS_PROMPT or (request.kind in TAKES_PROMPT and request.words.strip()):
        prompt["prompt"] = _prompt_text(request, params)
    if request.kind in NEEDS_PHOTO and request.photo is None:
        raise Refused(FailureCode.STUDIO_NO_PHOTO)
    prompt |= _shape(request, params)
    for name, value in request.params.items():
        if name not in (COUNT, *SHAPES):
            prompt |= _option(request, params, name, value)
    return GenerationPlan(prompt, _request_count(request, params))


def _prompt_text(request: GenerationRequest, params: GenerationParams) -> str:
    words = request.words.strip()
    if not words:
        raise Refused(FailureCode.STUDIO_NO_WORDS)
    length = len(words.encode("utf-16-le", "replace")) // 2  # the other side counts as JavaScript does
    if length > params.max_prompt_length:
        raise Refused(
            FailureCode.STUDIO_WORDS_TOO_LONG, model=request.model, most=params.max_prompt_length, length=length
        )
    return words.encode("utf-8", "replace").decode()  # half a surrogate pair cannot be sent


def _request_count(request: GenerationRequest, params: GenerationParams) -> int:
    """Return how many requests bring the wanted number of pictures.

    Only the link to a reply's first picture is sure to work, so each picture has a request of its own.
    """
    wanted = request.params.get(COUNT, str(params.batch_size))
    counts = range(params.batch_size, params.max_pictures + 1, params.batch_size)
    if not wanted.isdecimal() or int(wanted) not in counts:
        possible = str(counts[0]) if len(counts) == 1 else f"{counts[0]}–{counts[-1]}"
        raise Refused(FailureCode.STUDIO_N, model=request.model, n=wanted[:20], possible=possible)
    return int(wanted) // params.batch_size


def _option(request: GenerationRequest, params: GenerationParams, name: str, value: str) -> Mapping[str, Any]:
    values = params.options.get(name)
    if values is None:
        raise _unknown_option(request, params, name)
    if value.lower() not in values:
        raise Refused(
            FailureCode.STUDIO_WISH, model=request.model, wish=name, value=value[:50], possible=", ".join(values)
        )
    return values[value.lower()]


def _unknown_option(request: GenerationRequest, params: GenerationParams, name: str) -> Refused:
    possible = [COUNT] * (params.max_pictures > params.batch_size) + ["size"] * bool(params.shapes) + [*params.options]
    return Refused(
        FailureCode.STUDIO_WISH_UNKNOWN, model=request.model, wish=name[:50], possible=", ".join(possible) or "–"
    )


# Shapes


def _shape(request: GenerationRequest, params: GenerationParams) -> Mapping[str, Any]:
    name = next((name for name in SHAPES if name in request.params), None)
    if name is None:
        return _default_shape(request, params)
    if not params.shapes:
        raise _unknown_option(request, params, name)
    wanted = re.sub("[×*]", "x", request.params[name].lower())
    if wanted in params.shapes:
        return params.shapes[wanted]
    if params.allows_free_sizes and _SIZE.fullmatch(wanted):
        return {"size": _free_size(request, wanted)}
    same_ratio = next((shape for shape in params.shapes if _ratio(shape) == _ratio(wanted) is not None), None)
    # Another size is another picture than was asked for, unless the model knows only ratios.
    if same_ratio is None or ("x" in same_ratio and "x" in wanted):
        raise Refused(FailureCode.STUDIO_SIZE, model=request.model, size=wanted[:20], possible=", ".join(params.shapes))
    return params.shapes[same_ratio]


def _default_shape(request: GenerationRequest, params: GenerationParams) -> Mapping[str, Any]:
    """Return the shape that is closest to the photo's, else the first one."""
    if not params.shapes or params.keeps_photo_shape:
        return {}
    if request.photo is None:
        return next(iter(params.shapes.values()))
    return params.shapes[_nearest(params.shapes, request.photo.width / request.photo.height)]


def _nearest(shapes: Iterable[str], ratio: float) -> str:
    # Twice as wide is as far away as twice as high. Of equals it is the first one.
    return min(shapes, key=lambda shape: round(abs(log((_ratio(shape) or 1) / ratio)), 6))


def _ratio(shape: str) -> float | None:
    pair = _PAIR.fullmatch(shape)
    return int(pair[1]) / int(pair[2]) if pair and int(pair[1]) and int(pair[2]) else None


def _free_size(request: GenerationRequest, size: str) -> str:
    match = _SIZE.fullmatch(size)
    width, height = (int(match[1]), int(match[2])) if match else (0, 0)
    short, long = sorted((width, height))
    if (
        width % STEP
        or height % STEP
        or not FEWEST <= width * height <= MOST
        or long > LONGEST
        or long > SLIMMEST * short
    ):
        raise Refused(
            FailureCode.STUDIO_SIZE_FREE,
            model=request.model,
            size=size,
            step=STEP,
            fewest=FEWEST,
            most=MOST,
            longest=LONGEST,
            slimmest=SLIMMEST,
        )
    return f"{width}x{height}"

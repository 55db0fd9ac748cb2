"""The order desk: what people wish for becomes the words of 1min.ai, or a sentence that says what is possible."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log
from typing import Any

from adapters.providers.onemin.generation_params import LOOKING, SPEAKING, GenerationParams, generation_params
from bot.errors import Refused
from bot.messages import GenerationRequest

COUNT = "n"
SHAPES = ("size", "ratio")  # what people call a shape

# gpt-image-2, as the page of the model has it
STEP, FEWEST, MOST, LONGEST, SLIMMEST = 16, 655_360, 8_294_400, 3_840, 3  # pixels, and width to height

_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")
_PAIR = re.compile(r"(\d{1,5})[x:](\d{1,5})")


@dataclass(frozen=True, slots=True)
class GenerationPlan:
    """What is asked over there, and how often."""

    prompt: Mapping[str, Any]  # without the photo
    times: int


def plan_generation(order: GenerationRequest) -> GenerationPlan:
    """Check an order against the table, before anything is sent. Refused says what is possible instead."""
    recipe = generation_params(order.kind, order.model)
    prompt: dict[str, Any] = dict(recipe.always)
    if order.kind in SPEAKING:
        prompt["prompt"] = _words(order, recipe)
    if order.kind in LOOKING and order.photo is None:
        raise Refused("studio_no_photo")
    prompt |= _shape(order, recipe)
    for name, value in order.params.items():
        if name not in (COUNT, *SHAPES):
            prompt |= _wish(order, recipe, name, value)
    return GenerationPlan(prompt, _times(order, recipe))


def _words(order: GenerationRequest, recipe: GenerationParams) -> str:
    words = order.words.strip()
    if not words:
        raise Refused("studio_no_words")
    length = len(words.encode("utf-16-le", "replace")) // 2  # the other side counts as JavaScript does
    if length > recipe.longest:
        raise Refused("studio_words_too_long", model=order.model, most=recipe.longest, length=length)
    return words.encode("utf-8", "replace").decode()  # half a surrogate pair cannot be sent


def _times(order: GenerationRequest, recipe: GenerationParams) -> int:
    """How many requests bring as many pictures.

    A reply holds a link that is sure to work for its first picture only, so each one is asked for by itself.
    """
    wanted = order.params.get(COUNT, str(recipe.at_once))
    counts = range(recipe.at_once, recipe.most + 1, recipe.at_once)
    if not wanted.isdecimal() or int(wanted) not in counts:
        possible = str(counts[0]) if len(counts) == 1 else f"{counts[0]}–{counts[-1]}"
        raise Refused("studio_n", model=order.model, n=wanted[:20], possible=possible)
    return int(wanted) // recipe.at_once


def _wish(order: GenerationRequest, recipe: GenerationParams, name: str, value: str) -> Mapping[str, Any]:
    values = recipe.wishes.get(name)
    if values is None:
        raise _unknown(order, recipe, name)
    if value.lower() not in values:
        raise Refused("studio_wish", model=order.model, wish=name, value=value[:50], possible=", ".join(values))
    return values[value.lower()]


def _unknown(order: GenerationRequest, recipe: GenerationParams, name: str) -> Refused:
    taken = [COUNT] * (recipe.most > recipe.at_once) + ["size"] * bool(recipe.shapes) + [*recipe.wishes]
    return Refused("studio_wish_unknown", model=order.model, wish=name[:50], possible=", ".join(taken) or "–")


# Shapes


def _shape(order: GenerationRequest, recipe: GenerationParams) -> Mapping[str, Any]:
    name = next((name for name in SHAPES if name in order.params), None)
    if name is None:
        return _usual_shape(order, recipe)
    if not recipe.shapes:
        raise _unknown(order, recipe, name)
    wanted = re.sub("[×*]", "x", order.params[name].lower())
    if wanted in recipe.shapes:
        return recipe.shapes[wanted]
    if recipe.free and _SIZE.fullmatch(wanted):
        return {"size": _free_size(order, wanted)}
    alike = next((shape for shape in recipe.shapes if _ratio(shape) == _ratio(wanted) is not None), None)
    # A size that it does not make is another picture than was wished for; where it knows ratios only, it is not.
    if alike is None or ("x" in alike and "x" in wanted):
        raise Refused("studio_size", model=order.model, size=wanted[:20], possible=", ".join(recipe.shapes))
    return recipe.shapes[alike]


def _usual_shape(order: GenerationRequest, recipe: GenerationParams) -> Mapping[str, Any]:
    """The shape that comes next to that of the photo, else the first one."""
    if not recipe.shapes or recipe.own_shape:
        return {}
    if order.photo is None:
        return next(iter(recipe.shapes.values()))
    return recipe.shapes[_nearest(recipe.shapes, order.photo.width / order.photo.height)]


def _nearest(shapes: Iterable[str], ratio: float) -> str:
    # Twice as wide is as far away as twice as high. Of equals it is the first one.
    return min(shapes, key=lambda shape: round(abs(log((_ratio(shape) or 1) / ratio)), 6))


def _ratio(shape: str) -> float | None:
    pair = _PAIR.fullmatch(shape)
    return int(pair[1]) / int(pair[2]) if pair and int(pair[1]) and int(pair[2]) else None


def _free_size(order: GenerationRequest, size: str) -> str:
    found = _SIZE.fullmatch(size)
    width, height = (int(found[1]), int(found[2])) if found else (0, 0)
    short, long = sorted((width, height))
    if (
        width % STEP
        or height % STEP
        or not FEWEST <= width * height <= MOST
        or long > LONGEST
        or long > SLIMMEST * short
    ):
        raise Refused(
            "studio_size_free",
            model=order.model,
            size=size,
            step=STEP,
            fewest=f"{FEWEST:,}",
            most=f"{MOST:,}",
            longest=LONGEST,
            slimmest=SLIMMEST,
        )
    return f"{width}x{height}"

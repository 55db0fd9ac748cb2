"""An order becomes the words of its model: fields it knows, the shape of the photo, one request for each picture."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from adapters.providers.onemin.generation_params import DEFAULT_MODELS, generation_params
from adapters.providers.onemin.generation_plan import plan_generation
from bot.messages import GenerationKind, GenerationRequest, Photo
from emulator.fields import Field
from emulator.parameters import RULES
from emulator.tools import TOOLS
from tests.adapters.providers.onemin.conftest import photo


def shot(width: int, height: int) -> Photo:
    return replace(photo(), width=width, height=height)


def asked(craft: GenerationKind, model: str, of: Photo | None = None, **wishes: str) -> Mapping[str, Any]:
    return plan_generation(GenerationRequest(kind=craft, model=model, words="a cat", photo=of, params=wishes)).prompt


@pytest.mark.parametrize(
    ("model", "craft", "width", "height", "wanted"),
    [
        ("gpt-image-1", "edit", 4000, 3000, {"size": "1536x1024"}),
        ("gpt-image-1", "edit", 3000, 4000, {"size": "1024x1536"}),
        ("gpt-image-1", "edit", 1100, 1000, {"size": "1024x1024"}),
        ("gpt-image-2", "edit", 1920, 1080, {"size": "2048x1152"}),
        ("black-forest-labs/flux-redux-dev", "vary", 1080, 2400, {"aspect_ratio": "9:21"}),
        ("recraft", "vary", 4000, 3000, {"size": "1365x1024"}),
        ("midjourney_7_0", "vary", 4000, 3000, {"aspect_width": 4, "aspect_height": 3}),
        ("dall-e-2", "vary", 4000, 3000, {"size": "1024x1024"}),
    ],
)
def test_without_a_wish_the_shape_is_the_one_next_to_the_photos(
    model: str, craft: GenerationKind, width: int, height: int, wanted: dict[str, Any]
) -> None:
    assert wanted.items() <= asked(craft, model, shot(width, height)).items()


def test_a_model_that_keeps_the_shape_by_itself_is_told_none() -> None:
    kontext = "black-forest-labs/flux-kontext-pro"

    assert asked("edit", kontext, photo()) == {"prompt": "a cat", "format": "png"}
    assert asked("edit", kontext, photo(), ratio="1:1")["aspect_ratio"] == "1:1"


@pytest.mark.parametrize(
    ("craft", "wanted"),
    [("imagine", {"prompt": "a cat"}), ("edit", {"prompt": "a cat"}), ("vary", {}), ("cutout", {}), ("upscale", {})],
)
def test_a_model_that_nobody_wrote_about_gets_nothing_but_the_words_and_the_photo(
    craft: GenerationKind, wanted: dict[str, Any]
) -> None:
    assert asked(craft, "brand-new", photo()) == wanted


def test_it_can_be_asked_several_times_all_the_same() -> None:
    assert (
        plan_generation(
            GenerationRequest(kind="imagine", model="brand-new", words="a cat", params={"n": "3"})
        ).request_count
        == 3
    )


def test_half_a_character_does_not_break_the_order() -> None:
    assert (
        plan_generation(GenerationRequest(kind="imagine", model="gpt-image-1", words="a \ud83d cat")).prompt["prompt"]
        == "a ? cat"
    )


def wishes(craft: GenerationKind, model: str) -> list[tuple[str, str]]:
    recipe = generation_params(craft, model)
    shapes = [("size", shape) for shape in recipe.shapes]
    return shapes + [(name, value) for name, values in recipe.options.items() for value in values]


CRAFTS: dict[GenerationKind, str] = {"imagine": "IMAGE_GENERATOR", "vary": "IMAGE_VARIATOR", "edit": "IMAGE_EDITOR"}
EVERY = [
    (craft, id, name, value)
    for craft, feature in CRAFTS.items()
    for id, tool in TOOLS.items()
    if feature in tool.features
    for name, value in wishes(craft, id)
]


def test_whatever_the_table_offers_is_what_the_documentation_knows() -> None:
    for craft, model, name, value in EVERY:
        prompt = {"imageUrl": "images/cat.jpg", **asked(craft, model, photo(), **{name: value})}
        fields = {field.name: field for field in RULES[CRAFTS[craft], TOOLS[model].family]}

        for field, said in prompt.items():
            if field != "imageUrl" or craft != "imagine":
                assert _good(fields[field], said), f"{craft} {model} {name}={value}: {field}={said}"


def _good(field: Field, value: Any) -> bool:
    return field.good(value) and (not field.choices or value in field.choices)


def test_the_usual_models_stand_in_rows_of_their_own() -> None:
    pictures: tuple[GenerationKind, ...] = ("imagine", "vary", "edit", "cutout", "upscale")

    assert all(generation_params(craft, model).models != ".*" for craft in pictures for model in DEFAULT_MODELS[craft])

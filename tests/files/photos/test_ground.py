"""What is white on transparent, or of any other colour, stays visible."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from bot.files.photos import PhotoIntake
from tests.files.photos import shown, written

CLEAR = (0, 0, 0, 0)


@pytest.fixture
async def photos() -> AsyncIterator[PhotoIntake]:
    async with PhotoIntake() as photos:
        yield photos


def words(*colours: str, ground: tuple[int, ...] = CLEAR, size: tuple[int, int] = (600, 200)) -> Image.Image:
    """Words side by side, each in a colour of its own."""
    image = Image.new("RGBA", size, ground)
    draw = ImageDraw.Draw(image)
    for n, colour in enumerate(colours):
        draw.text((20 + n * 280, 60), "ACME", colour, font=ImageFont.load_default(72))
    return image


def contrast(image: Image.Image, box: tuple[int, int, int, int]) -> int:
    lowest, highest = image.convert("L").crop(box).getextrema()
    return int(highest) - int(lowest)  # type: ignore[arg-type]  # one band


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "TIFF", "AVIF"])
@pytest.mark.parametrize("colour", ["white", "#f0f0f0", "#ffffaa", "black", "#202020", "#808080", "red"])
async def test_words_on_transparent_stay_visible(photos: PhotoIntake, kind: str, colour: str) -> None:
    options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
    image = shown(await photos.read("logo", written(words(colour), kind, **options)))
    assert contrast(image, (0, 0, 300, 200)) > 60


@pytest.mark.parametrize("colours", [("white", "black"), ("white", "#202020"), ("#eeeeee", "#404040")])
async def test_bright_and_dark_words_are_both_visible(photos: PhotoIntake, colours: tuple[str, str]) -> None:
    image = shown(await photos.read("logo.png", written(words(*colours), "PNG")))
    assert contrast(image, (0, 0, 280, 200)) > 60
    assert contrast(image, (300, 0, 600, 200)) > 60


async def test_a_signature_keeps_its_white_paper(photos: PhotoIntake) -> None:
    image = shown(await photos.read("signature.png", written(words("black"), "PNG"))).convert("L")
    assert image.getpixel((590, 190)) == 255


async def test_white_words_within_an_opaque_box_change_nothing(photos: PhotoIntake) -> None:
    image = words("white", ground=(20, 20, 20, 255))
    framed = Image.new("RGBA", (700, 300), CLEAR)
    framed.paste(image, (50, 50))
    assert shown(await photos.read("box.png", written(framed, "PNG"))).convert("L").getpixel((5, 5)) == 255


async def test_faint_words_are_looked_at_too(photos: PhotoIntake) -> None:
    image = words("white")
    image.putalpha(image.getchannel("A").point(lambda value: value // 3))
    assert contrast(shown(await photos.read("faint.png", written(image, "PNG"))), (0, 0, 600, 200)) > 30


@pytest.mark.parametrize("mode", ["LA", "P"])
async def test_greys_and_palettes_are_put_on_the_same_ground(photos: PhotoIntake, mode: str) -> None:
    image = words("white")
    small = image.convert("LA") if mode == "LA" else image.quantize(16)
    assert contrast(shown(await photos.read("logo.png", written(small, "PNG"))), (0, 0, 600, 200)) > 60


async def test_a_clear_picture_is_white(photos: PhotoIntake) -> None:
    image = Image.new("RGBA", (20, 20), CLEAR)
    assert shown(await photos.read("nothing.png", written(image, "PNG"))).convert("L").getextrema() == (255, 255)

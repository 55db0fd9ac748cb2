import io
import struct
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFilter

from emulator.vision import PhotoMeasures, is_image, look

from .conftest import photo

NAMED = {
    "red": (220, 20, 20), "orange": (240, 140, 20), "brown": (110, 60, 20), "yellow": (240, 230, 30),
    "green": (30, 160, 40), "turquoise": (30, 200, 200), "blue": (30, 60, 230), "navy": (10, 20, 100),
    "purple": (140, 30, 200), "pink": (250, 100, 190), "beige": (230, 200, 160), "white": (250, 250, 250),
    "grey": (128, 128, 128), "black": (5, 5, 5),
}  # fmt: skip


def see(image: Image.Image, format: str = "PNG", **options: Any) -> PhotoMeasures:
    file = io.BytesIO()
    image.save(file, format, **options)
    return look(file.getvalue())


def board(size: int = 400) -> Image.Image:
    image = Image.new("RGB", (size, size), "white")
    pen = ImageDraw.Draw(image)
    for at in range(0, size, 20):
        pen.line((at, 0, size - at, size), "black", 2)
    return image


@pytest.mark.parametrize("name", NAMED)
def test_colours_have_the_names_people_use(name: str) -> None:
    assert see(Image.new("RGB", (30, 30), NAMED[name])).colours == (name,)


def test_the_main_colours_are_named_in_order() -> None:
    image = Image.new("RGB", (100, 100), "blue")
    image.paste("white", (0, 0, 100, 30))
    assert see(image).colours == ("blue", "white")


@pytest.mark.parametrize(("size", "shape"), [((30, 20), "landscape"), ((20, 30), "portrait"), ((20, 20), "square")])
def test_the_shape_is_told(size: tuple[int, int], shape: str) -> None:
    assert see(Image.new("RGB", size)).shape == shape


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF"])
def test_size_and_format_are_told(format: str) -> None:
    data = photo("red", (33, 22), format)
    seen = look(data)
    assert (seen.format, seen.width, seen.height, seen.bytes, seen.metadata) == (format, 33, 22, len(data), ())
    assert is_image(data)


def test_brightness_is_told() -> None:
    greys = [see(Image.new("L", (30, 30), value)).brightness for value in (20, 120, 230)]
    assert greys == ["dark", "of medium brightness", "bright"]


def test_a_blurred_photo_is_told_from_a_sharp_one() -> None:
    sharpness = [see(board().filter(ImageFilter.GaussianBlur(radius))).sharpness for radius in (0, 2, 12)]
    assert sharpness == ["sharp", "soft", "blurred"]


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 5000)])
def test_a_tiny_photo_can_be_measured(size: tuple[int, int]) -> None:
    assert see(Image.new("RGB", size)).sharpness == "blurred"


def test_what_is_transparent_counts_as_white() -> None:
    assert see(Image.new("RGBA", (30, 30), (255, 0, 0, 0))).colours == ("white",)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16"])
def test_every_kind_of_pixel_can_be_measured(mode: str) -> None:
    image = Image.new(mode, (40, 30))
    assert see(image, "TIFF" if mode == "CMYK" else "PNG").width == 40


def test_a_damaged_file_is_measured_as_bytes_only() -> None:
    data = photo()
    assert look(data[: len(data) // 2]) == PhotoMeasures(len(data) // 2)
    assert look(b"") == PhotoMeasures(0)


def test_a_bomb_is_not_unpacked() -> None:
    data = bytearray(photo(format="PNG"))
    struct.pack_into(">II", data, 16, 50_000, 50_000)
    assert look(bytes(data)) == PhotoMeasures(len(data))


@pytest.mark.parametrize("data", [b"", b"<html>", b"RIFF....AVI ", b"%PDF-1.7"])
def test_other_files_are_no_images(data: bytes) -> None:
    assert not is_image(data)

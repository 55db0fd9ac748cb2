import io
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw

from emulator import pictures
from emulator.vision import look

from .conftest import photo


def decoded(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def changed(one: Image.Image, other: Image.Image) -> tuple[int, int, int, int] | None:
    """The box in which two pictures differ."""
    return ImageChops.difference(one.convert("RGB"), other.convert("RGB")).getbbox()


def ball() -> Image.Image:
    image = Image.new("RGBA", (90, 60), "white")
    ImageDraw.Draw(image).ellipse((30, 15, 60, 45), "red")
    return image


@pytest.mark.parametrize(
    ("prompt", "size"),
    [
        ({"size": "1024x1536"}, (1024, 1536)),
        ({"aspect_ratio": "1:1", "megapixels": "1"}, (1024, 1024)),
        ({"aspect_ratio": "1:1", "megapixels": "0.25"}, (512, 512)),
        ({"aspect_ratio": "16:9"}, (1360, 768)),
        ({"aspect_ratio": "custom", "width": 300, "height": 400}, (300, 400)),
        ({"aspect_ratio": "match_input_image"}, (90, 60)),
        ({"aspect_width": 2, "aspect_height": 1}, (1456, 720)),
    ],
)
def test_the_size_follows_the_parameters(prompt: dict[str, Any], size: tuple[int, int]) -> None:
    assert pictures.size_of(prompt, ball()) == size


def test_other_words_make_another_picture_and_the_same_words_the_same() -> None:
    cat, again, dog = (pictures.paint(words, (200, 100), 1) for words in ("a cat", "a cat", "a dog"))
    assert changed(cat, again) is None and changed(cat, dog) is not None
    assert changed(cat, pictures.paint("a cat", (200, 100), 2)) is not None


def test_the_words_are_drawn_within_the_picture() -> None:
    for words in ("a cat", "a cat on a mat " * 60, "x" * 4_000, "猫"):
        plain = pictures.paint(words, (320, 240), 1, clear=True)
        box = plain.getchannel("A").getbbox()
        assert box is not None and 0 < box[0] < box[2] <= 320 and 0 < box[1] < box[3] <= 240


def test_a_variation_has_other_hues_and_the_same_light() -> None:
    source = ball()
    one, two = pictures.vary(source, (90, 60), 1), pictures.vary(source, (90, 60), 2)
    assert one.getpixel((0, 0)) == (255, 255, 255, 255)
    assert len({image.getpixel((45, 30)) for image in (source, one, two)}) == 3


def test_an_edit_shows_the_words_over_the_lower_part() -> None:
    source = Image.new("RGBA", (300, 300), "white")
    box = changed(source, pictures.edit(source, "put a hat on", (300, 300), 1))
    assert box is not None and box[1] == 200 and box[3] == 300


def test_the_colour_of_the_border_becomes_transparent() -> None:
    cut = pictures.cut_out(ball())
    assert cut.getpixel((0, 0)) == (255, 255, 255, 0) and cut.getpixel((45, 30)) == (255, 0, 0, 255)


def test_both_sides_are_doubled() -> None:
    assert pictures.enlarge(ball()).size == (180, 120)


@pytest.mark.parametrize(("format", "name"), [("png", "PNG"), ("jpg", "JPEG"), ("jpeg", "JPEG"), ("webp", "WEBP")])
def test_the_format_is_the_one_that_was_asked_for(format: str, name: str) -> None:
    seen = look(pictures.encode(ball(), format))
    assert (seen.format, seen.width, seen.height, seen.metadata) == (name, 90, 60, ())


def test_a_jpeg_has_white_where_nothing_is() -> None:
    white = decoded(pictures.encode(Image.new("RGBA", (20, 20)), "jpeg")).getpixel((5, 5))
    assert white == (255, 255, 255)


def test_a_source_is_turned_upright() -> None:
    tags = Image.Exif()
    tags[0x0112] = 6
    assert pictures.open_source(photo(size=(40, 20), exif=tags.tobytes())).size == (20, 40)


def test_a_damaged_or_huge_source_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for data in (b"", b"<html>", photo()[:200]):
        with pytest.raises(ValueError):
            pictures.open_source(data)
    monkeypatch.setattr(pictures, "MOST_PIXELS", 100)
    with pytest.raises(ValueError, match="too big"):
        pictures.open_source(photo())

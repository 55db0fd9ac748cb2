"""What is measured in a photo, against pictures whose measures are known."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFilter

from adapters.providers.local.measurements import COLOURS as NAMES
from adapters.providers.local.measurements import Measurements, _parse, difference, measure
from bot.errors import Unreadable
from bot.files.isolation.client import WorkerFailed
from tests.files.photos import FOLDER

COLOURS = {
    "red": (220, 20, 20), "orange": (240, 140, 20), "brown": (110, 60, 20), "yellow": (240, 230, 30),
    "olive": (120, 115, 20), "green": (30, 160, 40), "turquoise": (30, 200, 200), "blue": (30, 60, 230),
    "navy": (10, 20, 100), "purple": (140, 30, 200), "pink": (250, 100, 190), "beige": (230, 200, 160),
    "white": (250, 250, 250), "grey": (128, 128, 128), "black": (5, 5, 5),
}  # fmt: skip


@pytest.fixture
def measured(tmp_path: Path) -> Any:
    """Measures a picture that is saved first."""

    async def measured(picture: Image.Image, kind: str = "PNG", **options: Any) -> Measurements:
        file = tmp_path / "photo"
        picture.save(file, kind, **options)
        return await measure(file)

    return measured


def lines(size: int = 400) -> Image.Image:
    picture = Image.new("RGB", (size, size), "white")
    pen = ImageDraw.Draw(picture)
    for at in range(0, size, 20):
        pen.line((at, 0, size - at, size), "black", 2)
    return picture


@pytest.mark.parametrize("name", COLOURS)
async def test_a_colour_has_the_name_that_people_use(measured: Any, name: str) -> None:
    assert (await measured(Image.new("RGB", (30, 30), COLOURS[name]))).colours == (name,)


async def test_main_colours_come_by_their_share_and_specks_do_not_count(measured: Any) -> None:
    picture = Image.new("RGB", (100, 100), "blue")
    picture.paste("white", (0, 0, 100, 30))
    picture.paste("red", (0, 90, 20, 100))
    assert (await measured(picture)).colours == ("blue", "white")


async def test_brightness_and_lost_highlights_and_shadows_are_shares_of_the_picture(measured: Any) -> None:
    picture = Image.new("L", (100, 100), 128)
    picture.paste(255, (0, 0, 100, 25))
    picture.paste(0, (0, 90, 100, 100))
    found = await measured(picture)
    assert found.brightness == pytest.approx(0.25 * 255 + 0.65 * 128, abs=1)
    assert (found.white, found.black) == pytest.approx((0.25, 0.1), abs=0.001)


async def test_blurring_lowers_the_detail_and_a_flat_picture_has_none(measured: Any) -> None:
    details = [(await measured(lines().filter(ImageFilter.GaussianBlur(radius)))).detail for radius in (0, 2, 12)]
    assert details == sorted(details, reverse=True)
    assert details[0] > 120 > details[1] > 20 > details[2]
    assert (await measured(Image.new("RGB", (50, 50), "teal"))).detail == 0


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 5000)])
async def test_the_smallest_pictures_can_be_measured(measured: Any, size: tuple[int, int]) -> None:
    assert (await measured(Image.new("RGB", size))).detail == 0


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
async def test_every_kind_of_pixel_can_be_measured(measured: Any, mode: str) -> None:
    assert len((await measured(Image.new(mode, (40, 30)))).colours) == 1


async def test_what_is_transparent_counts_as_white(measured: Any) -> None:
    assert (await measured(Image.new("RGBA", (30, 30), (255, 0, 0, 0)))).colours == ("white",)


async def test_the_same_picture_at_another_size_and_quality_does_not_differ(measured: Any) -> None:
    with Image.open(FOLDER / "cat.jpg") as cat:
        smaller = cat.resize((cat.width // 2, cat.height // 2))
    assert difference(await measure(FOLDER / "cat.jpg"), await measured(smaller, "JPEG", quality=60)) < 0.005


async def test_the_difference_is_the_share_of_the_picture_that_changed(measured: Any) -> None:
    picture = Image.new("RGB", (96, 96), "white")
    changed = picture.copy()
    changed.paste("black", (0, 0, 48, 48))
    assert difference(await measured(picture), await measured(changed)) == pytest.approx(0.25, abs=0.02)


async def test_what_is_no_picture_cannot_be_measured(tmp_path: Path) -> None:
    with Image.open(FOLDER / "cat.jpg") as cat:
        data = io.BytesIO()
        cat.save(data, "PNG")
    file = tmp_path / "photo"
    for content in (b"<html>", data.getvalue()[:2000]):
        file.write_bytes(content)
        with pytest.raises(Unreadable):
            await measure(file)


async def test_every_colour_has_a_name_in_the_catalogue() -> None:
    assert set(NAMES) == set(COLOURS)


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {"colours": ["../../etc"], "brightness": 1, "black": 0, "white": 0, "detail": 0},
        {"colours": ["red"], "brightness": "loud", "black": 0, "white": 0, "detail": 0},
    ],
)
def test_what_a_worker_makes_up_is_not_believed(value: Any) -> None:
    with pytest.raises(WorkerFailed):
        _parse(value, b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_every_kind_of_a_cleaned_photo_is_measured_in_a_process_apart(measured: Any, kind: str) -> None:
    assert (await measured(Image.new("RGB", (60, 40), "blue"), kind)).colours == ("blue",)

"""Long and wide pictures are cut into parts that can be read; they are one photo all the same."""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from bot.files.photos import PhotoIntake
from bot.messages import Photo
from tests.files.photos import difference, file, opened, shown, written

LINE = 50  # pixels


@pytest.fixture
async def photos() -> AsyncIterator[PhotoIntake]:
    async with PhotoIntake() as photos:
        yield photos


def ladder(width: int, height: int) -> Image.Image:
    """White, with a bar for every line, whose grey tells its number."""
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    for n in range(max(width, height) // LINE):
        box = (20, n * LINE + 10, width - 20, n * LINE + 40)
        if width > height:
            box = (n * LINE + 10, 20, n * LINE + 40, height - 20)
        draw.rectangle(box, (n % 8 * 30,) * 3)
    return image


def parts(photo: Photo) -> list[Image.Image]:
    assert photo.series is not None
    return [shown(picture) for picture in photo.series.pictures]


@pytest.mark.parametrize(
    ("size", "kind", "count"),
    [
        ((1080, 12_000), "tall", 7),
        ((1080, 6000), "tall", 4),
        ((6000, 700), "wide", 4),
        ((720, 14_000), "tall", 8),
        ((3840, 1080), "wide", 2),
        ((1440, 20_000), "tall", 8),
    ],
)
async def test_it_is_cut_at_a_readable_scale(photos: PhotoIntake, size: tuple[int, int], kind: str, count: int) -> None:
    image = ladder(*size)
    photo = await photos.read("chat.png", written(image, "PNG"))
    pictures = parts(photo)
    assert photo.series and (photo.series.kind, len(pictures)) == (kind, count)
    assert all(max(each.size) <= 2048 for each in pictures)
    scale = min(pictures[0].size) / min(size)
    assert scale > 0.7
    assert photo.remarks == ()


async def test_all_of_it_is_in_the_parts_in_order_and_they_overlap(photos: PhotoIntake) -> None:
    image = ladder(1080, 12_000)
    pictures = parts(await photos.read("chat.png", written(image, "PNG")))
    starts = [round(n * (12_000 - 2048) / 6) for n in range(7)]
    for picture, start in zip(pictures, starts, strict=True):
        assert difference(picture, image.crop((0, start, 1080, start + 2048))) == 0
    assert all(after - before < 2048 - LINE * 2 for before, after in itertools.pairwise(starts))
    assert starts[-1] + 2048 == 12_000


async def test_the_photo_itself_is_an_overview(photos: PhotoIntake) -> None:
    photo = await photos.read("chat.png", written(ladder(1080, 12_000), "PNG"))
    assert shown(photo).size == (184, 2048)
    assert shown(photo.overview).size == (184, 2048) and photo.overview.pictures == (photo.overview,)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "TIFF"])
async def test_other_formats_are_cut_too(photos: PhotoIntake, kind: str) -> None:
    assert len(parts(await photos.read("chat", written(ladder(1080, 6000), kind)))) == 4


async def test_a_turned_one_is_cut_in_reading_order(photos: PhotoIntake) -> None:
    image, exif = ladder(6000, 700), Image.Exif()
    exif[0x0112] = 6
    stored = image.transpose(Image.Transpose.ROTATE_90)
    photo = await photos.read("sheet.jpg", written(stored, "JPEG", exif=exif, quality=95))
    assert photo.series and photo.series.kind == "wide"
    assert difference(parts(photo)[0], image.crop((0, 0, 2048, 700))) < 6


@pytest.mark.parametrize("size", [(4032, 3024), (1080, 2400), (1440, 3200), (3000, 1500), (9000, 40)])
async def test_an_ordinary_photo_stays_one_picture(photos: PhotoIntake, size: tuple[int, int]) -> None:
    photo = await photos.read("photo.jpg", written(Image.new("RGB", size, "teal"), "JPEG"))
    assert photo.series is None and photo.pictures == (photo,)


async def test_what_is_too_long_even_in_parts_is_said(photos: PhotoIntake) -> None:
    photo = await photos.read("roll.png", written(Image.new("L", (700, 50_000), "white"), "PNG"))
    assert [remark.key for remark in photo.remarks] == ["photo_shrunk"]
    assert len(photo.pictures) == 8


async def test_they_fit_into_the_budget_of_bytes() -> None:
    noise = Image.effect_noise((900, 7000), 80).convert("RGB")
    async with PhotoIntake(out_bytes=1_000_000) as photos:
        photo = await photos.read("noise.jpg", written(noise, "JPEG", quality=95))
        assert sum(each.size for each in photo.pictures) <= 2_000_000
        assert photo.size <= 1_010_000


# cached


async def test_it_is_recalled_with_its_parts(photos: PhotoIntake) -> None:
    photo = await photos.read("chat.png", written(ladder(1080, 6000), "PNG"))
    again = await photos.recall(photo.sha256, "chat.png")
    assert again is not None and again.series is not None and photo.series is not None
    assert again.pictures == photo.pictures and again.series.kind == "tall"


async def test_the_same_is_the_same_and_a_small_difference_makes_another(photos: PhotoIntake) -> None:
    image = ladder(1080, 12_000)
    one = await photos.read("chat.png", written(image, "PNG"))
    assert await photos.read("chat.png", written(image, "PNG")) == one
    image.putpixel((500, 6000), (254, 255, 255))
    assert (await photos.read("chat.png", written(image, "PNG"))).sha256 != one.sha256


async def test_one_whose_parts_are_gone_is_gone(photos: PhotoIntake) -> None:
    photo = await photos.read("chat.png", written(ladder(1080, 6000), "PNG"))
    await photos.drop([photo.pictures[1].sha256])
    assert await photos.recall(photo.sha256, "chat.png") is None


async def test_nothing_of_it_stays_where_it_is_dropped(tmp_path: Path) -> None:
    async with PhotoIntake(folder=tmp_path) as photos:
        photo = await photos.read("chat.png", written(ladder(1080, 6000), "PNG"))
        sha256 = photo.sha256
        del photo
        await photos.drop([sha256])
        assert list(tmp_path.iterdir()) == []


async def test_the_parts_tell_nothing_of_where_it_was_taken(photos: PhotoIntake) -> None:
    exif = Image.Exif()
    exif[0x010F] = "gossip"
    photo = await photos.read("chat.jpg", written(ladder(1080, 6000), "JPEG", exif=exif, comment=b"gossip"))
    for each in (photo, *photo.pictures):
        assert b"gossip" not in each.file.read_bytes() and opened(each.file.read_bytes())


async def test_a_real_photo_is_not_cut(photos: PhotoIntake) -> None:
    assert (await photos.read("astronaut.jpg", file("astronaut-12mp.jpg"))).series is None

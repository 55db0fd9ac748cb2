"""Photos as large as phones make them are taken, in little memory; what only claims to be that large is not."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest
from PIL import Image

from bot.errors import Unreadable
from bot.files.photos import PhotoIntake
from tests.files.photos import difference, file, shown, written
from tests.files.photos.test_floods import MEBIBYTE, proportional_memory


@pytest.fixture
async def photos() -> AsyncIterator[PhotoIntake]:
    async with PhotoIntake() as photos:
        yield photos


@pytest.mark.parametrize("size", [(8064, 6048), (6936, 9248)], ids=["48 megapixels", "64 megapixels, upright"])
async def test_a_jpeg_of_a_phone_is_taken(photos: PhotoIntake, size: tuple[int, int]) -> None:
    photo = await photos.read("phone.jpg", written(Image.new("RGB", size, "teal"), "JPEG", quality=60))
    assert max(photo.width, photo.height) in range(1900, 2049)
    assert difference(shown(photo), Image.new("RGB", (photo.width, photo.height), "teal")) < 5


async def test_a_progressive_one_is_taken(photos: PhotoIntake) -> None:
    photo = await photos.read(
        "phone.jpg", written(Image.new("RGB", (8064, 6048)), "JPEG", quality=60, progressive=True)
    )
    assert photo.width in range(1900, 2049)


async def test_a_heic_of_a_phone_is_taken_while_others_are_and_the_bot_stays_small(photos: PhotoIntake) -> None:
    await photos.read("cat.jpg", file("cat.jpg"))
    before = peak = proportional_memory(os.getpid())
    reading = asyncio.create_task(photos.read("phone.heic", file("phone-48mp.heic"), "one"))
    others = 0
    while not reading.done():
        async with asyncio.timeout(20):
            await photos.read("cat.jpg", file("cat.jpg"), "another")
        others += not reading.done()
        peak = max(peak, proportional_memory(os.getpid()))
    assert shown(await reading).size == (2048, 1536)
    assert others >= 3 and peak - before < 150 * MEBIBYTE


async def test_a_panorama_is_taken(photos: PhotoIntake) -> None:
    photo = await photos.read("panorama.jpg", written(Image.new("RGB", (16_384, 3072)), "JPEG", quality=60))
    assert photo.width in range(1900, 2049)


async def test_other_formats_may_have_half_as_many_pixels() -> None:
    async with PhotoIntake(most_pixels=5000) as photos:
        image = Image.new("RGB", (100, 100))
        assert (await photos.read("photo.jpg", written(image, "JPEG"))).width == 100
        with pytest.raises(Unreadable, match="megapixel"):
            await photos.read("drawing.png", written(image, "PNG"))
        with pytest.raises(Unreadable, match="megapixel"):
            await photos.read("photo.jpg", written(Image.new("RGB", (101, 100)), "JPEG"))

"""A photo that is fine already keeps every pixel and loses everything else."""

from collections.abc import AsyncIterator
from io import BytesIO

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from bot.files.photos import PhotoIntake
from tests.files.photos import file, opened, scene, shown, written


@pytest.fixture
async def photos() -> AsyncIterator[PhotoIntake]:
    async with PhotoIntake() as photos:
        yield photos


def gossip() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "gossip-maker", "gossip-model"
    exif.get_ifd(0x8825).update({1: "N", 2: (59.0, 19.0, 46.0)})
    return exif


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def with_text(**options: object) -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("gossip", "gossip in text")
    text.add_itxt("XML:com.adobe.xmp", "<gossip/>", zip=True)
    text.add(b"prVt", b"gossip in a chunk of its own")
    return written(scene(), "PNG", pnginfo=text, exif=gossip(), icc_profile=SRGB, dpi=(72, 72), **options)


TALKATIVE = {
    "JPEG": written(scene(), "JPEG", exif=gossip(), xmp=b"gossip", comment=b"gossip", icc_profile=SRGB, dpi=(72, 72)),
    "progressive JPEG": written(scene(), "JPEG", exif=gossip(), comment=b"gossip", progressive=True, subsampling=0),
    "JPEG with restarts": written(scene(), "JPEG", exif=gossip(), restart_marker_blocks=2),
    "grey JPEG": written(scene().convert("L"), "JPEG", exif=gossip(), comment=b"gossip"),
    "RGB JPEG": written(scene(), "JPEG", keep_rgb=True, exif=gossip()),
    "PNG": with_text(),
    "small PNG": with_text(optimize=True),
    "WebP": written(scene(), "WEBP", exif=gossip(), xmp=b"gossip", icc_profile=SRGB),
    "lossless WebP": written(scene(), "WEBP", exif=gossip(), xmp=b"gossip", lossless=True),
}


@pytest.mark.parametrize("data", TALKATIVE.values(), ids=TALKATIVE.keys())
async def test_gossip_goes_and_every_pixel_stays(photos: PhotoIntake, data: bytes) -> None:
    photo = await photos.read("scene", data + b"gossip behind the end")
    assert b"gossip" not in photo.file.read_bytes()
    assert len(photo.file.read_bytes()) < len(data)
    assert shown(photo).tobytes() == opened(data).tobytes()


@pytest.mark.parametrize("name", ["cat.jpg", "coffee.png", "astronaut.webp", "rocket.jpg"])
async def test_real_photos_keep_every_pixel(photos: PhotoIntake, name: str) -> None:
    assert shown(await photos.read(name, file(name))).tobytes() == opened(file(name)).tobytes()


@pytest.mark.parametrize("mode", ["L", "P"])
async def test_greys_and_palettes_keep_every_pixel(photos: PhotoIntake, mode: str) -> None:
    data = written(scene().convert(mode), "PNG")
    photo = await photos.read("scene.png", data)
    assert photo.file.read_bytes() == data
    assert shown(photo).mode == mode


async def test_nobody_learns_where_the_cat_lives(photos: PhotoIntake) -> None:
    told = opened(file("cat.jpg"))
    assert told.getexif().get_ifd(0x8825) and told.info["comment"] == b"taken at home"
    make = str(told.getexif()[0x010F]).encode()
    for name in ("cat.jpg", "cat-rotated.jpg", "cat.heic", "cat.avif"):
        photo = await photos.read(name, file(name))
        for word in (b"Exif", b"GPS", b"taken at home", b"ICC_PROFILE", b"http:", b"\xff\xfe", b"\xff\xe1", make):
            assert word not in photo.file.read_bytes().partition(b"\xff\xda")[0]
        shown(photo)


async def test_a_video_behind_the_photo_goes(photos: PhotoIntake) -> None:
    photo = await photos.read("motion.jpg", file("rocket.jpg") + b"\0\0\0\x18ftypmp42" + bytes(9000))
    assert photo.file.read_bytes() == file("rocket.jpg")


async def test_the_second_picture_of_a_phone_goes(photos: PhotoIntake) -> None:
    data = written(scene(), "MPO", save_all=True, append_images=[Image.new("RGB", (96, 64))])
    photo = await photos.read("depth.jpg", data)
    assert photo.file.read_bytes().count(b"\xff\xd8\xff") == 1
    assert shown(photo).format == "JPEG"


async def test_an_animated_png_stands_still(photos: PhotoIntake) -> None:
    data = written(scene(), "PNG", save_all=True, append_images=[Image.new("RGB", (96, 64))])
    photo = await photos.read("film.png", data)
    assert b"acTL" not in photo.file.read_bytes() and b"fdAT" not in photo.file.read_bytes()
    assert shown(photo).tobytes() == scene().tobytes()


async def test_a_photo_that_is_fine_twice_is_the_same_twice(photos: PhotoIntake) -> None:
    for data in TALKATIVE.values():
        once = await photos.read("scene", data)
        assert await photos.read("scene", once.file.read_bytes()) == once


async def test_huge_text_in_a_png_does_no_harm(photos: PhotoIntake) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("prompt", "a" * 5_000_000, zip=True)
    file = BytesIO()
    scene().save(file, "PNG", pnginfo=text)
    assert shown(await photos.read("made-up.png", file.getvalue())).tobytes() == scene().tobytes()

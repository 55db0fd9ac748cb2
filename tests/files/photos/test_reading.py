"""A photo comes out upright, in its right colours, of a fair size; and what is none is refused in words."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from PIL import Image, ImageCms

from bot.errors import Unreadable
from bot.files.photos import PhotoIntake
from tests.files.photos import difference, file, opened, scene, shown, written

TURNED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.fixture
async def photos() -> AsyncIterator[PhotoIntake]:
    async with PhotoIntake() as photos:
        yield photos


def note(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


@pytest.mark.parametrize(
    ("name", "mime", "size"),
    [
        ("cat.jpg", "image/jpeg", (451, 300)),
        ("cat-rotated.jpg", "image/jpeg", (451, 300)),
        ("cat.heic", "image/jpeg", (300, 451)),
        ("cat.avif", "image/jpeg", (451, 300)),
        ("cat-animated.gif", "image/png", (225, 150)),
        ("coffee.png", "image/png", (600, 400)),
        ("coffee-cmyk.jpg", "image/jpeg", (600, 400)),
        ("astronaut.webp", "image/webp", (512, 512)),
        ("rocket.jpg", "image/jpeg", (640, 427)),
        ("astronaut-12mp.jpg", "image/jpeg", (2048, 1536)),
    ],
)
async def test_a_photo_is_read(photos: PhotoIntake, name: str, mime: str, size: tuple[int, int]) -> None:
    photo = await photos.read(name, file(name))
    assert (photo.name, photo.mime) == (name, mime)
    assert shown(photo).size == size


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("empty.jpg", "photo_empty"),
        ("not-an-image.jpg", "photo_not_an_image"),
        ("truncated.jpg", "photo_truncated"),
        ("bomb-20000x20000.png", "photo_too_many_pixels"),
    ],
)
async def test_what_is_no_photo_is_refused(photos: PhotoIntake, name: str, key: str) -> None:
    with pytest.raises(Unreadable) as refused:
        await photos.read(name, file(name))
    assert refused.value.code == key


async def test_the_refusal_names_the_limits() -> None:
    async with PhotoIntake(most_bytes=1024 * 1024) as photos:
        with pytest.raises(Unreadable, match="it is larger than 1 MB"):
            await photos.read("heavy.jpg", bytes(1024 * 1024 + 1))
        with pytest.raises(Unreadable, match="it has 400 megapixels, and I take up to 40"):
            await photos.read("bomb.png", file("bomb-20000x20000.png"))


@pytest.mark.parametrize("kind", ["WEBP", "TIFF", "BMP", "GIF", "AVIF"])
async def test_pixels_are_counted_in_every_format(kind: str) -> None:
    async with PhotoIntake(most_pixels=999) as photos:
        with pytest.raises(Unreadable) as refused:
            await photos.read("large", written(scene(50, 20), kind))
    assert refused.value.code == "photo_too_many_pixels"


async def test_a_webp_that_merely_claims_to_be_huge_takes_no_memory(photos: PhotoIntake) -> None:
    webp = bytearray(written(scene(), "WEBP", exif=note(6)))
    webp[24:30] = b"\xff" * 6
    with pytest.raises(Unreadable, match="megapixels"):
        await photos.read("huge.webp", bytes(webp))


async def test_the_name_does_not_matter_but_the_bytes_do(photos: PhotoIntake) -> None:
    assert (await photos.read("cat.gif", file("coffee.png"))).mime == "image/png"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("cat.heic", "cat.heic"),
        ("C:\\Users\\me\\cat.heic", "cat.heic"),
        ("../../etc/passwd", "passwd"),
        ("ca\nt\x00\u202e.jpg", "cat.jpg"),
        ("my cat's café 猫.jpg", "my cat's café 猫.jpg"),
        ("x" * 99, "x" * 60),
        (" \n/ ", "photo"),
        ("", "photo"),
    ],
)
async def test_the_name_is_kept_for_people(photos: PhotoIntake, said: str, kept: str) -> None:
    assert (await photos.read(said, file("rocket.jpg"))).name == kept


# upright


async def test_the_cat_is_turned_upright(photos: PhotoIntake) -> None:
    turned = shown(await photos.read("cat.jpg", file("cat-rotated.jpg")))
    assert difference(turned, opened(file("cat.jpg"))) < 5


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
async def test_a_camera_may_be_held_in_any_way(photos: PhotoIntake, kind: str, orientation: int) -> None:
    stored = scene().transpose(TURNED[orientation]) if orientation in TURNED else scene()
    photo = await photos.read("scene", written(stored, kind, exif=note(orientation)))
    assert difference(shown(photo), scene()) < 5


async def test_a_heic_is_turned_once(photos: PhotoIntake) -> None:
    once = opened(file("cat.jpg")).transpose(Image.Transpose.ROTATE_270)
    assert difference(shown(await photos.read("cat.heic", file("cat.heic"))), once) < 8


# colours


def swapped_profile() -> bytes:
    """An RGB profile that takes green for red and red for green."""
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    icc = icc.replace("sRGB".encode("utf-16-be"), "gRBG".encode("utf-16-be"))
    return icc.replace(b"rXYZ", b"#XYZ").replace(b"gXYZ", b"rXYZ").replace(b"#XYZ", b"gXYZ")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
async def test_a_colour_profile_is_obeyed(photos: PhotoIntake, kind: str) -> None:
    red, green, blue = scene().split()
    photo = await photos.read("scene", written(scene(), kind, icc_profile=swapped_profile()))
    assert difference(shown(photo), Image.merge("RGB", (green, red, blue))) < 5


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_a_damaged_profile_does_no_harm(photos: PhotoIntake, kind: str) -> None:
    photo = await photos.read("scene", written(scene(), kind, icc_profile=b"not a profile" * 20))
    assert difference(shown(photo), scene()) < 5


async def test_colours_for_print_look_the_same_on_screen(photos: PhotoIntake) -> None:
    assert difference(shown(await photos.read("cup", file("coffee-cmyk.jpg"))), opened(file("coffee.png"))) < 12


DEEP = Image.linear_gradient("L").resize((64, 64))  # rows of 2 to 253


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        (DEEP.convert("I").point(lambda value: value * 257 + 0).convert("I;16"), "PNG"),
        (DEEP.convert("I").point(lambda value: value * 257 + 0).convert("I;16"), "TIFF"),
        (DEEP.convert("I").point(lambda value: value * 257 + 0).convert("I;16B"), "TIFF"),
        (DEEP.convert("I"), "TIFF"),
        (DEEP.convert("F"), "TIFF"),
        (DEEP.convert("F").point(lambda value: value * (1 / 255) + 0), "TIFF"),
        (DEEP.convert("F").point(lambda value: value * 1000 - 128_000), "TIFF"),
    ],
    ids=["16-bit PNG", "16-bit TIFF", "16-bit TIFF, Motorola", "32-bit", "float", "float 0 to 1", "float, odd range"],
)
async def test_deep_greys_are_not_clipped(photos: PhotoIntake, image: Image.Image, kind: str) -> None:
    assert difference(shown(await photos.read("deep", written(image, kind))), DEEP) < 3


async def test_a_dark_deep_photo_stays_dark(photos: PhotoIntake) -> None:
    dark = Image.new("I;16", (32, 32), 200)
    assert (
        difference(shown(await photos.read("night.png", written(dark, "PNG"))), Image.new("RGB", (32, 32), (1,) * 3))
        < 1
    )


async def test_a_photo_without_any_contrast_is_one(photos: PhotoIntake) -> None:
    shown(await photos.read("fog.tif", written(Image.new("F", (8, 8), 1e6), "TIFF")))
    with pytest.raises(Unreadable, match="damaged"):
        await photos.read("nan.tif", written(Image.new("F", (8, 8), float("nan")), "TIFF"))


def half_clear(mode: str) -> Image.Image:
    """Black on the left, clear on the right."""
    image = Image.new("RGBA", (20, 20))
    image.paste((0, 0, 0, 255), (0, 0, 10, 20))
    return image.convert(mode)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("RGBA", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("RGBA", "WEBP"), ("RGBA", "TIFF"), ("RGBA", "GIF")],
)
async def test_what_is_clear_becomes_white(photos: PhotoIntake, mode: str, kind: str) -> None:
    options: dict[str, Any] = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    image = shown(await photos.read("logo", written(half_clear(mode), kind, **options))).convert("L")
    assert image.getpixel((4, 10)) == 0
    assert image.getpixel((15, 10)) == 255


async def test_a_clear_colour_becomes_white(photos: PhotoIntake) -> None:
    image = Image.new("RGB", (20, 20), (1, 2, 3))
    assert (
        shown(await photos.read("logo.png", written(image, "PNG", transparency=(1, 2, 3)))).getpixel((5, 5))
        == (255,) * 3
    )


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("1", "PNG"),
        ("1", "TIFF"),
        ("1", "BMP"),
        ("L", "TIFF"),
        ("P", "PNG"),
        ("P", "BMP"),
        ("P", "GIF"),
        ("CMYK", "TIFF"),
        ("YCbCr", "TIFF"),
        ("LAB", "TIFF"),
    ],
)
async def test_every_kind_of_pixel_is_understood(photos: PhotoIntake, mode: str, kind: str) -> None:
    half = Image.new("RGB", (40, 20), "white")
    half.paste((0, 0, 0), (0, 0, 20, 20))
    if mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        source = ImageCms.profileToProfile(half, ImageCms.createProfile("sRGB"), lab, outputMode="LAB")
    else:
        source = half.convert(mode)
    assert source is not None
    image = shown(await photos.read("half", written(source, kind)))
    assert image.mode in ("L", "RGB", "P")
    assert difference(image, half) < 3


# size


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "AVIF", "BMP"])
async def test_a_large_photo_is_shrunk(kind: str) -> None:
    async with PhotoIntake(longest_side=100) as photos:
        image = shown(await photos.read("large", written(scene(450, 300), kind)))
    assert difference(image, scene(450, 300).resize((100, 67))) < 12


async def test_a_turned_photo_is_shrunk_along_its_long_side() -> None:
    async with PhotoIntake(longest_side=100) as photos:
        photo = await photos.read("large", written(scene(900, 300), "JPEG", exif=note(6)))
        assert shown(photo).size == (33, 100)


async def test_a_thread_of_pixels_keeps_its_width() -> None:
    async with PhotoIntake(longest_side=100) as photos:
        assert shown(await photos.read("thread.png", written(Image.new("RGB", (3000, 1)), "PNG"))).size == (100, 1)


async def test_quality_goes_first_and_then_size() -> None:
    noise = Image.merge("RGB", [Image.effect_noise((300, 200), 90) for _ in range(3)])
    async with PhotoIntake(out_bytes=55_000) as less, PhotoIntake(out_bytes=9000) as smaller:
        well = await less.read("noise.png", written(noise, "PNG"))
        badly = await smaller.read("noise.png", written(noise, "PNG"))
        assert (well.width, well.mime) == (300, "image/jpeg") and well.size <= 55_000
        assert badly.width < 300 and badly.size <= 9000
        assert shown(well) and shown(badly)


# first of many


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF", "TIFF", "MPO"])
async def test_the_first_frame_stands_for_all(photos: PhotoIntake, kind: str) -> None:
    data = written(scene(), kind, save_all=True, append_images=[Image.new("RGB", (96, 64))] * 2)
    image = shown(await photos.read("film", data))
    assert getattr(image, "n_frames", 1) == 1
    assert difference(image, scene()) < 12


# in company


async def test_the_same_bytes_give_the_same_photo(photos: PhotoIntake) -> None:
    for name in ("cat-rotated.jpg", "cat.heic", "cat.avif", "coffee-cmyk.jpg", "cat-animated.gif"):
        one, other = await asyncio.gather(photos.read(name, file(name)), photos.read(name, file(name)))
        assert one == other


@pytest.mark.parametrize(("kind", "size"), [("AVIF", (1000, 700)), ("WEBP", (3000, 2800))])
async def test_what_would_stop_the_bot_is_decoded_apart(photos: PhotoIntake, kind: str, size: tuple[int, int]) -> None:
    icc, fast = swapped_profile(), {"speed": 10} if kind == "AVIF" else {"method": 0}
    photo = await photos.read("large", written(scene(*size), kind, exif=note(3), icc_profile=icc, **fast))
    red, green, blue = scene(photo.width, photo.height).transpose(Image.Transpose.ROTATE_180).split()
    assert difference(shown(photo), Image.merge("RGB", (green, red, blue))) < 5


async def test_damage_is_noticed_apart_as_well(photos: PhotoIntake) -> None:
    avif = bytearray(written(scene(1000, 700), "AVIF", speed=10))
    avif[-1500:] = b"\xff" * 1500
    with pytest.raises(Unreadable) as refused:
        await photos.read("large.avif", bytes(avif))
    assert refused.value.code == "photo_broken"


async def test_the_bot_goes_on_talking_meanwhile(photos: PhotoIntake) -> None:
    assert await longest_silence(photos) < 0.1


async def longest_silence(photos: PhotoIntake) -> float:
    """Seconds of this thread's work for which nothing else came to its turn while photos of several kinds were read."""
    names = ("astronaut-12mp.jpg", "coffee-cmyk.jpg", "cat.heic", "cat.avif")
    reading = asyncio.gather(*(photos.read(name, file(name)) for name in names * 2))
    worst = 0.0
    while not reading.done():
        begin = time.thread_time()
        await asyncio.sleep(0.001)
        worst = max(worst, time.thread_time() - begin)
    assert len(await reading) == 8
    return worst


async def test_whoever_is_cancelled_leaves_nothing_behind(photos: PhotoIntake) -> None:
    readers = [asyncio.create_task(photos.read("a.jpg", file("astronaut-12mp.jpg"))) for _ in range(4)]
    await asyncio.sleep(0.01)
    for reader in readers:
        reader.cancel()
    outcomes = await asyncio.gather(*readers, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {asyncio.CancelledError}
    assert (await photos.read("rocket.jpg", file("rocket.jpg"))).width == 640

"""A damaged photo is taken as far as it goes, which is said; and nothing damaged is passed on as it is."""

import random
import struct
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from PIL import Image, ImageChops

from bot.errors import Unreadable
from bot.files.photos import PhotoIntake
from bot.messages import Photo
from tests.files.photos import difference, file, opened, scene, shown, written

END = b"\xff\xd9"
KINDS: dict[str, dict[str, Any]] = {
    "plain": {"quality": 90},
    "4:4:4": {"quality": 90, "subsampling": 0},
    "restarts": {"restart_marker_blocks": 4},
    "progressive": {"progressive": True},
}


@pytest.fixture
async def photos() -> AsyncIterator[PhotoIntake]:
    async with PhotoIntake() as photos:
        yield photos


def jpeg(kind: str = "plain", mode: str = "RGB", size: tuple[int, int] = (320, 240)) -> bytes:
    noise = Image.effect_noise(size, 60).convert("RGB")
    return written(Image.blend(scene(*size), noise, 0.3).convert(mode), "JPEG", **KINDS[kind])


def cut(data: bytes, share: float) -> bytes:
    """Cut the data of the only scan."""
    start = data.index(b"\xff\xda")
    return data[: start + int((len(data) - start) * share)]


def keys(photo: Photo) -> list[str]:
    return [remark.key for remark in photo.remarks]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
async def test_a_whole_picture_needs_no_end_marker(photos: PhotoIntake, kind: str, mode: str) -> None:
    data = jpeg(kind, mode)
    photo = await photos.read("whole.jpg", data.removesuffix(END))
    assert keys(photo) == []
    assert difference(shown(photo), opened(data)) < (12 if mode == "CMYK" else 1)


async def test_black_rows_at_the_bottom_are_rows(photos: PhotoIntake) -> None:
    for black in (0, 1, 254):
        photo = await photos.read("dark.jpg", written(Image.new("L", (64, 64), black), "JPEG"))
        assert keys(photo) == [] and photo.height == 64


@pytest.mark.parametrize("kind", ["plain", "4:4:4", "restarts"])
@pytest.mark.parametrize("end", [b"", END], ids=["without an end", "with an end"])
@pytest.mark.parametrize("share", [0.55, 0.8, 0.97])
async def test_a_cut_photo_is_taken_as_far_as_it_goes(photos: PhotoIntake, kind: str, end: bytes, share: float) -> None:
    data = jpeg(kind)
    photo = await photos.read("cut.jpg", cut(data, share) + end)
    assert keys(photo) == ["photo_partly"]
    percent = dict(photo.remarks[0].values)["percent"]
    assert photo.height == pytest.approx(240 * share, abs=30)
    assert percent == pytest.approx(photo.height / 2.4, abs=2)
    assert difference(shown(photo), opened(data).crop((0, 0, 320, photo.height))) < 6


@pytest.mark.parametrize("end", [b"", END], ids=["without an end", "with an end"])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.4])
async def test_less_than_half_is_refused(photos: PhotoIntake, end: bytes, share: float) -> None:
    with pytest.raises(Unreadable) as refused:
        await photos.read("cut.jpg", cut(jpeg(), share) + end)
    assert refused.value.code == "photo_truncated"


async def test_what_is_there_of_a_turned_photo_is_upright(photos: PhotoIntake) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = written(scene(320, 240), "JPEG", exif=exif)
    photo = await photos.read("turned.jpg", cut(data, 0.7))
    assert photo.height == 320 and photo.width < 240
    upright = scene(320, 240).transpose(Image.Transpose.ROTATE_270)
    assert difference(shown(photo), upright.crop((240 - photo.width, 0, 240, 320))) < 6


@pytest.mark.parametrize("end", [b"", END], ids=["without an end", "with an end"])
async def test_a_progressive_photo_may_lack_its_finest_details(photos: PhotoIntake, end: bytes) -> None:
    data = jpeg("progressive")
    photo = await photos.read("cut.jpg", data[: int(len(data) * 0.8)] + end)
    assert keys(photo) == ["photo_coarse"] and photo.height == 240
    assert difference(shown(photo), opened(data)) < 15
    with pytest.raises(Unreadable):
        await photos.read("cut.jpg", data[: int(len(data) * 0.2)] + end)


@pytest.mark.parametrize("code", [0x02, 0x9F, 0xBF])
async def test_a_reserved_code_in_a_scan_does_not_end_it(photos: PhotoIntake, code: int) -> None:
    data = bytearray(jpeg("restarts"))
    data[len(data) // 2 : len(data) // 2] = bytes([0xFF, code])
    photo = await photos.read("spot.jpg", bytes(data))
    assert keys(photo) == []
    assert difference(shown(photo), opened(bytes(data))) == 0


@pytest.mark.parametrize("code", [0x02, 0x9F, 0xBF])
@pytest.mark.parametrize("kind", ["plain", "4:4:4", "progressive"])
async def test_nor_where_there_are_no_restarts(photos: PhotoIntake, kind: str, code: int) -> None:
    data = jpeg(kind)
    at = data.index(b"\xff\0", len(data) // 3)
    photo = await photos.read("spot.jpg", data[: at + 1] + bytes([code]) + data[at + 2 :])
    assert keys(photo) == []
    assert difference(shown(photo), opened(data)) == 0


async def test_the_sentence_about_a_cut_photo_is_not_told_again(photos: PhotoIntake) -> None:
    photo = await photos.read("cut.jpg", cut(jpeg(), 0.8))
    again = await photos.recall(photo.sha256, "cut.jpg")
    assert again is not None and again.remarks == ()


# nothing damaged is passed on


def png(body: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    parts = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


PIXELS = zlib.compress(b"".join(b"\0" + bytes([n] * 192) for n in range(64)))


async def test_a_sound_png_of_the_same_make_is_taken(photos: PhotoIntake) -> None:
    assert shown(await photos.read("sound.png", png(PIXELS))).size == (64, 64)


@pytest.mark.parametrize(
    "body",
    [b"not zlib at all", PIXELS[: len(PIXELS) // 2], PIXELS[:20] + b"\xff" * 9 + PIXELS[29:], b""],
    ids=["no zlib", "half", "spoiled", "empty"],
)
async def test_a_png_with_sound_chunks_around_broken_data_is_refused(photos: PhotoIntake, body: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        await photos.read("broken.png", png(body))
    assert refused.value.code in ("photo_broken", "photo_truncated")


async def test_a_webp_with_broken_data_is_refused(photos: PhotoIntake) -> None:
    data = bytearray(written(scene(), "WEBP", lossless=True))
    data[40:] = b"\xff" * (len(data) - 40)
    with pytest.raises(Unreadable):
        await photos.read("broken.webp", bytes(data))


# other formats


def noisy(mode: str = "RGB") -> Image.Image:
    noise = Image.frombytes("L", (320, 240), random.Random(1).randbytes(320 * 240))
    picture = Image.blend(scene(320, 240), noise.convert("RGB"), 0.3)
    if mode == "RGBA":
        picture.putalpha(Image.linear_gradient("L").resize(picture.size).point(lambda level: level // 2 + 128))
    return picture if mode in ("RGB", "RGBA") else picture.convert(mode)


CUT: dict[str, tuple[str, str, dict[str, Any]]] = {
    "png": ("PNG", "RGB", {}),
    "png with a palette": ("PNG", "P", {}),
    "transparent png": ("PNG", "RGBA", {}),
    "grey png": ("PNG", "L", {}),
    "gif": ("GIF", "P", {"interlace": 0}),
    "webp": ("WEBP", "RGB", {}),
    "lossless webp": ("WEBP", "RGB", {"lossless": True}),
    "transparent webp": ("WEBP", "RGBA", {}),
    "bmp": ("BMP", "RGB", {}),
    "bmp with a palette": ("BMP", "P", {}),
}


@pytest.mark.parametrize("name", CUT)
async def test_a_cut_picture_of_any_format_is_taken_as_far_as_it_goes(photos: PhotoIntake, name: str) -> None:
    kind, mode, options = CUT[name]
    data = written(noisy(mode), kind, **options)
    whole = shown(await photos.read("whole", data))
    photo = await photos.read("cut", data[: int(len(data) * 0.8)])
    assert keys(photo) == ["photo_partly"]
    assert dict(photo.remarks[0].values)["percent"] == pytest.approx(100 * photo.height / 240, abs=1)
    assert photo.height == pytest.approx(0.8 * 240, abs=30)
    top = 240 - photo.height if kind == "BMP" else 0  # whose rows stand upside down
    assert difference(shown(photo), whole.crop((0, top, 320, top + photo.height))) < 6
    with pytest.raises(Unreadable) as refused:
        await photos.read("cut", data[: int(len(data) * 0.3)])
    assert refused.value.code == "photo_truncated"


async def test_so_is_what_browsers_and_phones_encode(photos: PhotoIntake) -> None:
    data = written(noisy().resize((1280, 960)), "AVIF")
    photo = await photos.read("cut.avif", data[: int(len(data) * 0.95)])
    assert keys(photo) == ["photo_partly"] and 480 <= photo.height < 960
    whole = shown(await photos.read("whole.avif", data))
    assert difference(shown(photo), whole.crop((0, 0, 1280, photo.height))) < 6
    turned = file("cat.heic")  # whose last data belong to its left edge
    photo = await photos.read("cut.heic", turned[:-3000])
    assert keys(photo) == ["photo_partly"] and 150 < photo.width < 300
    whole = shown(await photos.read("whole.heic", turned))
    assert difference(shown(photo), whole.crop((300 - photo.width, 0, 300, 451))) < 6
    assert keys(await photos.read("cut.heic", turned[:-20])) == []  # of which no pixel needs any
    with pytest.raises(Unreadable) as refused:
        await photos.read("cut.heic", turned[:-12_000])
    assert refused.value.code == "photo_truncated"


async def test_a_cut_behind_the_last_row_takes_nothing_away(photos: PhotoIntake) -> None:
    data = written(noisy(), "PNG")
    assert keys(await photos.read("cut.png", data[:-12])) == []


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
async def test_of_a_cut_animation_the_whole_frames_are_looked_at(photos: PhotoIntake, kind: str) -> None:
    picture = noisy().resize((80, 60))
    frames = [ImageChops.offset(picture, 9 * n) for n in range(8)]
    data = written(frames[0], kind, save_all=True, append_images=frames[1:], duration=500)
    photo = await photos.read("cut", data[: int(len(data) * 0.7)])
    assert keys(photo) == ["photo_frames"] and photo.series
    assert photo.series.times == pytest.approx([0.5 * n for n in range(5)])
    photo = await photos.read("cut", data[: int(len(data) * 0.2)])
    assert keys(photo) == ["photo_frames"] and photo.series is None

"""Whatever a stranger sends: a sound photo, or a refusal in words. Nothing else."""

import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.errors import Unreadable
from bot.files.decoders.orientation import orientation
from bot.files.photos import PhotoIntake
from tests.files.photos import file, scene, shown, written

TWO = {"save_all": True, "append_images": [Image.new("RGB", (96, 64))]}
ICC = zlib.decompress(zlib.compress(b"\0\0\2\x0c" + bytes(600)))
SOUND = {
    "JPEG": written(scene(), "JPEG", exif=Image.Exif(), icc_profile=ICC),
    "progressive": written(scene(), "JPEG", progressive=True),
    "rotated": file("cat-rotated.jpg"),
    "CMYK": written(scene().convert("CMYK"), "JPEG"),
    "PNG": written(scene(), "PNG", icc_profile=ICC),
    "palette": written(scene().convert("P"), "PNG", transparency=3),
    "APNG": written(scene(), "PNG", **TWO),
    "GIF": written(scene(), "GIF", **TWO),
    "WebP": written(scene(), "WEBP", icc_profile=ICC),
    "lossless": written(scene().convert("RGBA"), "WEBP", lossless=True),
    "animated": written(scene(), "WEBP", **TWO),
    "BMP": written(scene(), "BMP"),
    "TIFF": written(scene(), "TIFF"),
    "LZW": written(scene(), "TIFF", compression="tiff_lzw", icc_profile=ICC),
    "JPEG in TIFF": written(scene(), "TIFF", compression="jpeg"),
    "deep": written(scene().convert("F"), "TIFF"),
    "AVIF": written(scene(), "AVIF", icc_profile=ICC),
    "HEIC": file("cat.heic"),
}


async def read(data: bytes) -> str:
    """Give the key of the refusal, or nothing for a photo."""
    async with PhotoIntake(longest_side=64, most_pixels=200_000) as photos:
        try:
            photo = await photos.read("stranger", data)
        except Unreadable as refused:
            return refused.code
        if photo.file.read_bytes()[:64] != data[:64]:  # drawn anew: must be without fault
            shown(photo)
    assert max(photo.width, photo.height) <= 64
    return ""


def test_all_of_them_are_sound() -> None:
    assert len(SOUND) == 18


@pytest.mark.parametrize("data", SOUND.values(), ids=SOUND.keys())
async def test_a_sound_file_is_read(data: bytes) -> None:
    assert await read(data) == ""


@pytest.mark.parametrize("data", SOUND.values(), ids=SOUND.keys())
@settings(max_examples=25, deadline=None)
@given(changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=9))
async def test_damage_anywhere_is_survived(data: bytes, changes: list[tuple[float, int]]) -> None:
    damaged = bytearray(data)
    for place, value in changes:
        damaged[int(place**2 * (len(data) - 1))] = value  # more of them in the header
    await read(bytes(damaged))


@pytest.mark.parametrize("data", SOUND.values(), ids=SOUND.keys())
@settings(max_examples=15, deadline=None)
@given(place=st.floats(0.0, 0.999))
async def test_a_cut_anywhere_is_survived(data: bytes, place: float) -> None:
    assert await read(data[: int(place * len(data))]) in ("", "photo_empty", "photo_truncated", *DAMAGED)


DAMAGED = ("photo_broken", "photo_not_an_image")


@pytest.mark.parametrize("kind", ["PNG", "palette", "WebP", "lossless", "animated", "HEIC"])
@pytest.mark.parametrize("part", [0.2, 0.3, 0.4])
async def test_a_cut_that_leaves_too_little_is_called_a_cut(kind: str, part: float) -> None:
    assert await read(SOUND[kind][: int(part * len(SOUND[kind]))]) == "photo_truncated"


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF"])
async def test_a_cut_is_noticed_while_decoding(kind: str) -> None:
    assert await read(SOUND[kind][: len(SOUND[kind]) // 4]) in ("photo_truncated", *DAMAGED)


@settings(max_examples=60, deadline=None)
@given(start=st.sampled_from([data[:40] for data in SOUND.values()]), rest=st.binary(max_size=300))
async def test_a_good_beginning_is_not_trusted(start: bytes, rest: bytes) -> None:
    await read(start + rest)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"Exif\0\0II*\0"]))
def test_the_orientation_is_always_one_of_eight(rest: bytes, start: bytes) -> None:
    assert 1 <= orientation(start + rest) <= 8


async def test_a_png_with_a_wrong_checksum_is_not_passed_on() -> None:
    png = bytearray(written(scene(40, 40), "PNG"))
    png[len(png) // 2] ^= 1
    assert await read(bytes(png)) == "photo_broken"


async def test_endless_scans_are_not_decoded() -> None:
    jpeg = written(scene(40, 40), "JPEG", progressive=True)
    scans = jpeg.index(b"\xff\xda")
    end = jpeg.index(b"\xff\xc4", scans)
    assert await read(jpeg[:scans] + jpeg[scans:end] * 200 + jpeg[end:]) == "photo_broken"


async def test_a_profile_that_unpacks_without_end_does_no_harm() -> None:
    png = written(scene(40, 40), "PNG")
    body = b"iCCP" + b"bomb\0\0" + zlib.compress(bytes(50_000_000))
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    assert await read(png[:33] + chunk + png[33:]) == ""

"""Colours without a profile, and kinds of files that are less common."""

import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from bot.errors import Unreadable
from bot.files.decoders.jpeg_xl import size_of_jpeg_xl
from bot.files.photos import PhotoIntake
from tests.files.photos import difference, opened, scene, shown, written

BT2020, P3, PQ, HLG, SRGB = 9, 12, 16, 18, 13


@pytest.fixture
async def photos() -> AsyncIterator[PhotoIntake]:
    async with PhotoIntake() as photos:
        yield photos


# colours named by code points


def with_cicp(png: bytes, primaries: int, transfer: int) -> bytes:
    body = b"cICP" + bytes([primaries, transfer, 0, 1])
    return png[:33] + struct.pack(">I", 4) + body + struct.pack(">I", zlib.crc32(body)) + png[33:]


def with_nclx(avif: bytes, primaries: int, transfer: int) -> bytes:
    at = avif.index(b"colrnclx") + 8
    return avif[:at] + struct.pack(">HH", primaries, transfer) + avif[at + 4 :]


def plain(*colour: int) -> Image.Image:
    return Image.new("RGB", (64, 64), tuple(colour))


@pytest.mark.parametrize("kind", ["PNG", "AVIF"])
@pytest.mark.parametrize(
    ("colour", "primaries", "transfer", "low", "high"),
    [
        ((148, 148, 148), BT2020, PQ, (235, 235, 235), (255, 255, 255)),  # white paper at 203 candela
        ((191, 191, 191), BT2020, HLG, (230, 230, 230), (255, 255, 255)),
        ((0, 0, 0), BT2020, PQ, (0, 0, 0), (2, 2, 2)),
        ((60, 60, 60), BT2020, PQ, (40, 40, 40), (110, 110, 110)),
        ((255, 0, 0), P3, SRGB, (250, 0, 0), (255, 10, 10)),
        ((200, 60, 60), BT2020, SRGB, (215, 0, 0), (255, 60, 60)),
        ((200, 60, 60), 1, SRGB, (195, 50, 50), (205, 68, 68)),
        ((128, 128, 128), 1, 8, (180, 180, 180), (196, 196, 196)),  # linear light
    ],
)
async def test_code_points_are_obeyed(
    photos: PhotoIntake,
    kind: str,
    colour: tuple[int, ...],
    primaries: int,
    transfer: int,
    low: tuple[int, ...],
    high: tuple[int, ...],
) -> None:
    with_points = with_cicp if kind == "PNG" else with_nclx
    data = with_points(
        written(plain(*colour), kind, **({"quality": 95} if kind == "AVIF" else {})), primaries, transfer
    )
    pixel = shown(await photos.read("page", data)).convert("RGB").getpixel((32, 32))
    assert isinstance(pixel, tuple)
    assert all(a - 3 <= value <= b + 3 for a, value, b in zip(low, pixel, high, strict=True)), pixel


async def test_a_png_with_the_points_of_srgb_keeps_every_pixel(photos: PhotoIntake) -> None:
    photo = await photos.read("page.png", with_cicp(written(scene(), "PNG"), 1, SRGB))
    assert shown(photo).tobytes() == scene().tobytes() and b"cICP" not in photo.file.read_bytes()


# AVIF of older encoders


def without_size_of_alpha(avif: bytes) -> bytes:
    """Let the alpha of an AVIF name another property in place of its size, as older encoders left it out."""
    data, at = bytearray(avif), avif.index(b"ipma") + 12
    at += 3 + data[at + 2]  # behind the properties of the picture itself
    data[at + 3] = data[at + 4]
    return bytes(data)


async def test_an_avif_whose_alpha_lacks_its_size_shows_its_colours(photos: PhotoIntake) -> None:
    image = scene().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 4, 4))
    data = without_size_of_alpha(written(image, "AVIF", quality=95))
    with pytest.raises(OSError):  # as it is, Pillow does not know it
        opened(data)
    photo = shown(await photos.read("logo.avif", data)).convert("RGB")
    assert difference(photo.crop((8, 8, 96, 64)), scene().crop((8, 8, 96, 64))) < 8


# grey with transparency


async def test_a_deep_grey_with_a_clear_level_keeps_its_square(photos: PhotoIntake) -> None:
    image = Image.new("I;16", (60, 60))
    image.putdata([9_000 if 20 <= n % 60 < 40 and 20 <= n // 60 < 40 else 40_000 for n in range(3600)])
    grey = shown(await photos.read("deep.png", written(image, "PNG", transparency=40_000))).convert("L")
    assert grey.getpixel((5, 5)) == 255
    assert grey.getpixel((30, 30)) in range(33, 38)


# bitmaps of 32 and 16 bits


def bmp(masks: tuple[int, ...], pixel: int, bits: int = 32, version: int = 0) -> bytes:
    header = version or 40
    body = struct.pack("<I" if bits == 32 else "<H", pixel) * 64
    info = struct.pack("<IiiHHIIiiII", header, 8, 8, 1, bits, 3, len(body), 0, 0, 0, 0)
    rest = struct.pack(f"<{len(masks)}I", *masks)
    rest += bytes(header - 40 - len(rest)) if version else b""
    start = 14 + len(info) + len(rest)
    return b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start) + info + rest + body


@pytest.mark.parametrize(
    ("data", "colour"),
    [
        (bmp((0x3FF00000, 0xFFC00, 0x3FF), 0x3FF << 20 | 0x200 << 10), (255, 127, 0)),
        (bmp((0xFF0000, 0xFF00, 0xFF, 0xFF000000), 0x00C81E0A, version=108), (200, 30, 10)),
        (bmp((0xFF0000, 0xFF00, 0xFF, 0xFF000000), 0xFFC81E0A, version=124), (200, 30, 10)),
        (bmp((0xF00, 0xF0, 0xF), 0xF80, bits=16), (255, 136, 0)),
        (bmp((0xFF00, 0xFF0000, 0xFF000000), 0x0A1EC800), (200, 30, 10)),
    ],
    ids=["10 bits each", "alpha is unset", "with alpha", "4 bits each", "odd order"],
)
async def test_a_bitmap_shows_its_colours(photos: PhotoIntake, data: bytes, colour: tuple[int, ...]) -> None:
    assert difference(shown(await photos.read("drawing.bmp", data)), Image.new("RGB", (8, 8), colour)) < 4


async def test_a_cut_bitmap_is_refused(photos: PhotoIntake) -> None:
    with pytest.raises(Unreadable):
        await photos.read("cut.bmp", bmp((0x3FF00000, 0xFFC00, 0x3FF), 0)[:150])


# icons


@pytest.mark.parametrize("kind", ["png", "bmp"])
async def test_the_largest_picture_of_an_icon_is_taken(photos: PhotoIntake, kind: str) -> None:
    image = scene(256, 256).convert("RGBA")
    data = written(image, "ICO", sizes=[(16, 16), (64, 64), (256, 256)], bitmap_format=kind)
    assert difference(shown(await photos.read("favicon.ico", data)), scene(256, 256)) < 3


async def test_an_icon_that_holds_a_bomb_is_refused(photos: PhotoIntake) -> None:
    inner = written(Image.new("1", (20_000, 20_000)), "PNG")
    entry = struct.pack("<BBBBHHII", 32, 32, 0, 0, 1, 32, len(inner), 22)
    with pytest.raises(Unreadable, match="megapixels"):
        await photos.read("bomb.ico", b"\0\0\1\0\1\0" + entry + inner)


# raw files of cameras


def raw(*previews: bytes, orientation: int = 1, tag: int = 0xC612) -> bytes:
    """A file like a DNG: a directory that says so, and previews somewhere behind it."""
    tags = [(0x0112, 3, 1, orientation), (tag, 4, 1, 1)]
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *each) for each in tags) + bytes(4)
    return b"II*\0" + struct.pack("<I", 8) + directory + bytes(500) + bytes(99).join(previews) + bytes(2000)


@pytest.mark.parametrize("order", [1, -1])
async def test_the_largest_preview_of_a_raw_file_is_taken(photos: PhotoIntake, order: int) -> None:
    previews = [written(Image.new("RGB", (160, 120)), "JPEG"), written(scene(640, 480), "JPEG")][::order]
    photo = await photos.read("photo.dng", raw(*previews))
    assert difference(shown(photo), scene(640, 480)) < 5


async def test_it_is_turned_as_the_raw_file_says(photos: PhotoIntake) -> None:
    stored = scene(640, 480).transpose(Image.Transpose.ROTATE_90)
    photo = await photos.read("photo.dng", raw(written(stored, "JPEG"), orientation=6))
    assert difference(shown(photo), scene(640, 480)) < 5


@pytest.mark.parametrize(
    "start", [b"FUJIFILMCCD-RAW 0201", b"IIU\0\x08\0\0\0", b"IIRO\x08\0\0\0", b"\0\0\0\x18ftypcrx \0\0\0\1"]
)
async def test_other_raw_files_have_previews_too(photos: PhotoIntake, start: bytes) -> None:
    photo = await photos.read("photo.raw", start + bytes(300) + written(scene(), "JPEG") + bytes(900))
    assert difference(shown(photo), scene()) < 5


async def test_a_raw_file_without_a_preview_is_no_picture(photos: PhotoIntake) -> None:
    with pytest.raises(Unreadable, match="neither a picture"):
        await photos.read("photo.dng", raw())


async def test_nothing_of_a_raw_file_but_the_preview_is_kept(photos: PhotoIntake) -> None:
    photo = await photos.read("photo.dng", raw(written(scene(), "JPEG", comment=b"gossip"), b"gossip"))
    assert b"gossip" not in photo.file.read_bytes()


# JPEG XL


@pytest.mark.parametrize("start", [b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"])
async def test_jpeg_xl_is_named(photos: PhotoIntake, start: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        await photos.read("photo.jxl", start + bytes(200))
    assert refused.value.code in ("photo_jpeg_xl", "photo_broken", "photo_not_an_image")


@pytest.mark.parametrize("options", [{"lossless": True}, {"use_container": True}], ids=["bare", "boxes"])
@pytest.mark.parametrize("size", [(320, 240), (331, 97), (64, 640)], ids=str)
async def test_jpeg_xl_is_read_where_its_plugin_is_installed(
    photos: PhotoIntake, size: tuple[int, int], options: dict[str, bool]
) -> None:
    pytest.importorskip("pillow_jxl")
    data = written(scene(*size), "JXL", **options)
    assert size_of_jpeg_xl(data) == size
    assert difference(shown(await photos.read("photo.jxl", data)), scene(*size)) < 5


async def test_a_jpeg_packed_as_jpeg_xl_is_turned_as_its_exif_says(photos: PhotoIntake, tmp_path: Path) -> None:
    pytest.importorskip("pillow_jxl")
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "photo.jpg").write_bytes(written(scene(300, 200), "JPEG", quality=95, exif=exif))
    packed = written(Image.open(tmp_path / "photo.jpg"), "JXL", lossless_jpeg=True)
    photo = await photos.read("photo.jxl", packed)
    assert difference(shown(photo), scene(300, 200).transpose(Image.Transpose.ROTATE_270)) < 5


def test_a_jpeg_xl_says_how_large_it_is_before_it_is_decoded() -> None:
    ratio_of_two = b"\xff\x0a" + (0b0 | 0b11 << 1 | 39_999 << 3 | 0b111 << 33).to_bytes(6, "little")
    assert size_of_jpeg_xl(ratio_of_two) == (80_000, 40_000)
    with pytest.raises(Unreadable):
        size_of_jpeg_xl(b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(20_000))


# screenshots


def screenshot() -> Image.Image:
    image = Image.new("RGB", (400, 200), "white")
    draw = ImageDraw.Draw(image)
    for n in range(18):
        draw.text((10 + n % 2, 10 * n), "error: small red letters on white", (220, 0, 0))
    return image


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP", "TIFF"])
async def test_small_coloured_letters_stay_crisp(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    async with PhotoIntake(longest_side=300) as photos:
        photo = await photos.read("screen", written(screenshot(), kind, **options))
    assert photo.mime == "image/png"


async def test_as_a_jpeg_they_keep_the_resolution_of_their_colours() -> None:
    async with PhotoIntake(longest_side=300) as photos:
        photo = await photos.read("screen.jpg", written(screenshot(), "JPEG", quality=95, subsampling=0))
        sampling = opened(photo.file.read_bytes()).layer  # type: ignore[attr-defined]
    assert {each[1:3] for each in sampling} == {(1, 1)}

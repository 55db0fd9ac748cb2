import io
from collections.abc import Callable

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from emulator.metadata import find_metadata

from .conftest import photo


def left(data: bytes) -> tuple[str, ...]:
    with Image.open(io.BytesIO(data)) as image:
        return find_metadata(image, data)


def exif(change: Callable[[Image.Exif], object]) -> Image.Exif:
    tags = Image.Exif()
    change(tags)
    return tags


def gps(tags: Image.Exif) -> None:
    tags.get_ifd(0x8825)[1] = "N"


def taken(tags: Image.Exif) -> None:
    tags.get_ifd(0x8769)[0x9003] = "2026:11:21 10:00:00"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("GPS", gps),
        ("camera", lambda tags: tags.update({0x010F: "Snap"})),
        ("date", taken),
        ("orientation", lambda tags: tags.update({0x0112: 6})),
        ("EXIF", lambda tags: tags.update({0x013B: "Ada"})),
    ],
)
def test_exif_is_named_by_what_it_tells(format: str, name: str, change: Callable[[Image.Exif], object]) -> None:
    assert left(photo(format=format, exif=exif(change).tobytes())) == (name,)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_clean_photo_tells_nothing(format: str) -> None:
    assert left(photo(format=format)) == ()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_colour_profile_is_named(format: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert left(photo(format=format, icc_profile=profile)) == ("ICC profile",)


@pytest.mark.parametrize("format", ["JPEG", "WEBP"])
def test_xmp_is_named(format: str) -> None:
    assert left(photo(format=format, xmp=b"<x:xmpmeta/>")) == ("XMP",)


def test_comments_and_texts_are_named() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "Ada")
    assert left(photo(comment=b"taken at home")) == ("comment",)
    assert left(photo(format="GIF", comment=b"taken at home")) == ("comment",)
    assert left(photo(format="PNG", pnginfo=notes)) == ("text",)


def test_xmp_in_a_png_is_named() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta/>")
    assert left(photo(format="PNG", pnginfo=notes)) == ("XMP",)


@pytest.mark.parametrize(("marker", "name"), [(0xED, "IPTC"), (0xEB, "APP11 block")])
def test_other_blocks_of_a_jpeg_are_named(marker: int, name: str) -> None:
    plain = photo()
    block = b"Photoshop 3.0\x00" + b"8BIM\x04\x04\x00\x00\x00\x00\x00\x04\x1c\x02\x00\x00"
    segment = bytes([0xFF, marker]) + (len(block) + 2).to_bytes(2, "big") + block
    assert left(plain[:2] + segment + plain[2:]) == (name,)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_bytes_behind_the_picture_are_named(format: str) -> None:
    assert left(photo(format=format) + photo()) == ("trailing bytes",)


def test_a_progressive_jpeg_ends_where_it_ends() -> None:
    data = photo(size=(300, 200), progressive=True)
    assert left(data) == () and left(data + b"!") == ("trailing bytes",)

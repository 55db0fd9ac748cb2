"""Traces in a photo's file: found, rounded, told once, and gone."""

import io
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from bot.files.photos import PhotoIntake
from bot.messages import NO_TRACES, PhotoTraces
from tests.conftest import CAT, PHOTOS

PARIS = ((48.0, 51.0, 29.6), (2.0, 17.0, 40.2))  # 48.8582, 2.2945


def carrying(kind: str = "JPEG", *, maker: str = "Google", north: str = "N", east: str = "E") -> bytes:
    """The cat, with the place, the device and a thumbnail of Photoshop's."""
    image = Image.open(io.BytesIO(CAT))
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = maker
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: north, 2: PARIS[0], 3: east, 4: PARIS[1]})
    written = io.BytesIO()
    image.save(written, kind, exif=exif.tobytes())
    data = written.getvalue()
    if kind != "JPEG":
        return data
    resource = b"Photoshop 3.0\x008BIM\x04\x0c\0\0\0\0\0\x04abcd"
    return data[:2] + b"\xff\xed" + (len(resource) + 2).to_bytes(2) + resource + data[2:]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
async def test_the_place_and_the_device_are_found_in_every_format(photos: PhotoIntake, kind: str) -> None:
    photo = await photos.read("a", carrying(kind))
    assert photo.traces == PhotoTraces(place=(48.86, 2.29), device="phone", thumbnails=int(kind == "JPEG"))


async def test_the_other_half_of_the_world_has_its_signs(photos: PhotoIntake) -> None:
    photo = await photos.read("a.jpg", carrying(north="S", east="W", maker="Canon"))
    assert (photo.traces.place, photo.traces.device) == ((-48.86, -2.29), "camera")


async def test_a_photo_without_any_has_none(photos: PhotoIntake) -> None:
    rocket = (PHOTOS / "rocket.jpg").read_bytes()
    assert (await photos.read("rocket.jpg", rocket)).traces == NO_TRACES


async def test_what_cannot_be_read_is_left_out_and_the_photo_is_read(photos: PhotoIntake) -> None:
    data = carrying()
    start = data.index(b"Exif\0\0") + 14
    broken = data[:start] + b"\xff" * 40 + data[start + 40 :]
    photo = await photos.read("a.jpg", broken)
    assert photo.traces.place is None
    assert photo.width == 451


async def test_they_are_neither_kept_nor_recalled(photos: PhotoIntake) -> None:
    photo = await photos.read("a.jpg", carrying())
    again = await photos.recall(photo.sha256, "a.jpg")
    assert again is not None
    assert again.traces == NO_TRACES
    assert "48.86" not in repr(photo)
    assert all(b"48.8" not in path.read_bytes() for path in Path(photo.file.parent).iterdir())

"""A file is what its bytes say, and a picture is whole or none."""

import io

import pytest
from PIL import Image

from adapters.providers.onemin.asset_kinds import Family, kind_of
from emulator import audio


def picture(format: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(file, format)
    return file.getvalue()


@pytest.mark.parametrize("mime", ["image/png", "image/jpeg", "image/webp", "image/gif"])
def test_a_picture_is_known_by_its_beginning_and_its_end(mime: str) -> None:
    data = picture(mime.removeprefix("image/"))
    kind = kind_of(data, "picture")

    assert kind
    assert kind.mime == mime
    assert kind_of(data[: len(data) // 2], "picture") is None, "its end is missing"
    assert kind_of(data, "sound") is None


@pytest.mark.parametrize(
    ("format", "mime", "extension"),
    [
        ("opus", "audio/ogg", "ogg"),
        ("wav", "audio/wav", "wav"),
        ("mp3", "audio/mpeg", "mp3"),
        ("flac", "audio/flac", "flac"),
    ],
)
def test_a_sound_is_known_by_its_beginning(format: str, mime: str, extension: str) -> None:
    kind = kind_of(audio.speak("hello", "alloy", format, 1), "sound")

    assert kind
    assert (kind.mime, kind.extension) == (mime, extension)


@pytest.mark.parametrize(
    ("data", "extension"),
    [
        (b"\x1a\x45\xdf\xa3...", "webm"),
        (b"\x00\x00\x00\x18ftypM4A ...", "m4a"),
        (b"\x00\x00\x00\x18ftypmp42...", "m4a"),
        (b"\xff\xfb\x90\x64...", "mp3"),
        (b"\xff\xf3\x44\xc4...", "mp3"),
        (b"\xff\xf1\x58\x40...", None),  # AAC without a box around it: no model is known to take it
        (b"\x00\x00\x00\x18ftypheic...", None),
        (b"\xff", None),
        (b"", None),
    ],
)
def test_other_sounds_are_known_as_well(data: bytes, extension: str | None) -> None:
    kind = kind_of(data, "sound")

    assert (kind.extension if kind else None) == extension


@pytest.mark.parametrize("family", ["picture", "sound"])
def test_a_page_is_neither(family: Family) -> None:
    assert kind_of(b"<!DOCTYPE html><title>Sign in</title>", family) is None
    assert kind_of(b"", family) is None

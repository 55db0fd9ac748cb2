"""MP3 and AAC: the length and the ID3 comment of an MP3, and frames of both that keep silent."""

from collections.abc import Iterator
from typing import NamedTuple

from emulator.sound.heard import Heard

RATE = 24_000
_MP3_FRAME, _MP3_SAMPLES = b"\xff\xf3\x44\xc4".ljust(96, b"\x00"), 576  # MPEG-2 layer III, 32 kbit/s, one channel
_AAC_FRAME, _AAC_SAMPLES = b"\xff\xf1\x58\x40\x01\xbf\xfc\x00\xc8\x00\x80\x23\x80", 1024  # LC, one channel

# kbit/s by index, for layer III of MPEG-1 and of MPEG-2
_RATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_RATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_HERTZ = (44_100, 48_000, 32_000)
_CODECS = ("latin-1", "utf-16", "utf-16-be", "utf-8")


class _Frame(NamedTuple):
    size: int
    seconds: float


def read(data: bytes) -> Heard:
    """Read an ID3v2 tag if there is one, and add up the frames behind it."""
    behind, words = _tag(data) if data[:3] == b"ID3" else (0, "")
    seconds = sum(frame.seconds for frame in _frames(data, behind))
    return Heard(seconds or None, words)


def silent_mp3(seconds: float, words: str) -> bytes:
    """Write an MP3 of that length, which carries the words as a comment."""
    return _id3(words) + _MP3_FRAME * max(1, round(seconds * RATE / _MP3_SAMPLES))


def silent_aac(seconds: float, words: str) -> bytes:
    """Write an AAC stream (ADTS) likewise."""
    return _id3(words) + _AAC_FRAME * max(1, round(seconds * RATE / _AAC_SAMPLES))


def _frames(data: bytes, at: int) -> Iterator[_Frame]:
    while at + 4 <= len(data) and (frame := _frame(data[at : at + 4])):
        yield frame
        at += frame.size


def _frame(head: bytes) -> _Frame | None:
    """Read the header of a layer III frame, or None where there is none."""
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bitrate, rate, padded = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if head[0] != 0xFF or head[1] < 0xE0 or version == 1 or layer != 1 or bitrate in (0, 15) or rate == 3:
        return None
    first = version == 3
    hertz = _HERTZ[rate] // (1 if first else 2 if version == 2 else 4)
    samples = 1152 if first else 576
    kilobits = (_RATES_1 if first else _RATES_2)[bitrate]
    return _Frame(samples // 8 * kilobits * 1000 // hertz + padded, samples / hertz)


def _tag(data: bytes) -> tuple[int, str]:
    """Return where the tag ends, and its comment."""
    version, flags, end = data[3], data[5], 10 + _syncsafe(data[6:10])
    body = data[10:end]
    if flags & 0x80 and version < 4:
        body = body.replace(b"\xff\x00", b"\xff")
    found = dict(_notes(body, version))
    return end + (10 if flags & 0x10 else 0), found.get("TRANSCRIPT") or found.get("", "")


def _notes(body: bytes, version: int) -> Iterator[tuple[str, str]]:
    """Walk the frames of a tag: comments and user texts, each with its description in capitals."""
    at = 0
    while at + 10 <= len(body) and body[at : at + 4].isalnum():
        raw = body[at + 4 : at + 8]
        size = _syncsafe(raw) if version == 4 else int.from_bytes(raw, "big")
        name, frame = body[at : at + 4], body[at + 10 : at + 10 + size]
        if name in (b"COMM", b"TXXX") and frame:
            yield _note(frame[0], frame[4:] if name == b"COMM" else frame[1:])
        at += 10 + size


def _note(encoding: int, text: bytes) -> tuple[str, str]:
    codec = _CODECS[encoding] if encoding < len(_CODECS) else "latin-1"
    if codec == "utf-16":  # the description and the value have a byte order mark each
        split = next((at for at in range(0, len(text), 2) if text[at : at + 2] == b"\x00\x00"), len(text))
        description, value = text[:split].decode(codec, "replace"), text[split + 2 :].decode(codec, "replace")
    else:
        description, _, value = text.decode(codec, "replace").partition("\x00")
    return description.upper(), value.rstrip("\x00")


def _id3(words: str) -> bytes:
    frame = b"\x03engTRANSCRIPT\x00" + words.encode()
    body = b"COMM" + _safe(len(frame)) + b"\x00\x00" + frame
    return b"ID3\x04\x00\x00" + _safe(len(body)) + body


def _syncsafe(raw: bytes) -> int:
    return sum((byte & 0x7F) << shift for byte, shift in zip(raw, (21, 14, 7, 0), strict=True))


def _safe(size: int) -> bytes:
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))

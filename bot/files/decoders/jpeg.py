"""JPEG segments, each started by a marker, up to the end-of-image marker or the end of the file."""

import re
from collections.abc import Iterable, Iterator

from bot.errors import FailureCode, Unreadable
from bot.files.decoders.parts import bounded
from bot.files.decoders.picture import Picture

# Neither stuffing, nor a restart, nor a reserved code, which only damage puts there: this ends the data of a scan.
_MARKER = re.compile(rb"\xff([\xc0-\xcf\xd8-\xfe])")
_CODE = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])")  # such a marker, or a reserved code
_RESERVED = re.compile(rb"\xff[\x02-\xbf]")
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_DHT, _JPG, _DAC, _DQT, _DNL, _DRI = 0xC4, 0xC8, 0xCC, 0xDB, 0xDC, 0xDD
_FRAMES = {*range(0xC0, 0xD0)} - {_DHT, _JPG, _DAC}
_COMMON_FRAMES = {0xC0, 0xC1, 0xC2}  # baseline, extended, progressive
_DRAWING = _FRAMES | {_DHT, _DAC, _DQT, _DNL, _DRI, _SOS}
_JFIF = b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"  # version 1.1, no density, no thumbnail
_MOST_SEGMENTS = 4096  # the largest photos with all that phones add to them have a few hundred
_MOST_SCANS = 100  # a photo has a dozen; each costs a pass over all pixels

Segment = tuple[int, bytes]  # the marker, and the whole segment with the data of a scan


def strip_jpeg(data: bytes) -> Picture:
    """Keep tables, frame and scans, and close them with an end marker, even where the file has none.

    Unreadable: it ends before the first scan, or has far too many scans or segments.
    """
    segments = list(bounded(_segments(data), _MOST_SEGMENTS))
    markers = [marker for marker, _ in segments]
    if _SOS not in markers:
        raise Unreadable(FailureCode.PHOTO_TRUNCATED)
    if markers.count(_SOS) > _MOST_SCANS:
        raise Unreadable(FailureCode.PHOTO_BROKEN)
    stripped = b"".join([b"\xff\xd8", *_drawing(segments), b"\xff\xd9"])
    return Picture(
        data=stripped, plain=_FRAMES.intersection(markers) <= _COMMON_FRAMES, exif=_exif(segments), icc=_icc(segments)
    )


def frame_size(data: bytes, start: int) -> int:
    """Return the number of pixels of a JPEG that starts there; 0 if no common decoder draws it."""
    at = start + 2
    for _ in range(_MOST_SEGMENTS):
        marker, length = data[at + 1 : at + 2], int.from_bytes(data[at + 2 : at + 4])
        if data[at : at + 1] != b"\xff" or not marker or marker[0] == _SOS:
            return 0
        if marker[0] in _FRAMES:
            height, width = int.from_bytes(data[at + 5 : at + 7]), int.from_bytes(data[at + 7 : at + 9])
            return width * height if marker[0] in _COMMON_FRAMES else 0
        at += 2 + length
    return 0


def _segments(data: bytes) -> Iterator[Segment]:
    at, has_restarts = 2, False
    while match := _MARKER.search(data, at):
        marker, start = match[1][0], match.start()
        if marker == _EOI:
            return
        if marker == _SOI:  # another picture starts in the middle of this one
            raise Unreadable(FailureCode.PHOTO_BROKEN)
        at = start + 2 + int.from_bytes(data[start + 2 : start + 4])
        if marker == _SOS:
            end, has_codes = _scan_end(data, at)
            # A decoder finds its way after a reserved code at the next restart. Without restarts it gives up there,
            # and goes on if the code is data; mostly it once was a stuffed byte.
            mended = _RESERVED.sub(b"\xff\0", data[at:end]) if has_codes and not has_restarts else data[at:end]
            yield marker, data[start:at] + mended
            at = end
            continue
        if at > len(data):  # the file ends in the middle of this segment
            return
        has_restarts = has_restarts or marker == _DRI
        yield marker, data[start:at]


def _scan_end(data: bytes, start: int) -> tuple[int, bool]:
    """Return the end of a scan's data, and whether reserved codes stand in it."""
    code = _CODE.search(data, start)
    has_codes = code is not None and code[1] < b"\xc0"
    end = _MARKER.search(data, start) if has_codes else code
    return end.start() if end else len(data), has_codes


def _drawing(segments: Iterable[Segment]) -> Iterator[bytes]:
    """Return the two APP segments that are kept, cleaned, as decoders infer the colours from them: JFIF and Adobe."""
    for marker, segment in segments:
        if marker in _DRAWING:
            yield segment
        elif marker == _APP0 and segment[4:9] == b"JFIF\0" and len(segment) >= len(_JFIF):
            yield _JFIF
        elif marker == _APP14 and segment[4:9] == b"Adobe" and len(segment) >= 16:
            yield b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + segment[15:16]


def _exif(segments: Iterable[Segment]) -> bytes:
    payloads = (segment[4:] for marker, segment in segments if marker == _APP1 and segment[4:10] == b"Exif\0\0")
    return next(payloads, b"")


def _icc(segments: Iterable[Segment]) -> bytes:
    parts = {segment[16]: segment[18:] for marker, segment in segments if _is_icc(marker, segment)}
    return b"".join(parts[number] for number in sorted(parts))


def _is_icc(marker: int, segment: bytes) -> bool:
    return marker == _APP2 and segment[4:16] == b"ICC_PROFILE\0" and len(segment) > 18

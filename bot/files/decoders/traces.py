"""Traces in a file that tell more than its picture does: the place, the device, thumbnails."""

import re
import struct
from contextlib import suppress
from typing import Any

from PIL import ExifTags, Image

DECIMALS = 2  # of a degree: about a kilometre, so that nothing closer ever leaves this process
PHONES = re.compile(
    r"apple|google|samsung|xiaomi|redmi|huawei|honor|oneplus|oppo|vivo|realme|motorola|nokia|htc|lge?\b|asus|nothing"
    r"|fairphone|zte|tecno|infinix|sharp",
    re.IGNORECASE,
)
_MPF = re.compile(rb"\xff\xe2..MPF\0(.{4,512})", re.DOTALL)
_MPF_NAME, _PHOTOSHOP = b"MPF\0", b"8BIM"  # found much faster than patterns, and mostly missing
_MPF_COUNT = 0xB001  # the tag of how many pictures there are
_PHOTOSHOP_THUMBNAIL = re.compile(rb"8BIM\x04[\x09\x0c]")
_HEAD = 512 * 1024  # bytes in which such parts stand


def find_traces(data: bytes, exif: bytes) -> dict[str, Any]:
    """Return what is known of the `place` (degrees north and east), the `device` and the number of `thumbnails`.

    `data` is the file as it came, `exif` its EXIF data. What cannot be read is left out: nobody needs it.
    """
    traces: dict[str, Any] = {"thumbnails": 0}
    with suppress(Exception):  # whatever somebody wrote there
        traces["thumbnails"] += _count_thumbnails(data[:_HEAD])
    with suppress(Exception):
        parsed = Image.Exif()
        parsed.load(exif)
        if maker := f"{parsed.get(ExifTags.Base.Make, '')} {parsed.get(ExifTags.Base.Model, '')}".strip():
            traces["device"] = "phone" if PHONES.search(maker) else "camera"
        traces["thumbnails"] += ExifTags.Base.JpegIFOffset in parsed.get_ifd(ExifTags.IFD.IFD1)
        if place := _place(parsed.get_ifd(ExifTags.IFD.GPSInfo)):
            traces["place"] = place
    return traces


def _place(gps: dict[int, Any]) -> list[float] | None:
    north = _degrees(gps[ExifTags.GPS.GPSLatitude], str(gps.get(ExifTags.GPS.GPSLatitudeRef, "N")) == "S")
    east = _degrees(gps[ExifTags.GPS.GPSLongitude], str(gps.get(ExifTags.GPS.GPSLongitudeRef, "E")) == "W")
    return [north, east] if abs(north) <= 90 and abs(east) <= 180 and (north or east) else None


def _degrees(parts: Any, is_negative: bool) -> float:
    degrees: float = sum(float(part) / 60**n for n, part in enumerate(parts))
    rounded: float = round(-degrees if is_negative else degrees, DECIMALS)
    return rounded


def _count_thumbnails(head: bytes) -> int:
    """Count further pictures of the same: those of MPF, of Photoshop and of HEIF."""
    count = len(_PHOTOSHOP_THUMBNAIL.findall(head)) if _PHOTOSHOP in head else 0
    if _MPF_NAME in head and (found := _MPF.search(head)):
        count += max(0, _pictures_in_mpf(found[1]) - 1)  # the first is the photo itself
    if head[4:8] == b"ftyp":
        count += head.count(b"thmb")
    return count


def _pictures_in_mpf(tiff: bytes) -> int:
    order = "<" if tiff[:2] == b"II" else ">"
    (start,) = struct.unpack_from(order + "I", tiff, 4)
    (entries,) = struct.unpack_from(order + "H", tiff, start)
    for at in range(start + 2, start + 2 + 12 * entries, 12):
        if struct.unpack_from(order + "H", tiff, at)[0] == _MPF_COUNT:
            return min(int(struct.unpack_from(order + "I", tiff, at + 8)[0]), 20)
    return 1

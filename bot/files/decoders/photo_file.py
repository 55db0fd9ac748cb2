"""Cleaning of a photo: untrusted bytes in, a picture that is safe to show out."""

import math
from contextlib import suppress
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import Any, BinaryIO

from PIL import Image

from bot.errors import FailureCode, Unreadable
from bot.files.decoders import colour, encode
from bot.files.decoders import rendering as draw
from bot.files.decoders.bitmap import open_bitfields
from bot.files.decoders.completeness import WHOLE, Completeness, completeness_of_jpeg
from bot.files.decoders.cutting import MOST_PARTS, READABLE, is_to_be_cut
from bot.files.decoders.damage import damage_refused
from bot.files.decoders.embedded import find_icon, find_preview, is_raw
from bot.files.decoders.jpeg_xl import load_jpeg_xl, open_jpeg_xl
from bot.files.decoders.mending import mend, share
from bot.files.decoders.orientation import orientation
from bot.files.decoders.picture import Picture
from bot.files.decoders.series import Remarks, as_series, in_parts
from bot.files.decoders.stills import draw_pages, draw_stills
from bot.files.decoders.strip import strip
from bot.files.decoders.traces import find_traces

_CLIPS = "bot.files.decoders.clips"  # imported only where it is needed: FFmpeg takes 40 MB
_PASSED_ON = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_MOST_EXIF = 256 * 1024  # bytes of a raw file in which its first directory is looked for
_LEAST = 0.5  # share of a cut picture's rows that is worth looking at


def clean_photo(
    file: BinaryIO, *, kind: str, longest_side: int, most_pixels: int, out_bytes: int
) -> tuple[dict[str, Any], bytes]:
    """Turn a file of the format `kind` into a photo: upright, sRGB, without metadata.

    Return its `mime`, `size`, `remarks`, `traces` (what was removed), and bytes, `out_bytes` at most. A long or wide
    one is cut: then `series` tells of its parts, whose bytes follow, and the photo itself is an overview. Unreadable:
    it is damaged or too large.
    """
    with damage_refused():
        original = file.read()
        kind, picture = read_picture(kind, original, most_pixels)
    value, body = _clean(kind, picture, longest_side=longest_side, most_pixels=most_pixels, out_bytes=out_bytes)
    return value | {"traces": find_traces(original, picture.exif or _exif_in(kind, picture))}, body


def _exif_in(kind: str, picture: Picture) -> bytes:
    """Return the EXIF data of a format that is not stripped but drawn anew."""
    if kind in _PASSED_ON:
        return b""
    with suppress(Exception), draw.open_image(kind, picture.data) as image:
        return bytes(image.info.get("exif") or image.getexif().tobytes())
    return b""


def _clean(
    kind: str, picture: Picture, *, longest_side: int, most_pixels: int, out_bytes: int
) -> tuple[dict[str, Any], bytes]:
    with damage_refused(), open_picture(kind, picture.data, most_pixels) as image:
        check_pixels(image.size, most_pixels)
        if picture.film and (
            several := _several(kind, picture, longest_side=longest_side, most_pixels=most_pixels, out_bytes=out_bytes)
        ):
            return several
        if kind == "JPEG":
            present = completeness_of_jpeg(picture.data)
            picture = replace(picture, there=(0.0, 0.0, 1.0, present.rows))
        else:
            present = Completeness(share(picture.there))
        if present.rows < _LEAST:
            raise Unreadable(FailureCode.PHOTO_TRUNCATED)
        if present.is_whole and _is_fine(kind, picture, image=image, longest_side=longest_side, out_bytes=out_bytes):
            if kind != "JPEG":  # which has been decoded already
                image.load()
            return {"mime": _PASSED_ON[kind], "size": image.size, "remarks": _remarks(present, picture)}, picture.data
        size = image.size
        drawn = draw.draw(image, kind, picture=picture, longest_side=longest_side)
    remarks = _remarks(present, picture)
    if is_to_be_cut(drawn.size, longest_side):
        if max(drawn.size) < READABLE * max(size) and min(drawn.size) < longest_side:
            remarks.append(("photo_shrunk", {"parts": MOST_PARTS}))
        return in_parts(drawn, kind != "JPEG", longest_side=longest_side, out_bytes=out_bytes, remarks=remarks)
    try_png = _stays_png(kind, picture, drawn=drawn, size=size, out_bytes=out_bytes)
    mime, data, size = encode.encode(drawn, try_png, out_bytes)
    return {"mime": mime, "size": size, "remarks": remarks}, data


def _several(
    kind: str, picture: Picture, *, longest_side: int, most_pixels: int, out_bytes: int
) -> tuple[dict[str, Any], bytes] | None:
    """Return the pages or the stills of a file; None if there is only one."""
    remarks, times = _remarks(WHOLE, picture), list[float]()
    if kind == "TIFF":
        pictures = draw_pages(kind, picture, longest_side, most_pixels)
        if picture.pages > len(pictures):
            remarks.append(("photo_pages", {"read": len(pictures), "total": picture.pages}))
    else:
        stills = draw_stills(kind, picture, longest_side // 2)
        pictures, times = [still.image for still in stills], [still.time for still in stills]
    if len(pictures) == 1 and any(times):  # the one frame that shows something, behind blank ones
        mime, data, size = encode.encode(pictures[0], encode.is_drawn(pictures[0]), out_bytes)
        return {"mime": mime, "size": size, "remarks": remarks}, data
    if len(pictures) < 2:
        return None
    return as_series(
        "pages" if kind == "TIFF" else "frames",
        pictures[0],
        pictures,
        try_png=all(map(encode.is_drawn, pictures)) or kind in ("PNG", "GIF"),
        out_bytes=out_bytes,
        remarks=remarks,
        times=times,
    )


def read_picture(kind: str, data: bytes, most_pixels: int) -> tuple[str, Picture]:
    """Return the picture in a file without anything else, and its format. Unreadable: it is damaged or too large."""
    kind, data, exif = _unwrap(kind, data)
    kind, picture = _stripped(kind, data, most_pixels)
    if exif and not picture.exif:
        picture = replace(picture, exif=exif)
    check_pixels(picture.size, most_pixels)
    return kind, picture


def _stripped(kind: str, data: bytes, most_pixels: int) -> tuple[str, Picture]:
    """Strip a file; one that is cut is filled up first."""
    try:
        return kind, strip(kind, data)
    except Unreadable as error:
        if error.code is not FailureCode.PHOTO_TRUNCATED or kind == "JPEG":
            raise
    mended = mend(kind, data, partial(check_pixels, most=most_pixels))
    picture = strip(mended.kind, mended.data)
    return mended.kind, replace(picture, there=mended.there, lacks_frames=mended.lacks_frames)


def _unwrap(kind: str, data: bytes) -> tuple[str, bytes, bytes]:
    """Return the picture inside of a raw file or an icon with its format, and EXIF that is not its own."""
    if kind == "RAW" or (kind == "TIFF" and is_raw(data)):
        return "JPEG", find_preview(data), data[:_MOST_EXIF] if kind == "TIFF" else b""
    if kind == "ICO" and (icon := find_icon(data)):
        return "PNG", icon, b""
    if kind == "JXL":
        load_jpeg_xl()
    return kind, data, b""


def open_picture(kind: str, data: bytes, most_pixels: int) -> Image.Image:
    """Open a picture with Pillow, or in another way where that does not know it."""
    if kind == "JXL":
        return open_jpeg_xl(data)
    try:
        return draw.open_image(kind, data)
    except OSError:
        if kind == "AVIF":  # older encoders left out what others insist on
            return import_module(_CLIPS).draw_avif(data, most_pixels)  # type: ignore[no-any-return]
        if kind != "BMP":
            raise
        return open_bitfields(data, most_pixels)


def _remarks(present: Completeness, picture: Picture) -> Remarks:
    if present.rows < 1:
        return [("photo_partly", {"percent": int(present.rows * 100)})]
    if picture.lacks_frames:
        return [("photo_frames", {})]
    return [("photo_coarse", {})] if present.coarse else []


def check_pixels(size: tuple[int, int], most: int) -> None:
    """Raise Unreadable if there are more pixels than that."""
    pixels = size[0] * size[1]
    if pixels > most:
        raise Unreadable(FailureCode.PHOTO_TOO_MANY_PIXELS, megapixels=math.ceil(pixels / 1e6), limit=most // 1_000_000)


def _is_fine(kind: str, picture: Picture, image: Image.Image, longest_side: int, out_bytes: int) -> bool:
    """Tell whether the stripped file can be used as it is."""
    return (
        picture.plain
        and image.mode in ("L", "RGB", "P")
        and "transparency" not in image.info
        and max(image.size) <= longest_side
        and len(picture.data) <= out_bytes
        and orientation(picture.exif) == 1
        and colour.is_srgb(picture.icc)
    )


def _stays_png(kind: str, picture: Picture, drawn: Image.Image, size: tuple[int, int], out_bytes: int) -> bool:
    """Tell whether a PNG has a chance to fit: trying takes 100 ms a megapixel."""
    if kind not in ("PNG", "GIF"):
        return kind != "JPEG" and encode.is_drawn(drawn)
    return len(picture.data) * (max(drawn.size) / max(size)) ** 2 <= out_bytes

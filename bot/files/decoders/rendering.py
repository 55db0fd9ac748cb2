"""Rendering of a picture: upright, in sRGB with eight bits, opaque, no larger than needed."""

import math
from contextlib import nullcontext
from io import BytesIO
from typing import Any

import pi_heif
from PIL import Image

from bot.files.decoders import colour
from bot.files.decoders.cutting import drawing_size
from bot.files.decoders.orientation import orientation
from bot.files.decoders.picture import WHOLE_BOX, Box, Picture
from bot.files.isolation.worker_process import one_large

Image.MAX_IMAGE_PIXELS = None  # Pillow warns here and raises above; the size is read and refused before decoding
pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)

_LARGE = 8_000_000  # pixels after decoding; with the memory for resizing, 7 bytes each
_NEARLY = 0.95  # share of the wanted pixels that is enough for the eye
_UPRIGHT = {"HEIF", "TIFF"}  # their decoders rotate the picture themselves
_MAY_LACK_ALPHA = {"BMP", "ICO"}
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def open_image(kind: str, data: bytes) -> Image.Image:
    """Read the header only; raise UnidentifiedImageError, or another error of Pillow, if it is not a `kind`."""
    Image.init()  # `formats` finds only readers that are already loaded
    return Image.open(BytesIO(data), formats=[kind])


def draw(image: Image.Image, kind: str, picture: Picture, longest_side: int) -> Image.Image:
    """Decode and render an opened image, as far as its data go; the result has mode L or RGB.

    It is no larger than `longest_side`, unless it is to be cut into parts of that side.
    """
    info = dict(image.info)
    small = _decoded(image, longest_side)
    if picture.there != WHOLE_BOX:
        small = small.crop(pixels_of(picture.there, small.size))
    return _finished(small, kind, picture, info)


def pixels_of(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the pixels of which all is in the box, one at least."""
    left, top = math.ceil(box[0] * size[0]), math.ceil(box[1] * size[1])
    return left, top, max(left + 1, int(box[2] * size[0])), max(top + 1, int(box[3] * size[1]))


def draw_frame(image: Image.Image, kind: str, picture: Picture, longest_side: int) -> Image.Image:
    """Render the frame or page at which an opened image is, and leave it open; the result has mode L or RGB."""
    image.load()
    scale = min(1.0, longest_side / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return _finished(colour.resizable(image).resize(size, reducing_gap=2.0), kind, picture, dict(image.info))


def _finished(small: Image.Image, kind: str, picture: Picture, info: dict[Any, Any]) -> Image.Image:
    """Make a decoded picture opaque, sRGB and upright."""
    if kind in _MAY_LACK_ALPHA:
        small = colour.without_empty_alpha(small)
    icc = picture.icc or info.get("icc_profile") or b""
    turn = 1 if kind in _UPRIGHT else orientation(picture.exif or info.get("exif") or b"")
    drawn = colour.to_srgb(colour.eight_bits(colour.on_ground(small)), icc, picture.code_points)
    return drawn.transpose(_TURNS[turn]) if turn in _TURNS else drawn


def _decoded(image: Image.Image, longest_side: int) -> Image.Image:
    """Decode and shrink in one step: all later steps then have fewer pixels to process."""
    before, size = image.size, drawing_size(image.size, longest_side)
    # JPEG can decode to 1/2, 1/4 or 1/8, if this box has the true proportions. 12 megapixels become 2,000 to 2,040
    # pixels wide: accepting those for 2,048 saves most of the time and three quarters of the memory.
    drafted = image.draft(None, (round(size[0] * _NEARLY), round(size[1] * _NEARLY)))
    with one_large() if math.prod(image.size) > _LARGE else nullcontext():
        image.load()
        if not drafted and image.size != before:  # the orientation of a HEIC may become known only while decoding
            size = drawing_size(image.size, longest_side)
        small = colour.resizable(image).resize(size, reducing_gap=2.0)
        image.close()  # frees its pixels before the small picture is encoded
    return small

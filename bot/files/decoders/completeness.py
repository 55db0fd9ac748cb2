"""The parts of a JPEG for which there are data: its decoder fills up what is missing, and says nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageChops

_END = b"\xff\xd9"
_PADDING = bytes(8)  # the decoder looks ahead: with these it finishes the last row, and no more than a few blocks
_FLOOD = bytes(65_536)
# Two colours for each mode: what still shows both of them was never drawn.
_PAINTS: Mapping[str, tuple[float | tuple[float, ...], ...]] = {
    "L": (1, 254),
    "RGB": ((1, 254, 3), (254, 2, 253)),
    "CMYK": ((1, 254, 3, 77), (254, 2, 253, 178)),
}
_SCAN = re.compile(rb"\xff\xda..(.)", re.DOTALL)  # with the number of its components
_FINEST = 63  # the last coefficient of a block
_ROUGH = 1  # missing bits of each coefficient that the eye forgives; about half of a file is there by then


@dataclass(frozen=True, slots=True)
class Completeness:
    """The part of a picture that is there."""

    rows: float = 1.0  # the share, from the top
    coarse: bool = False  # all of it, but without its finest details

    @property
    def is_whole(self) -> bool:
        """True if nothing is missing."""
        return self.rows == 1 and not self.coarse


WHOLE = Completeness()


def completeness_of_jpeg(stripped: bytes) -> Completeness:
    """Decode a stripped JPEG, at a fraction of its size, to see how far its data go.

    Raises an error of Pillow if it cannot be decoded.
    """
    body = stripped.removesuffix(_END)
    if len(scans := list(_SCAN.finditer(body))) > 1:  # each of them is about the whole picture
        main = body[scans[0].end()]  # the first component, which is the brightness
        missing_bits = [_missing_bits(body, scan, main) for scan in scans]
        if 0 in missing_bits and _is_last_scan_whole(body):
            return WHOLE
        is_sharp = any(bits <= _ROUGH for bits in missing_bits[:-1])
        return Completeness(coarse=True) if is_sharp else Completeness(rows=0)
    rows, height = _drawn_rows(body + _PADDING, 0)
    if rows < height:  # or what is there happens to have the colour of the paint
        rows = max(rows, _drawn_rows(body + _PADDING, 1)[0])
    return Completeness(rows / height)


def _drawn_rows(data: bytes, paint: int) -> tuple[int, int]:
    """Decode data without an end onto a painted canvas; return the rows that were drawn over, and all of them."""
    with Image.open(BytesIO(data), formats=["JPEG"]) as image:
        image.draft("L", (1, 1))  # without colours, where that is possible: a tenth of the time
        canvas = Image.new(image.mode, image.size, _PAINTS[image.mode][paint])
        untouched = canvas.copy()
        tile = image.tile[0]
        decoder = Image._getdecoder(image.mode, tile.codec_name, tile.args, image.decoderconfig)
    try:
        decoder.setimage(canvas.im, tile.extents)
        left, error = decoder.decode(data)
    finally:
        decoder.cleanup()
    if error < 0:
        raise OSError("broken data stream")
    if left < 0:  # it has drawn everything, and needs no more
        return canvas.height, canvas.height
    box = ImageChops.difference(canvas, untouched).getbbox(alpha_only=False)
    return box[3] if box else 0, canvas.height


def _missing_bits(body: bytes, scan: re.Match[bytes], component: int) -> int:
    """Return how many bits later scans must add, if this one brings all coefficients of the component; else eight."""
    spectrum = scan.end() + 2 * scan[1][0]
    if spectrum + 3 > len(body) or body[scan.end()] != component or body[spectrum + 1] != _FINEST:
        return 8
    return body[spectrum + 2] & 0x0F


def _is_last_scan_whole(body: bytes) -> bool:
    """Tell whether more data behind the last scan change nothing."""
    return _pixels(body + _END) == _pixels(body + _FLOOD + _END)


def _pixels(data: bytes) -> bytes:
    with Image.open(BytesIO(data), formats=["JPEG"]) as image:
        image.draft(None, (max(1, image.width // 2), max(1, image.height // 2)))  # fine enough for the last scan
        return image.tobytes()

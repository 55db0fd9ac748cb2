"""Removal of everything from a file that does not draw the picture, bit for bit.

Metadata (EXIF, XMP, IPTC, comments, thumbnails, profiles) and anything after the end of the picture (further
pictures, videos) are left out. The end is looked for on the way: a file without one is truncated.
"""

from bot.errors import FailureCode, Unreadable
from bot.files.decoders.bitmap import end_of_bitmap
from bot.files.decoders.boxes import check_boxes
from bot.files.decoders.cicp import find_nclx
from bot.files.decoders.gif import strip_gif
from bot.files.decoders.jpeg import strip_jpeg
from bot.files.decoders.jpeg_xl import size_of_jpeg_xl
from bot.files.decoders.picture import Picture
from bot.files.decoders.png import strip_png
from bot.files.decoders.tiff import check_tiff
from bot.files.decoders.webp import strip_webp


def strip(kind: str, data: bytes) -> Picture:
    """Strip a file of the format `kind`; one that is rendered anew anyway is only checked.

    Unreadable: the file is truncated or breaks the rules of its format.
    """
    match kind:
        case "JPEG":
            return strip_jpeg(data)
        case "PNG":
            return strip_png(data)
        case "WEBP":
            return strip_webp(data)
        case "AVIF" | "HEIF":
            check_boxes(data)
            return Picture(data=data, code_points=find_nclx(data), film=data if data[8:12] == b"avis" else b"")
        case "TIFF":
            pages = check_tiff(data)
            return Picture(data=data, film=data if pages > 1 else b"", pages=pages)
        case "GIF":
            first, film = strip_gif(data)
            return Picture(data=first, film=film)
        case "BMP" if len(data) < end_of_bitmap(data):
            raise Unreadable(FailureCode.PHOTO_TRUNCATED)
        case "JXL":
            return Picture(data=data, size=size_of_jpeg_xl(data))
    return Picture(data=data)

"""Take a file apart and keep only what draws the picture, bit for bit.

What is said about the picture (EXIF, XMP, IPTC, comments, thumbnails, profiles) and what hangs behind its end (further
pictures, videos) stays out. The end is looked for on the way: a file without one is cut off.
"""

from bot.files.decoders.boxes import check_boxes
from bot.files.decoders.gif import strip_gif
from bot.files.decoders.jpeg import strip_jpeg
from bot.files.decoders.picture import Picture
from bot.files.decoders.png import strip_png
from bot.files.decoders.tiff import check_tiff
from bot.files.decoders.webp import strip_webp


def strip(kind: str, data: bytes) -> Picture:
    """Strip a file of the format `kind`; one that is drawn anew anyway is only checked.

    Unreadable when the file is cut off or breaks the rules of its format.
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
        case "TIFF":
            check_tiff(data)
        case "GIF":
            return Picture(strip_gif(data))
    return Picture(data)

"""Take a file apart and keep only what draws the picture, bit for bit.

What is said about the picture (EXIF, XMP, IPTC, comments, thumbnails, profiles) and what hangs behind its end (further
pictures, videos) stays out. The end is looked for on the way: a file without one is cut off.
"""

from bot.decoders.boxes import check_boxes
from bot.decoders.gif import strip_gif
from bot.decoders.jpeg import strip_jpeg
from bot.decoders.picture import Picture
from bot.decoders.png import strip_png
from bot.decoders.tiff import check_tiff
from bot.decoders.webp import strip_webp


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

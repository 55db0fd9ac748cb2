"""Which files a browser is given back as pictures, told by their bytes and never by what they claim."""

import warnings
from io import BytesIO

from PIL import Image

KINDS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
}
MOST_PIXELS = 64_000_000  # a browser would unpack more than 256 MB


def picture_type(data: bytes) -> str:
    """The MIME type of a picture that every browser shows and that holds no script; empty for anything else."""
    Image.init()  # `formats` finds only readers that are there already
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(BytesIO(data), formats=list(KINDS)) as picture:
            fits = picture.width * picture.height <= MOST_PIXELS
            kind = (picture.format or "").replace("MPO", "JPEG")  # many cameras: a JPEG with more behind it
            return KINDS.get(kind, "") if fits else ""
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):  # all that Pillow raises for bad bytes
        return ""

"""A look at a picture: whether it stays the same when Telegram turns it into a JPEG that it can show."""

from io import BytesIO

from PIL import Image

AROUND = 10_000  # pixels of width and height together; Telegram shows no larger ones


def is_plain(data: bytes) -> bool:
    """Whether nothing in the picture can be seen through, and Telegram can show it; takes a moment.

    Many pictures have an alpha channel and make no use of it, so that its values count. What is no picture is for
    Telegram to judge.
    """
    try:
        with Image.open(BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
            if sum(image.size) > AROUND:
                return False
            return not image.has_transparency_data or _is_opaque(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return True


def _is_opaque(image: Image.Image) -> bool:
    has_channel = "A" in image.getbands()  # others name a colour that is not there
    lowest, _ = (image if has_channel else image.convert("RGBA")).getchannel("A").getextrema()
    return lowest == 255

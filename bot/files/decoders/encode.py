"""Encoding of a picture within a size limit: lower quality first, then fewer pixels."""

from io import BytesIO

from PIL import Image, ImageChops

_QUALITIES = (88, 78, 65)
_PNG_LEVEL = 4  # a third of the time of the default 6, and 3% larger
_FULL_COLOUR, _HALF_COLOUR = 0, 2  # chroma subsampling, as Pillow numbers it
_FLAT = 0.4  # share of pixels equal to the one beside them, from which on a picture was drawn and not photographed


def encode(image: Image.Image, try_png: bool, most: int) -> tuple[str, bytes, tuple[int, int]]:
    """Return the MIME type, at most `most` bytes without metadata, and the size in pixels.

    What was drawn, such as a screenshot, keeps the resolution of its colours: small coloured letters need it.
    """
    image.info = {}  # Pillow would write the comments and profiles that it finds here
    if try_png and len(data := _written(image, "PNG", compress_level=_PNG_LEVEL)) <= most:
        return "image/png", data, image.size
    subsampling = _FULL_COLOUR if is_drawn(image) else _HALF_COLOUR
    while True:
        for quality in _QUALITIES:
            data = _written(image, "JPEG", quality=quality, subsampling=subsampling)
            if len(data) <= most or image.size == (1, 1):
                return "image/jpeg", data, image.size
        image = image.resize((max(1, image.width * 3 // 4), max(1, image.height * 3 // 4)), reducing_gap=2.0)


def is_drawn(image: Image.Image) -> bool:
    """Tell whether a picture has large flat areas, as screenshots and drawings do."""
    grey = image.convert("L")
    right = grey.crop((1, 0, grey.width + 1, grey.height))
    equal = ImageChops.difference(grey, right).histogram()[0]
    return equal > _FLAT * grey.width * grey.height


def _written(image: Image.Image, kind: str, **options: int) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()

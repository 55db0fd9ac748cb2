"""Measure a photo: size, colours, brightness, sharpness. Nothing is understood."""

import struct
from collections import Counter
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageFilter, ImageStat

from emulator.metadata import find_metadata

_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")
_HUES = (  # up to this hue (of 255), its name, its name when it is dark
    (9, "red", "brown"),
    (28, "orange", "brown"),
    (44, "yellow", "olive"),
    (110, "green", "green"),
    (135, "turquoise", "turquoise"),
    (178, "blue", "navy"),
    (212, "purple", "purple"),
    (243, "pink", "purple"),
    (255, "red", "red"),
)
_LAPLACE = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)


@dataclass(frozen=True, slots=True)
class PhotoMeasures:
    """The measures of a photo. A file that cannot be read has no size."""

    bytes: int
    format: str = ""
    width: int = 0
    height: int = 0
    colours: tuple[str, ...] = ()
    brightness: str = ""
    sharpness: str = ""
    metadata: tuple[str, ...] = ()

    @property
    def shape(self) -> str:
        """Landscape, portrait or square."""
        if self.width == self.height:
            return "square"
        return "landscape" if self.width > self.height else "portrait"


def is_image(data: bytes) -> bool:
    """Tell by the first bytes whether this is a picture of a kind that 1min.ai takes."""
    return data.startswith(_MAGIC) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


def look(data: bytes) -> PhotoMeasures:
    """Measure a photo. It takes a while: call it in a thread."""
    try:
        return _measure(data)
    # Pillow warns about damaged and about big files; where warnings are errors, they mean the same here.
    except (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError, Warning):
        return PhotoMeasures(len(data))


def _measure(data: bytes) -> PhotoMeasures:
    with Image.open(BytesIO(data)) as image:
        width, height, format = image.width, image.height, image.format or ""
        metadata = find_metadata(image, data)
        image.draft("RGB", (1024, 1024))  # a JPEG decoder can shrink while it reads
        small = _flat(image)
    small.thumbnail((1024, 1024))
    grey = small.convert("L")
    return PhotoMeasures(
        len(data),
        format,
        width,
        height,
        _colours(small),
        _brightness(ImageStat.Stat(grey).mean[0]),
        _sharpness(_detail(grey)),
        metadata,
    )


def _flat(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image.convert("RGBA"))
    return white.convert("RGB")


def _colours(image: Image.Image) -> tuple[str, ...]:
    """Name the two or three colours that cover most of it."""
    pixels = image.resize((48, 48), Image.Resampling.BOX).convert("HSV").tobytes()
    found = Counter(map(_colour, pixels[0::3], pixels[1::3], pixels[2::3]))
    return tuple(name for name, count in found.most_common(3) if count > 48 * 48 * 0.08)


def _colour(hue: int, saturation: int, value: int) -> str:
    if value < 45:
        return "black"
    if saturation < 45:
        return "white" if value > 215 else "grey"
    if saturation < 105 and value > 160 and 9 < hue <= 44:
        return "beige"
    bright, dark = next((bright, dark) for top, bright, dark in _HUES if hue <= top)
    return bright if value > 160 else dark


def _brightness(mean: float) -> str:
    if mean < 70:
        return "dark"
    return "bright" if mean > 175 else "of medium brightness"


def _detail(grey: Image.Image) -> float:
    """Return the variance of the Laplacian, which edges raise."""
    if min(grey.size) < 3:
        return 0
    # Pillow copies the outermost pixels unfiltered; they would pass for edges.
    inner = (1, 1, grey.width - 1, grey.height - 1)
    return ImageStat.Stat(grey.filter(_LAPLACE).crop(inner)).var[0]


def _sharpness(variance: float) -> str:
    if variance < 20:
        return "blurred"
    return "sharp" if variance > 120 else "soft"

"""Measurements of a photo: its colours, brightness and sharpness."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO

from PIL import Image, ImageFilter, ImageStat

from bot.files.decoders.damage import damage_refused

SIDE = 1024  # pixels of the longest side when measuring, so that sharpness is comparable between photos of any size
GRID = 48  # cells along each side, for colours and for comparing pictures
SHARE = 0.08  # share of the picture that a colour must cover to be named
COLOURS = 3

_HUES = (  # upper limit of the hue (of 255), the name of the colour, and its name if it is dark
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
_LAPLACIAN = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)


def measure_photo(file: BinaryIO, *, kinds: list[str]) -> tuple[dict[str, Any], bytes]:
    """Measure a cleaned photo of one of the Pillow formats `kinds`. Unreadable: it is damaged.

    Return its `colours` (English names, the largest share first), the `brightness` (mean of the grey levels, 0 to 255),
    the shares of the pixels that are almost `black` and almost `white` (0 to 1), and the `detail` (variance of the
    Laplacian: 0 without any edge, hundreds for crisp ones); and as bytes GRID x GRID grey levels, to compare pictures.
    """
    Image.init()  # `formats` finds only readers that are already loaded
    with damage_refused(), Image.open(file, formats=kinds) as image:
        image.draft("RGB", (SIDE, SIDE))  # a JPEG decoder can downscale while reading
        picture = on_white(image)
    picture.thumbnail((SIDE, SIDE))
    grey = picture.convert("L")
    levels = grey.histogram()
    measures = {
        "colours": _main_colours(picture),
        "brightness": ImageStat.Stat(grey).mean[0],
        "black": sum(levels[:8]) / sum(levels),
        "white": sum(levels[248:]) / sum(levels),
        "detail": _detail(grey),
    }
    return measures, grey.resize((GRID, GRID), Image.Resampling.BOX).tobytes()


def on_white(image: Image.Image) -> Image.Image:
    """Return an image in RGB, with white in place of what is transparent."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image.convert("RGBA"))
    return white.convert("RGB")


def _main_colours(picture: Image.Image) -> tuple[str, ...]:
    pixels = picture.resize((GRID, GRID), Image.Resampling.BOX).convert("HSV").tobytes()
    counts = Counter(_names(pixels))
    return tuple(name for name, count in counts.most_common(COLOURS) if count > GRID * GRID * SHARE)


def _names(hsv: bytes) -> Iterator[str]:
    for hue, saturation, value in zip(hsv[0::3], hsv[1::3], hsv[2::3], strict=True):
        yield _name(hue, saturation, value)


def _name(hue: int, saturation: int, value: int) -> str:
    if value < 45:
        return "black"
    if saturation < 45:
        return "white" if value > 215 else "grey"
    if saturation < 105 and value > 160 and 9 < hue <= 44:
        return "beige"
    bright, dark = next((bright, dark) for top, bright, dark in _HUES if hue <= top)
    return bright if value > 160 else dark


def _detail(grey: Image.Image) -> float:
    if min(grey.size) < 3:
        return 0.0
    inner = (1, 1, grey.width - 1, grey.height - 1)  # the outermost pixels are not filtered and would pass for edges
    return ImageStat.Stat(grey.filter(_LAPLACIAN).crop(inner)).var[0]

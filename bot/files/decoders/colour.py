"""Conversion of any colour representation in a file to sRGB with eight bits per channel."""

import math
from io import BytesIO

from PIL import Image, ImageChops, ImageCms, ImageFilter, ImageMath

from bot.errors import FailureCode, Unreadable
from bot.files.decoders import cicp
from bot.files.decoders.cicp import CodePoints

_SRGB_NAMES = ("sRGB", "c2")  # c2: the smallest sRGB profile there is, used by large sites
_MODES = {"GRAY": "L", "RGB ": "RGB", "CMYK": "CMYK", "Lab ": "LAB"}  # of ICC profiles, as Pillow names them

_WHITE = 255
_GROUNDS = (_WHITE, 24, 80, 128, 176)  # greys to put a transparent picture on
_CONTRAST = 40  # levels of grey between an outline and the ground, with less of which it vanishes
_TOLERATED = 0.02  # share of the outlines that may vanish
_SIDE = 512  # pixels of the longest side when looking for outlines
_NEAR = 7  # pixels: the width of the square around a pixel


def is_srgb(icc: bytes) -> bool:
    """Tell whether a profile changes nothing: there is none, or its name says sRGB."""
    if not icc:
        return True
    try:
        name = ImageCms.ImageCmsProfile(BytesIO(icc)).profile.profile_description
    except OSError:  # no profile at all
        return False
    return bool(name) and str(name).startswith(_SRGB_NAMES)


def resizable(image: Image.Image) -> Image.Image:
    """Convert a mode whose values cannot be averaged, such as a palette, to one whose values can."""
    if "transparency" in image.info and image.mode.startswith("I;16"):
        return _with_clear_level(image, int(image.info["transparency"]))
    if "transparency" in image.info and image.mode in ("1", "L", "P", "RGB"):
        return image.convert("RGBA")
    if image.mode.startswith("I;16"):
        return _in_eight_bits(image)
    mode = {"1": "L", "P": "RGB", "PA": "RGBA"}.get(image.mode)
    return image.convert(mode) if mode else image


def without_empty_alpha(image: Image.Image) -> Image.Image:
    """Drop an alpha channel without a single visible pixel: some programs leave theirs unset."""
    return image.convert("RGB") if image.mode == "RGBA" and not image.getchannel("A").getbbox() else image


def _in_eight_bits(image: Image.Image) -> Image.Image:
    return image.convert("I").convert("F").point(lambda value: value * (255 / 65535) + 0.5).convert("L")


def _with_clear_level(image: Image.Image, level: int) -> Image.Image:
    """Make one level of a 16-bit grey picture transparent."""
    distance = ImageMath.lambda_eval(lambda args: abs(args["image"] - level), image=image.convert("I"))
    alpha = distance.point(lambda value: value * 255 + 0).convert("L")  # what is too large becomes 255
    return Image.merge("LA", (_in_eight_bits(image), alpha))


def on_ground(image: Image.Image) -> Image.Image:
    """Composite a transparent picture onto white, or onto another grey where parts of it would vanish on white."""
    if image.mode not in ("LA", "La", "RGBA", "RGBa"):
        return image
    image = image.convert("RGBA")
    ground = Image.new("RGB", image.size, (_ground(image),) * 3)
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _ground(image: Image.Image) -> int:
    """Choose the grey on which the outlines stand out best: only there do picture and ground meet."""
    small = image.copy()
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.NEAREST)
    levels = small.convert("L").histogram(_outlines(small.getchannel("A")))
    if _weakest(levels, _WHITE) >= _CONTRAST:
        return _WHITE
    return max(_GROUNDS, key=lambda grey: _weakest(levels, grey))


def _weakest(levels: list[int], grey: int) -> int:
    """Return the contrast to the ground that all outlines have, but for a tolerated share."""
    left = sum(levels) * _TOLERATED
    contrasts = sorted(range(256), key=lambda level: abs(level - grey))
    for level in contrasts:
        left -= levels[level]
        if left < 0:
            return abs(level - grey)
    return _WHITE


def _outlines(alpha: Image.Image) -> Image.Image:
    """Return the mask of pixels that are visible and near to invisible ones."""
    visible = alpha.point(lambda value: 255 if value > 127 else 0)
    if not visible.getbbox():  # it is faint everywhere
        visible = alpha.point(lambda value: 255 if value else 0)
    beside = ImageChops.invert(visible).filter(ImageFilter.MaxFilter(_NEAR))
    return ImageChops.darker(visible, beside)


def eight_bits(image: Image.Image) -> Image.Image:
    """Scale 32-bit values to 0..255: unchanged where they fit, from 0..1, else from their minimum and maximum."""
    if image.mode not in ("I", "F"):
        return image
    low, high = _range(image)
    scale = 255 / ((high - low) or 1)
    return image.convert("F").point(lambda value: value * scale + (0.5 - low * scale)).convert("L")


def _range(image: Image.Image) -> tuple[float, float]:
    extrema = image.getextrema()
    low, high = float(extrema[0]), float(extrema[1])  # type: ignore[arg-type]  # one band: no pairs
    if not (math.isfinite(low) and math.isfinite(high)):
        raise Unreadable(FailureCode.PHOTO_BROKEN)
    if image.mode == "F" and low >= 0 and high <= 1:
        return 0.0, 1.0
    if low >= 0 and high <= 255:
        return 0.0, 255.0
    return low, high


def to_srgb(image: Image.Image, icc: bytes, code_points: CodePoints | None = None) -> Image.Image:
    """Apply the profile if it fits the picture, or else the code points; return mode L or RGB."""
    if code_points and not code_points.is_srgb and (code_points.is_hdr or not icc):
        return cicp.to_srgb(image, code_points)
    if icc and not is_srgb(icc) and (drawn := _transformed(image, icc)):
        return drawn
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def _transformed(image: Image.Image, icc: bytes) -> Image.Image | None:
    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(icc))
        mode = _MODES.get(profile.profile.xcolor_space)
        if mode is None or (mode == "L") != (image.mode == "L"):
            return None
        source = image if image.mode == mode else image.convert(mode)
        return ImageCms.profileToProfile(source, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (OSError, ImageCms.PyCMSError):  # a damaged profile: its numbers are most likely near sRGB
        return None

"""Draw real pictures that show what was asked for in words, and nothing else."""

import textwrap
from collections.abc import Mapping
from io import BytesIO
from math import sqrt
from typing import Any
from zlib import crc32

from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

MOST_PIXELS = 40_000_000  # of a source
_FORMATS = {"png": "PNG", "jpeg": "JPEG", "jpg": "JPEG", "webp": "WEBP"}
_MEGAPIXEL = 1024 * 1024
_ALIKE = 40  # how far a colour may be from that of the border, of 255


def open_source(data: bytes) -> Image.Image:
    """Decode a source upright. Raises ValueError for one that cannot be read or is far too big."""
    try:
        with Image.open(BytesIO(data)) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValueError("the picture is too big")
            return ImageOps.exif_transpose(image).convert("RGBA")
    # Pillow warns about damaged and about big files; where warnings are errors, they mean the same here.
    except (OSError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError, Warning) as error:
        raise ValueError(str(error) or type(error).__name__) from None


def size_of(prompt: Mapping[str, Any], source: Image.Image | None = None) -> tuple[int, int]:
    """Return the width and height that the parameters ask for."""
    if size := prompt.get("size"):
        width, height = map(int, size.split("x"))
        return width, height
    if "aspect_width" in prompt:
        return _of_ratio(prompt["aspect_width"], prompt["aspect_height"], 1)
    ratio = prompt.get("aspect_ratio", "match_input_image")
    if ratio == "custom":
        return prompt["width"], prompt["height"]
    if ratio == "match_input_image":
        return source.size if source else (1024, 1024)
    across, down = map(int, ratio.split(":"))
    return _of_ratio(across, down, float(prompt.get("megapixels", 1)))


def paint(prompt: str, size: tuple[int, int], number: int, *, clear: bool = False) -> Image.Image:
    """Paint the words on colours that depend on them and on the number; `clear` leaves the colours out."""
    seed = crc32(f"{number} {prompt}".encode())
    picture = Image.new("RGBA", size) if clear else _gradient(seed, size)
    _letter(picture, prompt, (0.08, 0.08, 0.92, 0.85))
    _letter(picture, f"painted by the emulator, no AI model · {number}", (0.08, 0.9, 0.92, 0.97))
    return picture


def vary(source: Image.Image, size: tuple[int, int], number: int) -> Image.Image:
    """Shift all hues, by another amount for each number."""
    hue, saturation, value = ImageOps.fit(source.convert("RGB"), size).convert("HSV").split()
    shifted = hue.point([(at + 37 * number) % 256 for at in range(256)])
    return Image.merge("HSV", (shifted, saturation, value)).convert("RGBA")


def edit(source: Image.Image, prompt: str, size: tuple[int, int], number: int) -> Image.Image:
    """Write the words over the lower part of the source."""
    picture = ImageOps.fit(source, size)
    band = Image.new("RGBA", (size[0], size[1] - size[1] * 2 // 3), (0, 0, 0, 150))
    picture.alpha_composite(band, (0, size[1] * 2 // 3))
    _letter(picture, f"{prompt} · {number}" if number > 1 else prompt, (0.05, 0.7, 0.95, 0.97))
    return picture


def cut_out(source: Image.Image) -> Image.Image:
    """Make transparent whatever has about the colour of the border."""
    colours = source.convert("RGB")
    border = Image.new("RGB", source.size, _border(colours))
    apart = ImageChops.difference(colours, border).split()
    far = ImageChops.lighter(ImageChops.lighter(apart[0], apart[1]), apart[2])
    picture = source.copy()
    picture.putalpha(ImageChops.darker(source.getchannel("A"), far.point([255 * (at > _ALIKE) for at in range(256)])))
    return picture


def enlarge(source: Image.Image) -> Image.Image:
    """Double both sides."""
    return source.resize((2 * source.width, 2 * source.height), Image.Resampling.LANCZOS)


def encode(picture: Image.Image, format: str, quality: int = 85) -> bytes:
    """Return a file: png, jpeg (or jpg) or webp. A JPEG has white where the picture is transparent."""
    file = BytesIO()
    if _FORMATS[format] == "JPEG":
        white = Image.new("RGBA", picture.size, "white")
        white.alpha_composite(picture)
        picture = white.convert("RGB")
    picture.save(file, _FORMATS[format], quality=quality, compress_level=1, method=0)
    return file.getvalue()


def _of_ratio(across: int, down: int, megapixels: float) -> tuple[int, int]:
    unit = sqrt(megapixels * _MEGAPIXEL / (across * down))
    return max(16, round(across * unit / 16) * 16), max(16, round(down * unit / 16) * 16)


def _gradient(seed: int, size: tuple[int, int]) -> Image.Image:
    hue = seed % 360
    ramp = Image.linear_gradient("L").resize(size)
    return ImageOps.colorize(ramp, f"hsl({hue}, 60%, 25%)", f"hsl({(hue + 60) % 360}, 60%, 50%)").convert("RGBA")


def _border(picture: Image.Image) -> tuple[int, int, int]:
    """Return the colour that is the most frequent along the four sides."""
    width, height = picture.size
    sides = ((0, 0, width, 1), (0, height - 1, width, height), (0, 0, 1, height), (width - 1, 0, width, height))
    found: dict[tuple[int, int, int], int] = {}
    for side in sides:
        raw = picture.crop(side).tobytes()
        for colour in zip(raw[0::3], raw[1::3], raw[2::3], strict=True):
            found[colour] = found.get(colour, 0) + 1
    return max(found, key=lambda colour: found[colour])


def _letter(picture: Image.Image, words: str, box: tuple[float, float, float, float]) -> None:
    """Write words into a box (parts of the width and height), as big as they fit."""
    left, top, right, bottom = (
        box[0] * picture.width,
        box[1] * picture.height,
        box[2] * picture.width,
        box[3] * picture.height,
    )
    pen = ImageDraw.Draw(picture)
    size = max(8.0, min((bottom - top) / 2, (right - left) / 12))
    while True:
        font = ImageFont.load_default(size)
        text = "\n".join(textwrap.wrap(words, max(4, int((right - left) / (size * 0.55)))))
        _, _, _, down = pen.multiline_textbbox((0, 0), text, font)
        if down <= bottom - top or size <= 8:
            break
        size = max(8.0, size * 0.8)
    pen.multiline_text((left, top), text, "white", font, stroke_width=max(1, int(size / 20)), stroke_fill="black")

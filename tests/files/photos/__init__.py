"""Photos and what becomes of them: bytes to try, and how to look at the outcome."""

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, ImageStat

from bot.messages import Photo

FOLDER = Path(__file__).parent


def file(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def written(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def shown(photo: Photo) -> Image.Image:
    """Open a photo as a provider does, and check what everybody may rely on."""
    data = photo.file.read_bytes()
    image = opened(data)
    assert (photo.size, photo.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert photo.mime == Image.MIME[image.format or ""]
    assert photo.mime in ("image/jpeg", "image/png", "image/webp")
    assert (photo.width, photo.height) == image.size
    assert not image.getexif()
    assert set(image.info).isdisjoint({"exif", "comment", "icc_profile", "xmp", "photoshop", "XML:com.adobe.xmp"})
    return image


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of the pixels, 0 to 255."""
    assert one.size == other.size
    return max(ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean)


def scene(width: int = 96, height: int = 64) -> Image.Image:
    """Something soft, whose every corner differs."""
    red = Image.linear_gradient("L").resize((width, height))
    green = Image.linear_gradient("L").rotate(90).resize((width, height))
    return Image.merge("RGB", (red, green, Image.radial_gradient("L").resize((width, height))))

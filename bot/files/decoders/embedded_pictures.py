"""Pictures in Office and OpenDocument files, in the order in which they are shown."""

import warnings
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from typing import BinaryIO

from PIL import Image

from bot.errors import FailureCode, Unreadable
from bot.files.decoders.package import Package
from bot.files.decoders.slide_parts import slide_parts

MOST_PICTURES = 4
_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp")
_KINDS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")
_SMALLEST = 40  # pixels: what is smaller is an icon or a line
_MOST_BYTES = 20 * 1024 * 1024
_MOST_TRIED = 64


def list_pictures(file: BinaryIO) -> tuple[list[int], bytes]:
    """Return the sizes in bytes of the first pictures in a document, and all of them, one after the other."""
    try:
        pictures = find_pictures(Package(file))
    except (Unreadable, MemoryError):
        raise
    except Exception as error:
        raise Unreadable(FailureCode.DOCUMENT_BROKEN) from error
    return [len(each) for each in pictures], b"".join(pictures)


def find_pictures(package: Package) -> list[bytes]:
    """Return the first pictures of a document that are more than an icon, each once."""
    found = list[bytes]()
    names = dict.fromkeys(name for name in _names(package) if name.lower().endswith(_ENDINGS))
    for name in list(names)[:_MOST_TRIED]:
        if package.names.get(name, 0) <= _MOST_BYTES and _is_large(data := package.read(name)):
            found.append(data)
        if len(found) == MOST_PICTURES:
            break
    return found


def _names(package: Package) -> Iterator[str]:
    """Yield the names of the parts that are pictures."""
    if "content.xml" in package.names:
        for image in package.parse("content.xml").iter("{*}image"):
            name = str(image.get("{http://www.w3.org/1999/xlink}href", "")).removeprefix("./")
            if name in package.names:
                yield name
        return
    for part in _parts(package):
        pictures = {each.id: each.target for each in package.relations(part) if each.kind == "image"}
        for element in package.parse(part).iter("{*}blip", "{*}imagedata"):
            for key, id in element.attrib.items():
                if key.endswith(("}embed", "}id")) and id in pictures:
                    yield pictures[id]


def _parts(package: Package) -> Iterator[str]:
    """Yield the parts that show pictures, in their order."""
    main = package.main
    if main.startswith("ppt/"):
        yield from slide_parts(package)
    elif main.startswith("xl/"):
        for sheet in package.related(main, "worksheet"):
            yield from package.related(sheet, "drawing")
    elif main:
        yield main
        yield from package.related(main, "header", "footer")


def _is_large(data: bytes) -> bool:
    with suppress(Exception), warnings.catch_warnings(action="ignore"):
        Image.init()
        with Image.open(BytesIO(data), formats=_KINDS) as picture:
            return min(picture.size) >= _SMALLEST
    return False

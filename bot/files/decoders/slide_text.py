"""Text extraction from slides: those of PowerPoint, with their notes, diagrams, charts and comments."""

from collections.abc import Iterator
from typing import BinaryIO

from bot.files.decoders.drawing_text import drawn_lines
from bot.files.decoders.embedded_pictures import find_pictures
from bot.files.decoders.extract import Extract, in_pages, reader, without_empty
from bot.files.decoders.package import Package
from bot.files.decoders.slide_parts import slide_parts

_BESIDE = ("diagramData", "chart", "chartEx")


@reader
def read_slides(file: BinaryIO, most_text: int) -> Extract:
    """Read a PPTX, a slide show or a template. Unreadable: it is damaged, or unpacks to far too much."""
    package = Package(file)
    slides = slide_parts(package)
    extract = in_pages((_slide(package, each) for each in slides), len(slides), most_text)
    extract.slides = True
    extract.pictures = len(find_pictures(package))
    return extract


def _slide(package: Package, name: str) -> str:
    return "\n".join(without_empty(_lines(package, name)))


def _lines(package: Package, name: str) -> Iterator[str]:
    yield from drawn_lines(package.parse(name))
    for part in package.related(name, *_BESIDE):
        yield from drawn_lines(package.parse(part))
    for part in package.related(name, "notesSlide"):
        if notes := "\n".join(without_empty(drawn_lines(package.parse(part)))).strip():
            yield f"[notes] {notes}"
    for part in package.related(name, "comments"):
        for comment in package.parse(part).iter("{*}cm"):
            words = [each.text for each in comment.iter("{*}text", "{*}t") if each.text]
            yield f"[comment] {' '.join(words)}"

"""Words in a photo, and its QR and bar codes, by libraries that the extra `local` installs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from typing import Any, BinaryIO

from PIL import Image

from bot.files.decoders.damage import damage_refused
from bot.files.decoders.measure import on_white

LONGEST = 2400  # pixels of a part's longest side; the engine's accuracy does not grow beyond that
TALL = 1.6  # a part is at most so many times as high as it is wide, or the engine would shrink its words
OVERLAP = 0.1  # share of a part that the next one repeats, so that no line is cut in all of them
SURE = 0.75  # the engine's confidence below which a line is noise
THREADS = 2


@dataclass(frozen=True, slots=True)
class _Line:
    """A run of words, and its place in pixels of the whole picture."""

    text: str
    left: float
    top: float
    bottom: float

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


def read_photo(file: BinaryIO, *, kinds: list[str]) -> tuple[dict[str, Any], bytes]:
    """Read a cleaned photo of one of the Pillow formats `kinds`. Unreadable: it is damaged.

    Return its `rows` of words from top to bottom and its `codes`, each with its `format` and its `text`.
    """
    Image.init()  # `formats` finds only readers that are already loaded
    with damage_refused(), Image.open(file, formats=kinds) as image:
        picture = on_white(image)
    return {"rows": _rows(list(_read(picture))), "codes": _codes(picture)}, b""


def _read(picture: Image.Image) -> Iterator[_Line]:
    """Read the picture in overlapping parts; each line comes from the part that shows it farthest from its edges."""
    import numpy
    from rapidocr import RapidOCR

    engine = RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.max_side_len": LONGEST,
            "EngineConfig.onnxruntime.intra_op_num_threads": THREADS,
        }
    )
    for start, end, first, last in _parts(*picture.size):
        found: Any = engine(numpy.asarray(picture.crop((0, start, picture.width, end)))[:, :, ::-1])
        boxes = () if found.boxes is None else found.boxes
        for box, text, score in zip(boxes, found.txts or (), found.scores or (), strict=True):
            line = _Line(text, float(min(box[:, 0])), float(min(box[:, 1])) + start, float(max(box[:, 1])) + start)
            if score >= SURE and first <= line.middle < last:
                yield line


def _parts(width: int, height: int) -> Iterator[tuple[int, int, float, float]]:
    """Return the first and last row of each part, and the rows between which its lines count."""
    size = max(round(width * TALL), 400)
    step = round(size * (1 - OVERLAP))
    starts = [0] if height <= size else [*range(0, height - size, step), height - size]
    edges = [0.0, *((before + size + start) / 2 for before, start in pairwise(starts)), height]
    for start, first, last in zip(starts, edges, edges[1:], strict=False):
        yield start, min(start + size, height), first, last


def _rows(lines: Sequence[_Line]) -> list[str]:
    """Join what stands side by side, from left to right, and drop rows that are noise."""
    rows: list[list[_Line]] = []
    for line in sorted(lines, key=lambda line: line.middle):
        if rows and rows[-1][0].top <= line.middle <= rows[-1][0].bottom:
            rows[-1].append(line)
        else:
            rows.append([line])
    texts = ("  ".join(line.text for line in sorted(row, key=lambda line: line.left)) for row in rows)
    return [text for text in texts if _is_text(text)]


def _is_text(text: str) -> bool:
    """Tell words from what an engine reads into textures: a letter or a digit alone is none, but a Chinese sign is."""
    signs = [sign for sign in text if sign.isalnum()]
    return len(signs) > 1 or any(sign > "\u2e7f" for sign in signs)


def _codes(picture: Image.Image) -> list[dict[str, str]]:
    if find_spec("zxingcpp") is None:
        return []
    import zxingcpp

    return [{"format": code.format.name, "text": code.text} for code in zxingcpp.read_barcodes(picture) if code.text]

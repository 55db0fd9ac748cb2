"""Pages of a PDF as PDFium sees them: their words, what is drawn on them, and pictures of them."""

from contextlib import closing, suppress
from functools import cached_property
from typing import Any, BinaryIO

from PIL import Image

from bot.errors import FailureCode, Unreadable
from bot.files.decoders.encode import encode
from bot.files.decoders.extract import Deadline, whole

_SHARE = 0.4  # of a page that a picture covers
_LEGIBLE = 1000  # pixels of the shorter side at least
_MOST_PIXELS = 24_000_000
_MOST_NOTES = 100  # annotations of a page that are looked at
_MOST_SCALE = 4.0  # pixels a point: 288 dpi


class PageViewer:
    """A PDF, opened when it is first needed; a file that PDFium cannot open has no pages and no words."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    @cached_property
    def _document(self) -> Any:
        from pypdfium2 import PdfDocument  # imported here: it takes memory that other tasks need not spend

        with suppress(Exception):
            self._file.seek(0)
            return PdfDocument(self._file.read())
        return None

    @property
    def count(self) -> int:
        """The number of pages."""
        return 0 if self._document is None else len(self._document)

    def text(self, n: int) -> str | None:
        """Return the words of a page, from 0; None if it cannot be read."""
        if n >= self.count:
            return None
        with suppress(Exception), closing(self._document[n]) as page, closing(page.get_textpage()) as words:
            return whole(words.get_text_bounded().replace("\r\n", "\n").replace("\ufffe", "-"))
        return None

    def is_marked(self, n: int) -> bool:
        """Tell whether there is anything on a page."""
        if n >= self.count:
            return False
        with suppress(Exception), closing(self._document[n]) as page:
            return next(iter(page.get_objects(max_depth=2)), None) is not None or _is_drawn_on(page)
        return False

    def is_a_picture(self, n: int) -> bool:
        """Tell whether a picture covers much of a page."""
        from pypdfium2 import raw

        if n >= self.count:
            return False
        with suppress(Exception), closing(self._document[n]) as page:
            area = page.get_width() * page.get_height()
            pictures = page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3)
            return any(_area(each.get_bounds()) > _SHARE * area for each in pictures)
        return False

    def render(self, n: int, longest_side: int) -> Image.Image:
        """Draw a page, with its annotations and filled forms, as large as readable letters need."""
        with closing(self._document[n]) as page:
            scale = _scale(page.get_size(), longest_side)
            image: Image.Image = page.render(scale=scale, may_draw_forms=True).to_pil()
            return image.convert("RGB")

    def start_forms(self) -> None:
        """Load the forms, so that their values are drawn."""
        with suppress(Exception):
            self._document.init_forms()


def _scale(size: tuple[float, float], longest_side: int) -> float:
    """Return the pixels a point of a page; a long receipt is drawn wide enough to be cut into legible parts."""
    shortest, longest = sorted(size)
    legible = max(longest_side / longest, _LEGIBLE / shortest)
    return float(min(legible, _MOST_SCALE, (_MOST_PIXELS / (shortest * longest)) ** 0.5))


def _is_drawn_on(page: Any) -> bool:
    """Tell whether there are stamps, ink or shapes among the annotations of a page."""
    from pypdfium2 import raw

    drawn = {
        *(raw.FPDF_ANNOT_INK, raw.FPDF_ANNOT_STAMP, raw.FPDF_ANNOT_FREETEXT, raw.FPDF_ANNOT_LINE),
        *(raw.FPDF_ANNOT_SQUARE, raw.FPDF_ANNOT_CIRCLE, raw.FPDF_ANNOT_POLYGON, raw.FPDF_ANNOT_POLYLINE),
    }
    for n in range(min(raw.FPDFPage_GetAnnotCount(page), _MOST_NOTES)):
        annotation = raw.FPDFPage_GetAnnot(page, n)
        kind = raw.FPDFAnnot_GetSubtype(annotation)
        raw.FPDFPage_CloseAnnot(annotation)
        if kind in drawn:
            return True
    return False


def _area(bounds: tuple[float, float, float, float]) -> float:
    left, bottom, right, top = bounds
    return abs(right - left) * abs(top - bottom)


def draw_pages(
    file: BinaryIO, *, pages: list[int], longest_side: int, most_bytes: int
) -> tuple[list[tuple[int, int]], bytes]:
    """Draw pages of a PDF, by their numbers from 1, as pictures of at most `most_bytes` each.

    Return the number of each page and the size of its picture, and all pictures, one after the other. A page that
    cannot be drawn is left out. Unreadable: none can.
    """
    viewer, deadline = PageViewer(file), Deadline()
    viewer.start_forms()
    sizes, pictures = list[tuple[int, int]](), list[bytes]()
    for number in pages:
        if deadline.is_over and pictures:
            break
        with suppress(Exception):
            _, data, _ = encode(viewer.render(number - 1, longest_side), True, most_bytes)
            sizes.append((number, len(data)))
            pictures.append(data)
    if not pictures:
        raise Unreadable(FailureCode.DOCUMENT_BROKEN)
    return sizes, b"".join(pictures)

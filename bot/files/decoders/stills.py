"""Stills from animations (GIF, WebP, APNG, AVIF), and the pages of a TIFF."""

from collections.abc import Iterator

from PIL import Image

from bot.files.decoders import rendering as draw
from bot.files.decoders.picture import Picture
from bot.files.decoders.still_times import Still, choose, is_blank
from bot.files.isolation.worker_process import one_large

MOST_PAGES = 10
_MOST_DIRECTORIES = 32
_SUBFILE_TYPE = 254
_MOST_FRAMES = 2_000
_MOST_PIXELS = 300_000_000  # of all frames that are decoded: some seconds
_DEFAULT = 0.1  # seconds that browsers show a frame without a duration


def draw_stills(kind: str, picture: Picture, longest_side: int) -> list[Still]:
    """Draw frames at even times; none, or a single one, if it does not move."""
    with one_large(), draw.open_image(kind, picture.film) as image:
        times, first = _times(image, kind, picture, longest_side)
        stills = []
        for n in choose(times, first):
            image.seek(n)
            stills.append(Still(times[n], draw.draw_frame(image, kind, picture, longest_side)))
    return stills


def draw_pages(kind: str, picture: Picture, longest_side: int, most_pixels: int) -> list[Image.Image]:
    """Draw the first pages, without thumbnails."""
    pages = list[Image.Image]()
    with one_large(), draw.open_image(kind, picture.film) as image:
        for n in range(_MOST_DIRECTORIES):
            if len(pages) == min(picture.pages, MOST_PAGES):
                break
            image.seek(n)
            if image.width * image.height > most_pixels:
                break
            if not int(image.tag_v2.get(_SUBFILE_TYPE, 0)) & 1:  # type: ignore[attr-defined]
                pages.append(draw.draw_frame(image, kind, picture, longest_side))
    return pages


def _times(image: Image.Image, kind: str, picture: Picture, longest_side: int) -> tuple[list[float], int]:
    """Return the time at which each frame begins, and the first frame that shows something."""
    most = max(1, min(_MOST_FRAMES, _MOST_PIXELS // (image.width * image.height)))
    times, first, now = list[float](), None, 0.0
    for n in _walk(image, most):
        if first is None and not is_blank(draw.draw_frame(image, kind, picture, longest_side)):
            first = n
        times.append(now)
        now += (float(image.info.get("duration", 0)) / 1000) or _DEFAULT
    return times, first or 0


def _walk(image: Image.Image, most: int) -> Iterator[int]:
    """Go from frame to frame; the last ones may be damaged."""
    for n in range(min(getattr(image, "n_frames", 1), most)):
        try:
            image.seek(n)
            image.load()
        except (EOFError, OSError, SyntaxError, ValueError):
            if not n:
                raise
            return
        yield n

"""Pictures that every browser can show, drawn in worker processes: of photos of any kind, of clips, of first pages."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.errors import Unreadable
from bot.files.isolation.client import WorkerFailed, run
from bot.files.photos import CAMERAS, is_picture, read_cleaned, sniff, sniff_clip

PDF = b"%PDF-"
SIDES = (512, 2048)  # pixels of the longest side: of a thumbnail, and to look at
OUT_BYTES = 2_000_000
HELD_BYTES = 32 * 1024 * 1024
OWNER = "the page"


@dataclass(frozen=True, slots=True)
class Preview:
    """A picture that stands for a file."""

    mime: str
    data: bytes


def can_be_drawn(data: bytes) -> bool:
    """Tell whether the file looks like one of which there is a picture; it may be a damaged one."""
    return is_picture(data) or bool(sniff_clip(data)) or data.startswith(PDF)


@dataclass(kw_only=True)
class Previews:
    """Draws previews and parts of photos, and holds some of the previews in memory."""

    most_pixels: int
    longest_side: int
    _held: OrderedDict[tuple[str, int], Preview] = field(default_factory=OrderedDict)

    async def draw(self, id: str, data: bytes, side: int) -> Preview | None:
        """Return a picture of the file with this id within `side`, one of SIDES; None where there is none."""
        held = self._held.pop((id, side), None) or await self._drawn(data, side)
        if held is None:
            return None
        self._held[id, side] = held
        while sum(len(each.data) for each in self._held.values()) > HELD_BYTES:
            self._held.popitem(last=False)
        return held

    async def cut(self, data: bytes, box: Sequence[float]) -> Preview:
        """Cut a part out of a photo at full resolution; the edges of `box` are shares of it. Unreadable: it is none."""
        kind = sniff(data)
        value, body = await run(
            "cut_part",
            data,
            owner=OWNER,
            kind=kind,
            most_pixels=self._most_pixels(kind),
            longest_side=self.longest_side,
            out_bytes=2 * OUT_BYTES,
            box=list(box),
        )
        cleaned = read_cleaned(value, body)
        return Preview(cleaned.mime, cleaned.data)

    def forget(self) -> None:
        """Drop all that is held."""
        self._held.clear()

    def _most_pixels(self, kind: str) -> int:
        return self.most_pixels * (2 if kind in CAMERAS else 1)

    async def _drawn(self, data: bytes, side: int) -> Preview | None:
        try:
            if data.startswith(PDF):
                _, page = await run("draw_pages", data, owner=OWNER, pages=[1], longest_side=side, most_bytes=OUT_BYTES)
                return await self._cleaned("clean_photo", page, sniff(page), side)
            clip = sniff_clip(data)
            return await self._cleaned("read_clip" if clip else "clean_photo", data, clip or sniff(data), side)
        except (Unreadable, WorkerFailed):
            return None

    async def _cleaned(self, task: str, data: bytes, kind: str, side: int) -> Preview:
        value, body = await run(
            task,
            data,
            owner=OWNER,
            kind=kind,
            longest_side=side,
            most_pixels=self._most_pixels(kind),
            out_bytes=OUT_BYTES,
        )
        cleaned = read_cleaned(value, body)
        return Preview(cleaned.mime, cleaned.data)

"""The text of a document, as far as it was read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.words import say

MOST_TEXT = 60_000  # characters that are read of a document
NAMED = 12  # pages that are named one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentText:
    """The text of the first pages; a document without pages counts as one."""

    pages: tuple[str, ...]
    of: int = 0  # number of pages; 0: it has none
    share: float = 1.0  # share of the text of these pages that this is
    slides: bool = field(default=False, kw_only=True)  # the pages are slides
    pictured: tuple[int, ...] = field(default=(), kw_only=True)  # pages, from 1, that say more as pictures
    unread: tuple[int, ...] = field(default=(), kw_only=True)  # pages that no parser can read
    pictures: int = field(default=0, kw_only=True)  # number of pictures in it that can be shown

    @property
    def is_empty(self) -> bool:
        """Tell whether there is no text, as in a scan."""
        return not any(page.strip() for page in self.pages)

    @property
    def is_seen(self) -> bool:
        """Tell whether it holds pictures, or pages that say more as pictures."""
        return bool(self.pictured or self.pictures)

    @property
    def is_whole(self) -> bool:
        """Tell whether this is all of its text."""
        return self.share >= 1 and self.of in (0, len(self.pages))

    @property
    def length(self) -> int:
        """The number of characters."""
        return sum(map(len, self.pages))

    def first(self, most: int, shown: Mapping[int, int] | None = None) -> tuple[str, str]:
        """Return at most `most` characters, and in words what share that is; no words if it is all of it.

        `shown` are the numbers of photos of pages, by page.
        """
        if self.of < 2 and not (self.pictured or self.unread):
            text = self.pages[0][:most]
            share = self.share * (len(text) / len(self.pages[0]) if text else 1)
            return text, "" if share >= 1 else say("document_part", percent=max(1, int(share * 100)))
        texts, left = list[str](), most
        for n, page in enumerate(self.pages, 1):
            text = f"{self._heading(n, shown or {})}\n{page.strip()}".rstrip()
            if len(text) > left and texts:
                break
            texts.append(text[:left])
            left -= len(text)
        is_whole = len(texts) == self.of and left >= 0 and self.share >= 1
        key = "document_slides" if self.slides else "document_pages"
        return "\n\n".join(texts), "" if is_whole else say(key, read=len(texts), of=self.of)

    def _heading(self, n: int, shown: Mapping[int, int]) -> str:
        heading = say("document_slide" if self.slides else "document_page", n=n)
        if n in shown:
            return f"{heading} {say('document_page_shown', photo=shown[n])}" if shown[n] else heading
        if n in self.unread:
            return f"{heading} {say('document_page_unread')}"
        return f"{heading} {say('document_page_picture')}" if n in self.pictured else heading


def numbers_in_words(numbers: tuple[int, ...]) -> str:
    """Write page numbers as people do: 2, 5-7, 9; many end in an ellipsis."""
    runs = list[list[int]]()
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    words = [str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs]
    return ", ".join(words if len(words) <= NAMED else [*words[:NAMED], "…"])

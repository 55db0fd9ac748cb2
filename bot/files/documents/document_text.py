"""The text of a document, as far as it was read."""

from dataclasses import dataclass

from bot.words import say

MOST_TEXT = 60_000  # characters that are read of a document


@dataclass(frozen=True, slots=True)
class DocumentText:
    """The text of the first pages; a document without pages counts as one."""

    pages: tuple[str, ...]
    of: int = 0  # number of pages; 0: it has none
    share: float = 1.0  # share of the text of these pages that this is

    @property
    def is_empty(self) -> bool:
        """Tell whether there is no text, as in a scan."""
        return not any(page.strip() for page in self.pages)

    @property
    def length(self) -> int:
        """The number of characters."""
        return sum(map(len, self.pages))

    def first(self, most: int) -> tuple[str, str]:
        """Return at most `most` characters, and in words what share that is; no words if it is all of it."""
        if self.of < 2:
            text = self.pages[0][:most]
            share = self.share * (len(text) / len(self.pages[0]) if text else 1)
            return text, "" if share >= 1 else say("document_part", percent=max(1, int(share * 100)))
        texts, left = list[str](), most
        for n, page in enumerate(self.pages, 1):
            text = f"{say('document_page', n=n)}\n{page.strip()}"
            if len(text) > left and texts:
                break
            texts.append(text[:left])
            left -= len(text)
        is_whole = len(texts) == self.of and left >= 0 and self.share >= 1
        return "\n\n".join(texts), "" if is_whole else say("document_pages", read=len(texts), of=self.of)

"""A record of the requests that came, so that a test can read what a client really sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST = 10_000


@dataclass(slots=True)
class RecordedRequest:
    """One request, as far as it got."""

    method: str
    path: str
    stream: bool = False  # isStreaming=true was asked
    type: str = ""
    model: str = ""
    conversation: str = ""  # as it was sent
    prompt: str = ""  # or the text to speak: its first 10,000 characters
    photos: int = 0  # how many came with the question
    images: tuple[str, ...] = ()  # the keys of these
    files: int = 0  # documents or sounds likewise
    settings: Mapping[str, Any] = field(default_factory=dict)  # webSearch, isMixed ..., without their nesting
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)  # a JSON body as it came
    name: str = ""  # of an uploaded file
    sha256: str = ""
    bytes: int = 0
    keyed: bool = False  # the API key came along
    status: int = 0  # 0: nothing was answered
    fault: str = ""
    left: bool = False  # the client closed the connection before the end


def note(book: list[RecordedRequest], seen: RecordedRequest) -> None:
    """Write it down; the oldest page goes when the book is full."""
    book.append(seen)
    if len(book) > MOST:
        del book[: len(book) - MOST]

"""What came in, so that a test can read what a client really sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SECRET = ("authorization", "x-api-key", "x-goog-api-key", "cookie")


@dataclass(slots=True)
class Seen:
    """One request, as far as it got. What it holds is written down be it right or wrong."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case; without those that are secret
    auth: str = ""  # the header that held the key
    bytes: int = 0  # of the body
    model: str = ""
    stream: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)  # all but model, messages and stream
    roles: list[str] = field(default_factory=list)  # one a message
    texts: list[str] = field(default_factory=list)  # every text, in the order of the body
    photos: list[str] = field(default_factory=list)  # the sha256 of every photo, in the order of the body
    documents: list[str] = field(default_factory=list)  # the sha256 of every document likewise
    status: int = 0  # 0: nothing was answered
    fault: str = ""
    left: bool = False  # the client closed the connection before the end

    @property
    def messages(self) -> int:
        """How many came."""
        return len(self.roles)

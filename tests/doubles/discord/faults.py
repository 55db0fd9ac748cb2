"""What goes wrong: Discord's own refusals, faults on demand, and rate limits."""

import json
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Wire = dict[str, Any]  # JSON as Discord writes it: ids are strings

MESSAGES = {
    0: "401: Unauthorized",
    10003: "Unknown Channel",
    10004: "Unknown Guild",
    10007: "Unknown Member",
    10008: "Unknown Message",
    10013: "Unknown User",
    10015: "Unknown Webhook",
    10062: "Unknown interaction",
    20009: "Explicit content cannot be sent to the desired recipient(s)",
    20016: "This action cannot be performed due to slowmode rate limit",
    20028: "The write action you are performing on the channel has hit the write rate limit",
    20029: "The write action you are performing on the server has hit the write rate limit",
    30032: "Maximum number of application commands reached",
    30046: "Maximum number of edits to messages older than 1 hour reached. Try again later",
    40005: "Request entity too large",
    40060: "Interaction has already been acknowledged.",
    40094: "This interaction has hit the maximum number of follow up messages.",
    50001: "Missing Access",
    50003: "Cannot execute action on a DM channel",
    50005: "Cannot edit a message authored by another user",
    50006: "Cannot send an empty message",
    50007: "Cannot send messages to this user",
    50008: "Cannot send messages in a non-text channel",
    50013: "Missing Permissions",
    50024: "Cannot execute action on this channel type",
    50027: "Invalid Webhook Token",
    50035: "Invalid Form Body",
    50083: "Thread is archived",
    160002: "Cannot reply without permission to read message history",
    160004: "A thread has already been created for this message",
    160005: "Thread is locked",
    200000: "Message was blocked by automatic moderation",
    240000: "Message blocked by harmful links filter",
    400001: "File uploads are limited for this guild",
}
STATUSES = {
    **dict.fromkeys((0, 50027), 401),
    **dict.fromkeys((50001, 50003, 50005, 50007, 50013, 400001), 403),
    **dict.fromkeys((20016, 20028, 20029), 429),
    40005: 413,
}


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """JSON; discord.py reads it only when its type is given without a character set."""
    data = json.dumps(body).encode()
    return web.Response(body=data, status=status, headers=headers, content_type="application/json")


class Refused(Exception):
    """Discord says no; `code` is one of its JSON error codes."""

    def __init__(self, code: int, errors: Wire | None = None) -> None:
        super().__init__(code)
        self.code, self.errors = code, errors
        self.status = STATUSES.get(code, 404 if 10_000 <= code < 11_000 else 400)

    def reply(self) -> web.Response:
        body: Wire = {"message": MESSAGES[self.code], "code": self.code}
        if self.errors:
            body["errors"] = self.errors
        return answer(body, status=self.status)


def invalid(name: str, code: str, message: str) -> Refused:
    """One field of a form is wrong."""
    errors: Wire = {"_errors": [{"code": code, "message": message}]}
    for part in reversed(name.split(".")):
        errors = {part: errors}
    return Refused(50035, errors)


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with a call."""

    status: int = 500
    retry_after: float | None = None  # seconds
    everywhere: bool = False  # with a 429: the limit of the whole bot
    code: int = 0  # one of Discord's JSON error codes; 30046 with a 429 is that of old messages
    page: str | None = None  # in place of JSON, as a proxy sends it
    cut: bool = False  # the connection ends before anything is done
    lost: bool = False  # all is done, but nobody is told
    done: bool = False  # all is done, and this is what comes back, as from a server that is not Discord's

    def reply(self) -> web.Response:
        if self.status == 204:
            return web.Response(status=204)
        if self.done and self.page is not None:
            return web.Response(status=self.status, text=self.page, content_type="application/json")
        if self.page is not None:
            return web.Response(status=self.status, text=self.page, content_type="text/html")
        if self.status == 429:
            return too_many(self.retry_after or 1.0, self.everywhere, self.code)
        message = MESSAGES[self.code] if self.code else f"{self.status}: Error"
        return answer({"message": message, "code": self.code}, status=self.status)


BAD_GATEWAY = Fault(502, page="<html><h1>502 Bad Gateway</h1></html>")
LOST = Fault(lost=True)
CUT = Fault(cut=True)


def flood(seconds: float = 1.0) -> Fault:
    return Fault(429, retry_after=seconds)


def too_many(seconds: float, everywhere: bool = False, code: int = 0) -> web.Response:
    """A 429 as it comes through Discord's proxy: without `Via` discord.py takes it for a ban."""
    body: Wire = {"message": "You are being rate limited.", "retry_after": round(seconds, 3), "global": everywhere}
    if code:
        body |= {"message": MESSAGES[code], "code": code}
    headers = {"Via": "1.1 google", "Retry-After": str(int(seconds) + 1)}
    headers |= {"X-RateLimit-Global": "true"} if everywhere else {"X-RateLimit-Scope": "user"}
    return answer(body, status=429, headers=headers)


@dataclass(slots=True)
class Window:
    """A rate limit's present window: it begins with the first call and lasts some seconds."""

    ends: float = 0.0
    used: int = 0


@dataclass(slots=True)
class Limits:
    """Fixed windows for each kind of call and each channel; `EVERYTHING` is the limit of the whole bot."""

    rules: dict[str, tuple[int, float]] = field(default_factory=dict)  # kind: (calls, seconds)
    default: tuple[int, float] = (10_000, 1.0)
    windows: defaultdict[tuple[str, str], Window] = field(default_factory=lambda: defaultdict(Window))

    def take(self, kind: str, place: str) -> tuple[bool, dict[str, str], float]:
        """Whether a call may pass, the headers that say how many are left, the seconds until the window ends."""
        most, seconds = self.rules.get(kind, self.default)
        window, now = self.windows[kind, place], time.monotonic()
        if now >= window.ends:
            window.ends, window.used = now + seconds, 0
        passes = window.used < most
        window.used += passes
        left = window.ends - now
        headers = {
            "X-RateLimit-Limit": str(most),
            "X-RateLimit-Remaining": str(most - window.used),
            "X-RateLimit-Reset": f"{time.time() + left:.3f}",
            "X-RateLimit-Reset-After": f"{left:.3f}",
            "X-RateLimit-Bucket": f"bucket-{kind}",
        }
        return passes, headers, left


EVERYTHING = "everything"


@dataclass(slots=True)
class Faults:
    """Faults that wait for the next calls of their kind."""

    waiting: defaultdict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))

    def add(self, kind: str, fault: Fault, times: int) -> None:
        self.waiting[kind].extend([fault] * times)

    def next(self, kind: str) -> Fault | None:
        return self.waiting[kind].popleft() if self.waiting[kind] else None

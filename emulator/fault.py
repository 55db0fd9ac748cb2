"""A fault, and the ways in which it can show."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import web

from emulator import wire
from emulator.payloads import Body, reply
from emulator.recording import RecordedRequest
from emulator.state import AccountState

Options = Mapping[str, Any]
Replacement = Callable[[RecordedRequest], web.Response]
Links = Literal["signed", "none", "public", "private"]
"""A link to the first result, none at all, addresses in place of keys; or a link, and no other result can be had."""

SideEffect = Callable[[web.Request, AccountState, Options], Coroutine[Any, Any, None]]


class ConnectionCut(Exception):
    """The connection was aborted before any byte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong, and where. Whatever a field does not say goes as usual."""

    meaning: str = ""
    place: str = "chat"  # its natural place
    wants: frozenset[str] = frozenset()  # it waits for such a request: unified, features, stream, begin, a type
    lasts: bool = False  # until it is cleared
    spoils: bool = False  # the turn does not become history
    instead: Replacement | None = None  # answered in place of everything else
    act: SideEffect | None = None  # done before the answer
    text: Callable[[str], str] | None = None  # the answer reads differently
    shape: Callable[[Body], Body] | None = None  # the JSON body looks different
    frames: Callable[[list[wire.Frame]], list[wire.Frame]] | None = None  # the stream holds something else
    encode: Callable[[wire.Encode], wire.Encode] | None = None  # the stream is written differently
    pace: float | None = None  # seconds between two writes
    whole: bool = False  # JSON although a stream was asked
    also: frozenset[str] = frozenset()  # other places where it can happen
    purse: int | None = None  # what is left in credits, for one request
    links: Links = "signed"  # how results are given out
    pending: bool = False  # worked on in the background, although nobody asked for that
    in_time: bool = False  # not worked on in the background, although somebody asked for that
    late: bool = False  # the body looks different only in the end, for who orders in the background

    @property
    def portable(self) -> bool:
        """True if it can happen at any place."""
        return not self.wants and (self.instead is not None or self.act in (abort, wait, hang))


NONE = Fault()


def refusal(meaning: str, status: int, body: Body, **more: Any) -> Fault:
    """Answer with an error in JSON."""
    return Fault(meaning=meaning, instead=lambda _: reply(body, status), **more)


def page(meaning: str, status: int, text: str = "", type: str = "text/html", **more: Any) -> Fault:
    """Answer with a page or a text."""
    return Fault(meaning=meaning, instead=lambda _: web.Response(text=text, status=status, content_type=type), **more)


def streamed(meaning: str, frames: Callable[[list[wire.Frame]], list[wire.Frame]], *wants: str, **more: Any) -> Fault:
    """Let a stream hold something else."""
    return Fault(meaning=meaning, frames=frames, wants=frozenset({"stream", *wants}), **more)


def reshaped(meaning: str, shape: Callable[[Body], Body], **more: Any) -> Fault:
    """Let the JSON body look different."""
    return Fault(meaning=meaning, shape=shape, **more)


async def abort(request: web.Request, memory: AccountState, options: Options) -> None:
    """Break the connection."""
    if request.transport is not None:
        request.transport.abort()
    raise ConnectionCut


async def wait(request: web.Request, memory: AccountState, options: Options) -> None:
    """Wait `seconds`."""
    await asyncio.sleep(float(options.get("seconds", 1)))


async def hang(request: web.Request, memory: AccountState, options: Options) -> None:
    """Never answer."""
    await asyncio.Event().wait()  # cancelled when the client leaves

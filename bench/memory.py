"""A long conversation at an endpoint that remembers nothing: what travels with each question, and how large it gets.

The endpoint looks at every photo and notes its hash, so that it is known which ones were really sent again.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Literal

from adapters.providers.openai.provider import OpenAI
from adapters.providers.openai.services import OPENAI
from bench import photo
from bench.measure import table
from bench.result import Line, Panel, Plot, Result
from bench.snapthread import Screen, asking
from bot.asking.context import LOOKED_BACK, tokens
from bot.files.photos import PhotoIntake
from bot.intake.inbox import Inbox
from bot.messages import Attachment, Author, Channel, Message, Photo
from tests.doubles.openai import FakeOpenAI, Seen

Kind = Literal["new photo", "follow-up", "photo by number"]

HERE = Channel("web", "lobby")
GROUP = 4  # turns: something new is shown, and three questions follow
SEVEN = 7  # the photo that is asked for by its number; later on the oldest one that still has one
PATIENCE = 30.0  # seconds for an answer
KINDS: tuple[Kind, ...] = ("new photo", "follow-up", "photo by number")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and the photos that have to go along, counted from 0."""

    kind: Kind
    text: str
    photos: Sequence[int]


@dataclass(frozen=True, slots=True)
class Request:
    """What one question really took along, and the bytes it would have had with all photos so far."""

    kind: Kind
    bytes: int
    tokens: int  # of its words
    photos: int
    with_all: int


def report(*, quick: bool) -> Result:
    """Three spans of a conversation; the plot has the whole of it."""
    turns = 40 if quick else 200
    requests = asyncio.run(talk(turns, photo.base()))
    spans = [(1, 10), (turns // 2 - 9, turns // 2), (turns - 9, turns)]
    title = f"A conversation of {turns} turns with {turns // GROUP} photos"
    return Result(
        table(title, [_row(requests, *span) for span in spans]),
        {"largest request kB": max(each.bytes for each in requests) / 1000},
        {"memory": _plot(requests)},
    )


def _row(requests: Sequence[Request], first: int, last: int) -> dict[str, object]:
    span = requests[first - 1 : last]
    return {
        "turns": f"{first}-{last}",
        "request kB, mean": sum(each.bytes for each in span) / len(span) / 1000,
        "request kB, most": max(each.bytes for each in span) / 1000,
        "tokens of words, mean": round(sum(each.tokens for each in span) / len(span)),
        "tokens of words, most": max(each.tokens for each in span),
        "photos, most": max(each.photos for each in span),
        "kB with all photos": span[-1].with_all / 1000,
    }


# the conversation


async def talk(turns: int, base: bytes, each: int = 1) -> Sequence[Request]:
    """Ask so many questions, of which every fourth shows `each` new photos, variants of `base`.

    AssertionError: other photos went along than those that matter.
    """
    files = [photo.variant(base, n) for n in range(-(-turns // GROUP) * each)]
    screen = Screen(files)
    async with AsyncExitStack() as stack:
        endpoint = await stack.enter_async_context(FakeOpenAI())
        inbox = await stack.enter_async_context(
            asking(
                lambda store: OpenAI(OPENAI, endpoint.key, endpoint.url),
                "openai/gpt-4o",
                lambda store, folder: screen,
                1,
            )
        )
        cleaned = await _cleaned(files)
        requests = []
        for n in range(turns):
            question = _question(n, each)
            await _ask(inbox, screen, n, question)
            assert len(endpoint.asked) == n + 1, "a question was asked twice"
            requests.append(_request(n, question, endpoint.asked[-1], cleaned[: (n // GROUP + 1) * each]))
    return requests


async def _cleaned(files: Sequence[bytes]) -> Sequence[Photo]:
    """The photos after intake, made elsewhere: the same bytes give the same photo."""
    async with PhotoIntake() as photos:
        return [await photos.read("photo.jpg", data) for data in files]


def _question(n: int, each: int) -> Question:
    """The n-th question, from 0."""
    group, place = divmod(n, GROUP)
    last = range(group * each, (group + 1) * each)
    if place == 0:
        return Question("new photo", "what do you see here?", last)
    if place == 1:
        return Question("follow-up", "which colours are there, and what is in the background?", last)
    number = min(max(SEVEN, last.stop - LOOKED_BACK + 1), last.stop)
    if place == 2:
        return Question("photo by number", f"and how does that compare with photo {number}?", [number - 1])
    return Question("follow-up", "tell me all about it: a long answer please", [number - 1])  # what was shown last


async def _ask(inbox: Inbox, screen: Screen, n: int, question: Question) -> None:
    """Say it, and wait until the whole answer is there."""
    new = question.photos if question.kind == "new photo" else ()
    attachments = tuple(Attachment(ref=str(k), name=f"photo{k + 1}.jpg", mime="image/jpeg") for k in new)
    whole = screen.whole[HERE.id]
    whole.clear()
    screen.begun[HERE.id] = time.perf_counter()
    await inbox.receive(
        Message(
            channel=HERE,
            id=str(n),
            author=Author("1", "Ann"),
            text=question.text,
            sent=time.time(),
            attachments=attachments,
        )
    )
    await asyncio.wait_for(whole.wait(), PATIENCE)


def _request(n: int, question: Question, seen: Seen, shown: Sequence[Photo]) -> Request:
    assert seen.photos == [shown[k].sha256 for k in question.photos], f"turn {n + 1}: other photos went along"
    words = sum(map(tokens, seen.texts))
    missing = sum(_in_base64(photo) for photo in shown if photo.sha256 not in seen.photos)
    return Request(question.kind, seen.bytes, words, len(seen.photos), seen.bytes + missing)


def _in_base64(photo: Photo) -> int:
    return -(-photo.size // 3) * 4


# the picture


def _plot(requests: Sequence[Request]) -> Plot:
    """Size and tokens of each request, one above the other."""
    everything = [(n, each.with_all / 1000) for n, each in enumerate(requests, 1)]
    sizes = [_dots(requests, kind, lambda each: each.bytes / 1000) for kind in KINDS]
    words = [_dots(requests, kind, lambda each: each.tokens) for kind in KINDS]
    title = f"{len(requests)} questions, {len(requests) // GROUP} photos, at an endpoint that remembers nothing"
    return Plot(
        [
            Panel(
                title,
                "",
                "kB a request",
                [*sizes, Line("if all photos went along", everything, "dashed")],
                high=2.5 * max(each.bytes for each in requests) / 1000,
            ),
            Panel("", "turn", "tokens of words a request", words, high=1.3 * max(each.tokens for each in requests)),
        ],
        f"Kilobytes and tokens of each of {len(requests)} questions: both stay flat",
        stacked=True,
    )


def _dots(requests: Sequence[Request], kind: Kind, value: Callable[[Request], float]) -> Line:
    return Line(kind, [(n, value(each)) for n, each in enumerate(requests, 1) if each.kind == kind], "dots")

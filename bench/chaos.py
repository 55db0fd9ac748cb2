"""Kill -9, again and again, and a database that goes down, while a fleet answers: is anything lost, or out of order?

Processes of the bot as its operator runs them, on one PostgreSQL. Some of them would listen to Telegram, one at a time
does; all of them work. People ask without waiting for answers. A process that is killed is started again at once; what
it held waits until its lease ends. Telegram's own limits are the bot's usual ones.
"""

import asyncio
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench import database, photo, telegram
from bench.endpoint import Endpoint
from bench.measure import percentile, table, take_all_files
from bench.result import Line, Panel, Plot, Result
from bot.store import visit_store
from tests.doubles.postgres import query
from tests.doubles.process import BotProcess
from tests.doubles.telegram import TelegramBed
from tests.doubles.work import release_all

FIRST_CHAT = 1000
NUMBER = re.compile(r"#(\d+)#")
END = "That is all of it."
START = 60.0  # seconds until all of them work
LOOK = 0.1  # seconds between two looks at what is left to do
WAITING = "SELECT count(*) AS many FROM turns WHERE finished IS NULL"


@dataclass(frozen=True, slots=True)
class Plan:
    """How much chaos: processes and how many of them listen; turns in so many conversations, asked in so many seconds.

    A process is killed every `kill_every` of these seconds, and the database goes down once, in the middle.
    """

    processes: int = 4
    listeners: int = 2
    turns: int = 2000
    conversations: int = 300
    seconds: float = 120.0
    kill_every: float = 2.0
    patience: float = 300.0  # seconds after those, for the rest
    with_photo: int = 4  # every so many turns


@dataclass(slots=True)
class Found:
    """What became of it. Turns are known by their numbers; times are seconds since the beginning."""

    lost: list[int] = field(default_factory=list)  # turns without a whole answer
    disorder: list[tuple[int, int]] = field(default_factory=list)  # turns of one conversation, the later one first
    asked_twice: int = 0
    posted_twice: int = 0
    put_aside: int = 0  # and released: kills that hit one turn three times
    kills: list[float] = field(default_factory=list)
    away: tuple[float, float] = (0.0, 0.0)  # the database, from when until when
    asked: dict[int, float] = field(default_factory=dict)
    whole: dict[int, float] = field(default_factory=dict)
    logs: list[str] = field(default_factory=list)  # of each process

    @property
    def waits(self) -> list[float]:
        """Seconds from each question to its whole answer."""
        return [at - self.asked[turn] for turn, at in self.whole.items()]


def report(*, quick: bool) -> Result:
    """One table: what was lost, out of order or done twice, and how long people waited."""
    plan = Plan(3, 2, 40, 10, 6, 2.0) if quick else Plan()
    found = asyncio.run(run(plan))
    words = f"{plan.turns} turns in {plan.conversations} conversations, {plan.processes} processes"
    return Result(
        table(words, [{"": name, "found": value} for name, value in _told(plan, found).items()]),
        {"lost": len(found.lost), "out of order": len(found.disorder), "kills": len(found.kills)},
        {"bench-chaos": _plot(plan, found)},
    )


async def run(plan: Plan) -> Found:
    """Let people ask, and things go wrong; wait until every turn is answered and finished, or patience ends."""
    take_all_files()
    found = Found()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = await stack.enter_async_context(database.running())
        endpoint = await stack.enter_async_context(Endpoint(_answer, (0.05, 0.5)))
        bed = await stack.enter_async_context(_Bed(found))
        bots = await stack.enter_async_context(_fleet(plan, folder, server.url, endpoint.url, bed.url))
        bed.begin()
        await asyncio.gather(_talk(plan, bed), _kill(plan, bots, bed), _take_away(plan, server, bed))
        await _until_done(plan, found, server.url)
        _judge(plan, found, bed, endpoint)
        found.logs = [bot.said() for bot in bots]
    return found


def _answer(question: str) -> str:
    numbers = NUMBER.findall(question)
    return f"The answer to #{numbers[0] if numbers else 0}#: it is a cat, and it sits on a sofa. {END}"


# the people and their Telegram


class _Bed(TelegramBed):
    """Notes when a question was asked, and when its whole answer was there."""

    def __init__(self, found: Found) -> None:
        super().__init__(telegram.TOKEN)
        self.found, self.begun = found, 0.0

    def begin(self) -> None:
        """Time is counted from now."""
        self.begun = time.perf_counter()

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return time.perf_counter() - self.begun

    def _do_sendMessage(self, fields: dict[str, Any], uploads: Any, chat: int, thread: int | None) -> Any:
        shown = super()._do_sendMessage(fields, uploads, chat, thread)
        self._see(fields["text"])
        return shown

    def _do_editMessageText(self, fields: dict[str, Any], uploads: Any, chat: int, thread: int | None) -> Any:
        shown = super()._do_editMessageText(fields, uploads, chat, thread)
        self._see(fields["text"])
        return shown

    def _see(self, text: str) -> None:
        numbers = NUMBER.findall(text)
        if numbers and text.endswith(END):
            self.found.whole.setdefault(int(numbers[0]), self.now)


async def _talk(plan: Plan, bed: _Bed) -> None:
    """Everybody asks at moments of their own; nobody waits for an answer."""
    base = photo.base(640, 480)
    moments = sorted((random.uniform(0, plan.seconds), n % plan.conversations) for n in range(plan.turns))
    for turn, (moment, conversation) in enumerate(moments):
        await asyncio.sleep(moment - bed.now)
        chat, text = FIRST_CHAT + conversation, f"what is this? #{turn}#"
        bed.found.asked[turn] = bed.now
        if turn % plan.with_photo:
            await bed.says(text, chat, by=chat)
        else:
            await bed.sends_photo(photo.variant(base, turn), text, chat, by=chat)


async def _until_done(plan: Plan, found: Found, store: str) -> None:
    """Every answer is whole, and no process has anything left to do that might change a chat."""
    with suppress(TimeoutError):
        async with asyncio.timeout(plan.patience), visit_store(store, "openai/gpt-4o") as visitor:
            while len(found.whole) < plan.turns or (await query(store, WAITING))[0]["many"]:
                found.put_aside += await release_all(visitor)
                await asyncio.sleep(LOOK)


# what goes wrong


@asynccontextmanager
async def _fleet(plan: Plan, folder: Path, store: str, endpoint: str, bed: str) -> AsyncIterator[list[BotProcess]]:
    """The processes, which all work; in the end whichever of them run are killed."""
    settings = {
        "BOT_STORE": store,
        "BOT_MODEL": "openai/gpt-4o",
        "OPENAI_API_URL": endpoint,
        "TELEGRAM_TOKEN": telegram.TOKEN,
        "TELEGRAM_API_URL": bed,
    }
    bots = []
    for n in range(plan.processes):
        (folder / str(n)).mkdir()
        ears = "telegram" if n < plan.listeners else "none"
        bots.append(BotProcess(folder / str(n), BOT_LISTEN=ears, **settings))
    async with AsyncExitStack() as stack:
        for bot in bots:
            await stack.enter_async_context(bot)
        await asyncio.gather(*(bot.ready(START) for bot in bots))
        yield bots


async def _kill(plan: Plan, bots: Sequence[BotProcess], bed: _Bed) -> None:
    for n in range(1, int(plan.seconds / plan.kill_every) + 1):
        await asyncio.sleep(n * plan.kill_every - bed.now)
        bot = random.choice(bots)
        await bot.kill()
        bed.found.kills.append(bed.now)
        await bot.start()


async def _take_away(plan: Plan, server: database.Database, bed: _Bed) -> None:
    """The database loses its power, and comes back."""
    await asyncio.sleep(plan.seconds / 2 - bed.now)
    begun = bed.now
    await server.restart("immediate")
    bed.found.away = begun, bed.now


# what became of it


def _judge(plan: Plan, found: Found, bed: _Bed, endpoint: Endpoint) -> None:
    found.lost = [turn for turn in range(plan.turns) if turn not in found.whole]
    asked = Counter(int(number) for question in endpoint.asked for number in NUMBER.findall(question)[:1])
    found.asked_twice = sum(asked.values()) - len(asked)
    for conversation in range(plan.conversations):
        posts = sorted(bed.posts(FIRST_CHAT + conversation), key=lambda post: post.id)
        shown = [int(number) for post in posts for number in NUMBER.findall(post.text)[:1]]
        found.disorder += [(one, next_) for one, next_ in pairwise(shown) if next_ < one]
        found.posted_twice += len(shown) - len(set(shown))


def _told(plan: Plan, found: Found) -> Mapping[str, object]:
    waits = found.waits or [0.0]
    moments = [0.0, *sorted(found.whole.values())]
    return {
        "kill -9": len(found.kills),
        "the database was away, seconds": found.away[1] - found.away[0],
        "turns lost": len(found.lost),
        "turns out of order": len(found.disorder),
        "questions asked once more": found.asked_twice,
        "answers posted once more": found.posted_twice,
        "turns put aside for three kills, and released": found.put_aside,
        "from a question to its whole answer, p50 seconds": percentile(waits, 0.5),
        "p95 seconds": percentile(waits, 0.95),
        "longest, seconds": max(waits),
        "longest time in which nobody had an answer, seconds": max(
            later - sooner for sooner, later in pairwise(moments)
        ),
        "the last answer, seconds after the last kill": max(moments) - plan.seconds,
    }


def _plot(plan: Plan, found: Found) -> Plot:
    waits = [(found.asked[turn], at - found.asked[turn]) for turn, at in sorted(found.whole.items())]
    return Plot(
        [
            Panel(
                f"{len(found.kills)} times kill -9, and a database that goes down",
                "seconds since the beginning",
                "seconds to the whole answer",
                [
                    Line("a turn, when it was asked", waits, "dots"),
                    Line("the database is away, and is back", [(at, 0.0) for at in found.away], "ticks"),
                    Line("kill -9", [(at, 0.0) for at in found.kills], "ticks"),
                ],
            )
        ],
        "Each turn by the moment when it was asked and the seconds until its whole answer was there",
    )

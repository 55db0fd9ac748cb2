"""A return at its worst: photos that were sent while the bot was away, late servers, broken messages, refused posts."""

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from bench import photo
from bench.measure import resident_mb
from bench.startup import ready
from bench.together import CURSOR
from emulator import Emulator
from tests.conftest import CAT
from tests.doubles.discord import BAD_GATEWAY, LOST, FakeDiscord, Fault, flood
from tests.doubles.process import BotProcess
from tests.doubles.waiting import until

ROOMS = 200  # channels in which somebody sends a photo while the bot is away, spread over all servers
BROKEN = 10  # in one of so many channels, of all of them, stands a message that cannot be read
LATE = 3  # one of so many rooms is in a server that is unavailable at first
PACE = 0.1  # seconds between two pieces of an answer, so that it grows by edits
QUESTION = "while you were away: what is this, {room}?"
ASKED_FROM = re.compile(r"while you were away: what is this, (\d+)\?")
PATIENCE = 180.0  # seconds until all of them are answered
SETTLE = 1.0  # seconds in which something could be asked a second time
APART = 0.2  # seconds between two refusals of a kind, so that they strike different channels
REFUSED = (  # each of them once for a new post, and once for an edit, as far as there are any
    *(Fault(400, code=code) for code in (20009, 50035, 160002, 200000, 240000)),
    *(Fault(413, code=40005), Fault(413, page="Request Entity Too Large"), Fault(404), Fault(400)),
    *(flood(), BAD_GATEWAY, LOST),
)


@dataclass(frozen=True, slots=True)
class Room:
    """A channel of a server, and the person who sends a photo there."""

    server: int
    channel: int
    person: int


async def measure_return(
    bot: BotProcess,
    double: FakeDiscord,
    emulator: Emulator,
    servers: Mapping[int, Sequence[int]],
    *,
    is_troubled: bool,
) -> dict[str, float]:
    """Start the bot again, which knows these servers and their channels, and tell what came of the photos.

    Without trouble the same is said, but every server is there at once, all can be read, and nothing is refused.
    """
    rooms = _chosen(double, servers)
    odd = await _talk(double, servers, rooms)
    emulator.pace = PACE
    refused: dict[str, list[Fault]] = {"send": [], "edit": []}
    refusing = []
    if is_troubled:
        double.rest.unreadable |= odd
        double.gateway.late |= {room.server for room in rooms[::LATE]}
        refusing = [asyncio.create_task(_refuse(double, kind, faults)) for kind, faults in refused.items()]
    calls, begun = len(double.calls), time.perf_counter()
    await bot.start()
    await ready(bot, PATIENCE)
    for server in sorted(double.gateway.late):
        double.gateway.become_available(server)
        await asyncio.sleep(0.01)
    with suppress(TimeoutError):
        await until(lambda: len(_asked(emulator)) == len(rooms) and not _unfinished(double, rooms), PATIENCE)
    seconds = time.perf_counter() - begun
    await asyncio.sleep(SETTLE)
    for task in refusing:
        task.cancel()
    asked = _asked(emulator)
    return {
        "photos": len(rooms),
        "lost": len(rooms) - len(asked),
        "paid twice": sum(count > 1 for count in asked.values()),
        "silent or unfinished": len(_unfinished(double, rooms)),
        "broken messages": len(odd) if is_troubled else 0,
        "refused posts": len(refused["send"]),
        "refused edits": len(refused["edit"]),
        "seconds to the last answer": seconds,
        "REST calls a photo": (len(double.calls) - calls) / len(rooms),
        "MB then": resident_mb(bot.process.pid),
    }


def _chosen(double: FakeDiscord, servers: Mapping[int, Sequence[int]]) -> list[Room]:
    places = [(server, channel) for server, channels in servers.items() for channel in channels]
    places = places[:: max(1, len(places) // ROOMS)][:ROOMS]
    return [Room(server, channel, double.add_user(f"person{channel}", guild=server)) for server, channel in places]


async def _talk(double: FakeDiscord, servers: Mapping[int, Sequence[int]], rooms: Sequence[Room]) -> set[int]:
    """Say what is said during the absence; return the messages that may be made unreadable."""
    channels = [channel for channels in servers.values() for channel in channels]
    odd = {await double.says("odd", each) for each in random.Random(1).sample(channels, -(-len(channels) // BROKEN))}
    for n, room in enumerate(rooms):
        files = [photo.variant(CAT, n)]
        await double.says(QUESTION.format(room=n), room.channel, room.person, files=files, mention=True)
    return odd


async def _refuse(double: FakeDiscord, kind: str, refused: list[Fault]) -> None:
    """Refuse one call of the kind in each way, and note which."""
    for fault in REFUSED:
        double.fails(kind, fault)
        while double.faults.waiting[kind]:
            await asyncio.sleep(0.02)
        refused.append(fault)
        await asyncio.sleep(APART)


def _asked(emulator: Emulator) -> Counter[str]:
    """Count how often each room's question reached the provider with its photo."""
    prompts = [ASKED_FROM.search(seen.prompt) for seen in emulator.seen if seen.images]
    return Counter(found[1] for found in prompts if found)


def _unfinished(double: FakeDiscord, rooms: Sequence[Room]) -> list[Room]:
    """The rooms whose people read nothing, there or in private, or something that looks as if it grew."""
    return [room for room in rooms if not _is_whole(double, room)]


def _is_whole(double: FakeDiscord, room: Room) -> bool:
    posts = [*double.posts(room.channel), *double.direct(room.person)]
    return bool(posts) and not any(post.text.endswith(CURSOR) or "say:/stop" in post.commands for post in posts)

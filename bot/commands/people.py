"""Letting people in and shutting them out, and what they have used."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.chart import Labels, usage_chart
from bot.commands.command import Command, Desk, Option, Response
from bot.errors import Refused
from bot.limits import CHANNEL, DAY, MONTH, TOTAL, USER, began, ended, subject_of
from bot.messages import Channel, File, Spent, Turn
from bot.words import say

PAIR = "pair"  # the purpose of a code
PAIRING_MINUTES = 60
DAYS = 30  # in the chart
STRANGER = "stranger"


async def stranger(desk: Desk, turn: Turn, rest: str) -> Response:
    """What is said in the place of anything that somebody says who has not been let in."""
    code = await desk.store.new_code(PAIR, subject_of(turn.message), PAIRING_MINUTES * 60)
    return Response(say("pairing", code=code, minutes=PAIRING_MINUTES))


async def allow(desk: Desk, turn: Turn, rest: str) -> Response:
    """/allow CODE or /allow PLATFORM:ID: let somebody in. For the bot's admins."""
    _insist_on_admin(desk, turn)
    subject = rest if _is_subject(rest) else await desk.store.use_code(PAIR, rest) if rest else None
    if subject is None:
        raise Refused("allow_unknown")
    await desk.store.set_access(subject, True)
    return Response(say("allow_done", subject=subject))


async def block(desk: Desk, turn: Turn, rest: str) -> Response:
    """/block PLATFORM:ID: shut somebody out. For the bot's admins."""
    _insist_on_admin(desk, turn)
    if not _is_subject(rest):
        raise Refused("allow_unknown")
    await desk.store.set_access(rest, False)
    return Response(say("block_done", subject=rest))


async def usage(desk: Desk, turn: Turn, rest: str) -> Response:
    """/usage: what one has used, and for admins, what the channel and everybody has."""
    message, now = turn.message, time.time()
    author = subject_of(message)
    lines = [await _line(desk, "usage_yours", now, author=author)]
    everything = desk.is_admin(message)
    if everything or await desk.manages(message):
        lines.append(await _line(desk, "usage_channel", now, channel=message.channel))
    if everything:
        lines.append(await _line(desk, "usage_total", now))
    lines += await _limits(desk, turn, now, everything=everything)
    until = datetime.fromtimestamp(now, UTC).date()
    since = until - timedelta(days=DAYS - 1)
    start = datetime(since.year, since.month, since.day, tzinfo=UTC).timestamp()
    days = await desk.store.spent_by_day(start, author=None if everything else author)
    title = say("usage_title_total" if everything else "usage_title")
    picture = await asyncio.to_thread(usage_chart, days, since=since, until=until, title=title, labels=_labels())
    return Response("\n".join(lines), files=(File("usage.png", "image/png", picture),))


async def _line(desk: Desk, key: str, now: float, *, author: str | None = None, channel: Channel | None = None) -> str:
    today = await desk.store.spent(began(DAY, now), author=author, channel=channel)
    month = await desk.store.spent(began(MONTH, now), author=author, channel=channel)
    return say(key, today=_figures(today), month=_figures(month))


async def _limits(desk: Desk, turn: Turn, now: float, *, everything: bool) -> Sequence[str]:
    """How far each limit is used up; that of the whole bot is for those who may see everything."""
    lines = []
    for limit in desk.rules.limits:
        if limit.whose == TOTAL and not everything:
            continue
        author = subject_of(turn.message) if limit.whose == USER else None
        channel = turn.message.channel if limit.whose == CHANNEL else None
        spent = await desk.store.spent(began(limit.window, now), author=author, channel=channel)
        used = getattr(spent, limit.what)
        resets = f"{datetime.fromtimestamp(ended(limit.window, now), UTC):%Y-%m-%d %H:%M} UTC"
        values = {"whose": say(f"limit_of_{limit.whose}"), "window": say(f"limit_{limit.window}"), "reset": resets}
        lines.append(
            say("usage_limit", used=f"{used:,.6g}", most=f"{limit.most:,.6g}", what=say(f"unit_{limit.what}"), **values)
        )
    return lines


def _labels() -> Labels:
    return Labels(**{name: say(f"chart_{name}") for name in ("credits", "turns", "share", "other", "nothing")})


def _figures(spent: Spent) -> str:
    parts = [say("figure_turns", amount=f"{spent.turns:,}"), say("figure_credits", amount=f"{spent.credits:,}")]
    return ", ".join([*parts, *([f"${spent.dollars:,.4f}"] if spent.dollars else [])])


def _insist_on_admin(desk: Desk, turn: Turn) -> None:
    if not desk.is_admin(turn.message):
        raise Refused("admins_only")


def _is_subject(text: str) -> bool:
    platform, colon, id = text.partition(":")
    return bool(colon and platform.isalpha() and id and " " not in id)


PEOPLE = {
    "usage": Command(usage),
    "allow": Command(allow, (Option("code", required=True),)),
    "block": Command(block, (Option("subject", required=True),)),
    STRANGER: Command(stranger, listed=False),
}

"""Running the bot, letting people and places in and shutting them out, and what they have used."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.accounting.limits import CHANNEL, DAY, MONTH, TOTAL, USER, subject_of, window_end, window_start
from bot.accounting.usage_chart import ChartLabels, usage_chart
from bot.commands.command import Command, CommandContext, Option, Response, parse
from bot.errors import Refused
from bot.intake.access import BOT, CLAIM, place_of
from bot.messages import Channel, File, Message, Spent, Turn
from bot.ports import People
from bot.words import say

PAIR, PLACE = "pair", "place"  # the purposes of codes: somebody, or a server or group, is to be let in
PAIRING_MINUTES = 60
DAYS = 30  # in the chart
HERE = "here"
CROWDED = "crowded"


def pairing_of(message: Message) -> tuple[str, str]:
    """Return who or what is to be let in where a stranger speaks: the purpose of the code, and its subject."""
    place = place_of(message)
    return (PLACE, place) if place else (PAIR, subject_of(message))


async def introduce(people: People, message: Message, *, again: bool) -> str:
    """Return what a stranger reads once an hour, with a code that lets them in; empty where that was said already.

    With `again` it is said anew: nobody knows whether the last time, in which a process died, was heard.
    """
    purpose, subject = pairing_of(message)
    issue = people.create_code if again else people.first_code
    code = await issue(purpose, subject, PAIRING_MINUTES * 60)
    sentence = "pairing_place" if purpose == PLACE else "pairing"
    return say(sentence, code=code, minutes=PAIRING_MINUTES) if code else ""


async def claim(desk: CommandContext, turn: Turn, rest: str) -> Response:
    """/claim CODE, in private: run the bot, with the code that its start printed."""
    message = turn.message
    if desk.is_console(message):
        raise Refused("claim_page")
    if await desk.is_admin(message):
        return Response(say("claim_yours"))
    used = await desk.store.people.redeem_code(CLAIM, rest, by=subject_of(message)) if rest else None
    if not message.private:
        raise Refused("claim_private")  # the code is void: everybody there has read it
    if used is None:
        raise Refused("claim_unknown")
    await desk.store.people.add_admin(subject_of(message))
    return Response(say("claim_done"))


async def may_claim(people: People, message: Message) -> bool:
    """Whether it is a try to claim the bot, which strangers may make as long as the code of its start is good."""
    command = parse(message.text)
    return command is not None and command[0] == CLAIM and await people.has_code(CLAIM, BOT)


async def crowded(desk: CommandContext, turn: Turn, rest: str) -> Response:
    """What is said in the place of what somebody says who has too many unanswered messages already."""
    return Response(f"⚠️ {say('crowded')}")


async def allow(desk: CommandContext, turn: Turn, rest: str) -> Response:
    """/allow CODE, /allow PLATFORM:ID or /allow here: let somebody or a place in. For the bot's admins."""
    await _insist_on_admin(desk, turn)
    if subject := _named(desk, turn.message, rest):
        await desk.store.people.set_access(subject, True)
        return Response(say("allow_done_place" if rest.lower() == HERE else "allow_done", subject=subject))
    for purpose, sentence in ((PAIR, "allow_done"), (PLACE, "allow_done_place")):
        if rest and (subject := await desk.store.people.redeem_code(purpose, rest, by=subject_of(turn.message))):
            await desk.store.people.set_access(subject, True)
            return Response(say(sentence, subject=subject))
    raise Refused("allow_unknown")


async def block(desk: CommandContext, turn: Turn, rest: str) -> Response:
    """/block PLATFORM:ID or /block here: shut somebody or a place out. For the bot's admins."""
    await _insist_on_admin(desk, turn)
    subject = _named(desk, turn.message, rest)
    if subject is None:
        raise Refused("allow_unknown")
    await desk.store.people.set_access(subject, False)
    return Response(say("block_done", subject=subject))


async def usage(desk: CommandContext, turn: Turn, rest: str) -> Response:
    """/usage: what one has used, and for admins, what the channel and everybody has."""
    message, now = turn.message, time.time()
    author = subject_of(message)
    lines = [await _line(desk, "usage_yours", now, author=author)]
    everything = await desk.is_admin(message)
    if everything or await desk.can_manage(message):
        lines.append(await _line(desk, "usage_channel", now, channel=message.channel))
    if everything:
        lines.append(await _line(desk, "usage_total", now))
    lines += await _limits(desk, turn, now, everything=everything)
    until = datetime.fromtimestamp(now, UTC).date()
    since = until - timedelta(days=DAYS - 1)
    start = datetime(since.year, since.month, since.day, tzinfo=UTC).timestamp()
    days = await desk.store.ledger.list_spent_by_day(start, author=None if everything else author)
    title = say("usage_title_total" if everything else "usage_title")
    picture = await asyncio.to_thread(usage_chart, days, since=since, until=until, title=title, labels=_labels())
    return Response("\n".join(lines), files=(File("usage.png", "image/png", picture),))


async def _line(
    desk: CommandContext, key: str, now: float, *, author: str | None = None, channel: Channel | None = None
) -> str:
    today = await desk.store.ledger.get_spent(window_start(DAY, now), author=author, channel=channel)
    month = await desk.store.ledger.get_spent(window_start(MONTH, now), author=author, channel=channel)
    return say(key, today=_figures(today), month=_figures(month))


async def _limits(desk: CommandContext, turn: Turn, now: float, *, everything: bool) -> Sequence[str]:
    """How far each limit is used up; that of the whole bot is for those who may see everything."""
    lines = []
    for limit in desk.rules.limits:
        if limit.whose == TOTAL and not everything:
            continue
        author = subject_of(turn.message) if limit.whose == USER else None
        channel = turn.message.channel if limit.whose == CHANNEL else None
        spent = await desk.store.ledger.get_spent(window_start(limit.window, now), author=author, channel=channel)
        used = getattr(spent, limit.what)
        resets = f"{datetime.fromtimestamp(window_end(limit.window, now), UTC):%Y-%m-%d %H:%M} UTC"
        values = {"whose": say(f"limit_of_{limit.whose}"), "window": say(f"limit_{limit.window}"), "reset": resets}
        lines.append(
            say("usage_limit", used=f"{used:,.6g}", most=f"{limit.most:,.6g}", what=say(f"unit_{limit.what}"), **values)
        )
    return lines


def _labels() -> ChartLabels:
    return ChartLabels(**{name: say(f"chart_{name}") for name in ("credits", "turns", "share", "other", "nothing")})


def _figures(spent: Spent) -> str:
    parts = [say("figure_turns", amount=f"{spent.turns:,}"), say("figure_credits", amount=f"{spent.credits:,}")]
    return ", ".join([*parts, *([f"${spent.dollars:,.4f}"] if spent.dollars else [])])


async def _insist_on_admin(desk: CommandContext, turn: Turn) -> None:
    if not await desk.is_admin(turn.message):
        raise Refused("admins_only")


def _named(desk: CommandContext, message: Message, text: str) -> str | None:
    """The person or place that is meant by platform:id, or by `here`; None where it is neither, such as a code."""
    if text.lower() != HERE:
        return text if _is_subject(text) else None
    if desk.is_console(message) or (place := place_of(message)) is None:
        raise Refused("here_private")
    return place


def _is_subject(text: str) -> bool:
    platform, colon, id = text.partition(":")
    return bool(colon and platform.isalpha() and id and " " not in id)


PEOPLE = {
    "usage": Command(usage),
    "allow": Command(allow, (Option("who", required=True),)),
    "block": Command(block, (Option("subject", required=True),)),
    CLAIM: Command(claim, (Option("claim", required=True),)),
    CROWDED: Command(crowded, listed=False),
}

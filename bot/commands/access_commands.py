"""Commands for admins: claim the bot, allow and block people and places, and show usage."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.accounting.limits import CHANNEL, DAY, MONTH, TOTAL, USER, subject_of, window_end, window_start
from bot.accounting.usage_chart import ChartLabels, usage_chart
from bot.commands.command import Command, CommandContext, Option, Response, parse
from bot.commands.voting import report_scores
from bot.errors import FailureCode, Refused
from bot.intake.access import BOT, CLAIM, place_of
from bot.messages import Channel, File, Message, Spent, Turn
from bot.ports import People
from bot.words import say, say_moment, say_money

PAIR, PLACE = "pair", "place"  # purposes of codes: to give access to a person, or to a server or group
PAIRING_MINUTES = 60
DAYS = 30  # models in the chart
HERE = "here"
MODELS = "models"
CROWDED = "crowded"


def pairing_of(message: Message) -> tuple[str, str]:
    """Return the subject that needs access if a stranger writes there: the purpose of the code, and the subject."""
    place = place_of(message)
    return (PLACE, place) if place else (PAIR, subject_of(message))


async def introduce(people: People, message: Message, *, again: bool) -> str:
    """Return the hourly message to a stranger, with a pairing code; empty if it was sent already.

    With `again` it is written anew: it is unknown if the one of a process that died was delivered.
    """
    purpose, subject = pairing_of(message)
    issue = people.create_code if again else people.first_code
    code = await issue(purpose, subject, PAIRING_MINUTES * 60)
    sentence = "pairing_place" if purpose == PLACE else "pairing"
    return say(sentence, code=code, minutes=PAIRING_MINUTES) if code else ""


async def claim(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Make the author an admin: /claim CODE, in private, with the code that was printed at the start."""
    message = turn.message
    if context.is_console(message):
        raise Refused(FailureCode.CLAIM_PAGE)
    if await context.is_admin(message):
        return Response(text=say("claim_yours"))
    used = await context.people.redeem_code(CLAIM, rest, by=subject_of(message)) if rest else None
    if not message.private:
        raise Refused(FailureCode.CLAIM_PRIVATE)  # the code is void: everybody there has read it
    if used is None:
        raise Refused(FailureCode.CLAIM_UNKNOWN)
    await context.people.add_admin(subject_of(message))
    return Response(text=say("claim_done"))


async def may_claim(people: People, message: Message) -> bool:
    """Tell whether it is an attempt to claim the bot, which strangers may make while the code of its start is valid."""
    command = parse(message.text)
    return command is not None and command[0] == CLAIM and await people.has_code(CLAIM, BOT)


async def crowded(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Return the notice for an author with too many unanswered messages, in place of an answer."""
    return Response(text=f"⚠️ {say('crowded')}")


async def allow(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Allow a person or place: /allow CODE, /allow PLATFORM:ID or /allow here. For admins."""
    await _insist_on_admin(context, turn)
    if subject := _named(context, turn.message, rest):
        await context.people.set_access(subject, True)
        return Response(text=say("allow_done_place" if rest.lower() == HERE else "allow_done", subject=subject))
    for purpose, sentence in ((PAIR, "allow_done"), (PLACE, "allow_done_place")):
        if rest and (subject := await context.people.redeem_code(purpose, rest, by=subject_of(turn.message))):
            await context.people.set_access(subject, True)
            return Response(text=say(sentence, subject=subject))
    raise Refused(FailureCode.ALLOW_UNKNOWN)


async def block(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Block a person or place: /block PLATFORM:ID or /block here. For admins."""
    await _insist_on_admin(context, turn)
    subject = _named(context, turn.message, rest)
    if subject is None:
        raise Refused(FailureCode.ALLOW_UNKNOWN)
    await context.people.set_access(subject, False)
    return Response(text=say("block_done", subject=subject))


async def usage(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Show the author's usage, and to admins that of the channel and of everybody: /usage [models]."""
    if rest.lower() == MODELS:
        return Response(text=await report_scores(context))
    message, now = turn.message, time.time()
    author = subject_of(message)
    lines = [await _line(context, "usage_yours", now, author=author)]
    everything = await context.is_admin(message)
    if everything or await context.can_manage(message):
        lines.append(await _line(context, "usage_channel", now, channel=message.channel))
    if everything:
        lines.append(await _line(context, "usage_total", now))
    lines += await _limits(context, turn, now, everything=everything)
    until = datetime.fromtimestamp(now, UTC).date()
    since = until - timedelta(days=DAYS - 1)
    start = datetime(since.year, since.month, since.day, tzinfo=UTC).timestamp()
    days = await context.ledger.list_spent_by_day(start, author=None if everything else author)
    title = say("usage_title_total" if everything else "usage_title")
    picture = await asyncio.to_thread(usage_chart, days, since=since, until=until, title=title, labels=_labels())
    return Response(text="\n".join(lines), files=(File(name="usage.png", mime="image/png", data=picture),))


async def _line(
    context: CommandContext, key: str, now: float, *, author: str | None = None, channel: Channel | None = None
) -> str:
    today = await context.ledger.get_spent(window_start(DAY, now), author=author, channel=channel)
    month = await context.ledger.get_spent(window_start(MONTH, now), author=author, channel=channel)
    return say(key, today=_figures(today), month=_figures(month))


async def _limits(context: CommandContext, turn: Turn, now: float, *, everything: bool) -> Sequence[str]:
    """Return the state of each limit; that of the whole bot is for admins only."""
    lines = []
    for limit in context.rules.limits:
        if limit.whose == TOTAL and not everything:
            continue
        author = subject_of(turn.message) if limit.whose == USER else None
        channel = turn.message.channel if limit.whose == CHANNEL else None
        spent = await context.ledger.get_spent(window_start(limit.window, now), author=author, channel=channel)
        used = getattr(spent, limit.what)
        resets = say_moment(datetime.fromtimestamp(window_end(limit.window, now), UTC))
        values = {"whose": say(f"limit_of_{limit.whose}"), "window": say(f"limit_{limit.window}"), "reset": resets}
        lines.append(
            say("usage_limit", used=used, most=limit.most, what=say(f"unit_{limit.what}", most=limit.most), **values)
        )
    return lines


def _labels() -> ChartLabels:
    return ChartLabels(**{name: say(f"chart_{name}") for name in ("credits", "turns", "share", "other", "nothing")})


def _figures(spent: Spent) -> str:
    parts = [say("figure_turns", amount=spent.turns), say("figure_credits", amount=spent.credits)]
    return ", ".join([*parts, *([say_money(spent.dollars, digits=4)] if spent.dollars else [])])


async def _insist_on_admin(context: CommandContext, turn: Turn) -> None:
    if not await context.is_admin(turn.message):
        raise Refused(FailureCode.ADMINS_ONLY)


def _named(context: CommandContext, message: Message, text: str) -> str | None:
    """Return the person or place named by `platform:id` or `here`; None if it is neither, such as a code."""
    if text.lower() != HERE:
        return text if _is_subject(text) else None
    if context.is_console(message) or (place := place_of(message)) is None:
        raise Refused(FailureCode.HERE_PRIVATE)
    return place


def _is_subject(text: str) -> bool:
    platform, colon, id = text.partition(":")
    return bool(colon and platform.isalpha() and id and " " not in id)


PEOPLE = {
    "usage": Command(usage, (Option(name="report", choices=(MODELS,)),)),
    "allow": Command(allow, (Option(name="who", required=True),), audience="admins"),
    "block": Command(block, (Option(name="subject", required=True),), audience="admins"),
    CLAIM: Command(claim, (Option(name="claim", required=True),), audience="claimant"),
    CROWDED: Command(crowded, listed=False),
}

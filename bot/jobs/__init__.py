"""The work that a turn is: read from its words."""

from bot.access import Verdict
from bot.commands import (
    ASKING,
    COMMANDS,
    MAKING,
    AskAgain,
    AskAll,
    Draw,
    Read,
    Response,
    may_claim,
    parse,
    question,
)
from bot.jobs.again import Again
from bot.jobs.ask import Ask
from bot.jobs.compare import Compare
from bot.jobs.draw import Paint
from bot.jobs.job import Hands, Job
from bot.jobs.notice import AccessNotice
from bot.jobs.obey import Obey, Say, obeyed
from bot.jobs.read import ReadAloud
from bot.messages import Turn

__all__ = ["Hands", "Job", "job_of"]


async def job_of(hands: Hands, turn: Turn) -> Job:
    """What there is to do for a turn. Who may have it done is judged now: it may say something else than at first."""
    message = turn.message
    verdict = await hands.access.judge(message)
    if verdict is not Verdict.WELCOME and not (verdict is Verdict.STRANGER and await may_claim(hands.store, message)):
        return AccessNotice(hands, turn, verdict)
    said = parse(message.text)
    if said is None or question(said, message.text) is not None:
        return Ask(hands, turn)
    name, rest = said
    if name in ASKING or name in MAKING:
        return await _asking(hands, turn, name, rest)
    if name not in COMMANDS and message.attachments:  # a path, or whatever else begins with a slash
        return Ask(hands, turn)
    return Obey(hands, turn, name, rest)


async def _asking(hands: Hands, turn: Turn, name: str, rest: str) -> Job:
    ordered, how = await obeyed(hands, turn, name, rest)
    match ordered:
        case AskAgain(subject, model):
            return Again(hands, turn, subject, model)
        case AskAll(subject, models):
            return Compare(hands, turn, subject, models)
        case Draw():
            return Paint(hands, turn, ordered)
        case Read():
            return ReadAloud(hands, turn, ordered)
        case Response():
            return Say(hands, turn, ordered, how)

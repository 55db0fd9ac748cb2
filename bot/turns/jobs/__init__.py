"""The work that a turn is: read from its words."""

from bot.commands import (
    ASKING,
    COMMANDS,
    MAKING,
    AskAgain,
    CompareModels,
    Generate,
    LookCloser,
    Response,
    SpeakAnswer,
    may_claim,
    parse,
    question,
)
from bot.intake.access import Verdict
from bot.messages import Turn
from bot.turns.jobs.alt_text import AltTextJob
from bot.turns.jobs.ask import AskJob
from bot.turns.jobs.ask_again import AskAgainJob
from bot.turns.jobs.compare import CompareJob
from bot.turns.jobs.generate import GenerateJob
from bot.turns.jobs.job import Job, JobContext
from bot.turns.jobs.look_closer import LookCloserJob
from bot.turns.jobs.notice import AccessNotice
from bot.turns.jobs.read_aloud import ReadAloudJob
from bot.turns.jobs.run_command import CommandJob, RespondJob, run_command

__all__ = ["Job", "JobContext", "job_of"]


async def job_of(hands: JobContext, turn: Turn) -> Job:
    """Return the job of a turn. Access is judged now, because the message may have changed since it came."""
    message = turn.message
    if not message.addressed:  # the inbox has judged it a moment ago, and strangers need not be told
        return AltTextJob(hands, turn)
    verdict = await hands.access.judge(message)
    if verdict is not Verdict.WELCOME and not (
        verdict is Verdict.STRANGER and await may_claim(hands.desk.people, message)
    ):
        return AccessNotice(hands, turn, verdict)
    said = parse(message.text)
    speaks = any(attachment.sound for attachment in message.attachments)  # whatever stands below it
    if said is None or speaks or question(said, message.text) is not None:
        return AskJob(hands, turn)
    name, rest = said
    if name in ASKING or name in MAKING:
        return await _asking(hands, turn, name, rest)
    if name not in COMMANDS and message.attachments:  # a path, or whatever else begins with a slash
        return AskJob(hands, turn)
    return CommandJob(hands, turn, name, rest)


async def _asking(hands: JobContext, turn: Turn, name: str, rest: str) -> Job:
    ordered, how = await run_command(hands, turn, name, rest)
    match ordered:
        case AskAgain(subject, model, goes_on):
            return AskAgainJob(hands=hands, turn=turn, subject=subject, model=model, goes_on=goes_on)
        case CompareModels(subject, models):
            return CompareJob(hands, turn, subject, models)
        case Generate():
            return GenerateJob(hands, turn, ordered)
        case LookCloser(subject, words):
            return LookCloserJob(hands, turn, subject, words)
        case SpeakAnswer():
            return ReadAloudJob(hands, turn, ordered)
        case Response():
            return RespondJob(hands, turn, ordered, how)

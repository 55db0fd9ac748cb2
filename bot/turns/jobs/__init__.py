"""The work that a turn is: read from its words."""

from bot.commands import (
    ASKING,
    COMMANDS,
    MAKING,
    TABLE,
    VOTE,
    AskAgain,
    CastVote,
    CompareModels,
    Generate,
    LookCloser,
    MakeTable,
    Response,
    SpeakAnswer,
    may_claim,
    parse,
    question,
)
from bot.errors import FailureCode
from bot.intake.access import Verdict
from bot.messages import Turn
from bot.turns.jobs.alt_text import AltTextJob
from bot.turns.jobs.ask import AskJob
from bot.turns.jobs.ask_again import AskAgainJob
from bot.turns.jobs.compare import CompareJob, shuffled_once
from bot.turns.jobs.count_vote import CountVoteJob
from bot.turns.jobs.generate import GenerateJob
from bot.turns.jobs.index_photo import INDEX, NumberPhotosJob, index_job, next_to_index
from bot.turns.jobs.job import Job, JobContext
from bot.turns.jobs.look_closer import LookCloserJob
from bot.turns.jobs.make_table import TableJob
from bot.turns.jobs.notice import AccessNotice
from bot.turns.jobs.read_aloud import ReadAloudJob
from bot.turns.jobs.run_command import CommandJob, RespondJob, run_command
from bot.words import say

__all__ = ["Job", "JobContext", "job_of", "next_to_index"]

WORKING = frozenset({*ASKING, *MAKING, TABLE})  # commands for which a model works


async def job_of(context: JobContext, turn: Turn) -> Job:
    """Return the job of a turn. Access is judged now, because the message may have changed since it came."""
    message = turn.message
    if not message.addressed:  # the inbox has judged it a moment ago, and strangers need not be told
        return AltTextJob(context, turn) if message.wants_alt_text else NumberPhotosJob(context, turn)
    verdict = await context.access.judge(message)
    if verdict is not Verdict.WELCOME and not (
        verdict is Verdict.STRANGER and await may_claim(context.commands.people, message)
    ):
        return AccessNotice(context, turn, verdict)
    said = parse(message.text)
    speaks = any(attachment.sound for attachment in message.attachments)  # whatever stands below it
    if said is None or speaks or question(said, message.text) is not None:
        return AskJob(context, turn)
    name, rest = said
    if message.is_guest and name in WORKING:  # there is one post for all, which takes no files
        code = FailureCode.GUEST_ONLY_ASKS
        return RespondJob(context, turn, Response(text=f"⚠️ {say(code)}"), code)
    if name == INDEX:
        return await index_job(context, turn, rest)
    if name in WORKING or name == VOTE:
        return await _asking(context, turn, name, rest)
    if name not in COMMANDS and message.attachments:  # a path, or whatever else begins with a slash
        return AskJob(context, turn)
    return CommandJob(context, turn, name, rest)


async def _asking(context: JobContext, turn: Turn, name: str, rest: str) -> Job:
    ordered, how = await run_command(context, turn, name, rest)
    match ordered:
        case AskAgain(subject, model, goes_on):
            return AskAgainJob(context=context, turn=turn, subject=subject, model=model, goes_on=goes_on)
        case CastVote():
            return CountVoteJob(context, turn, ordered)
        case CompareModels(subject, models, is_blind):
            order = await shuffled_once(context, turn, models) if is_blind else models
            return CompareJob(context, turn, subject, order, is_blind=is_blind)
        case Generate():
            return GenerateJob(context, turn, ordered)
        case LookCloser(subject, words):
            return LookCloserJob(context, turn, subject, words)
        case MakeTable():
            return TableJob(context, turn, ordered)
        case SpeakAnswer():
            return ReadAloudJob(context, turn, ordered)
        case Response():
            return RespondJob(context, turn, ordered, how)

"""The outcome of a question: the decision about every failure."""

from dataclasses import replace
from time import monotonic
from typing import Protocol

import structlog

from bot.asking.question import Question
from bot.errors import BotError, Busy, FailureCode, LeaseLost, Refused
from bot.messages import ANSWERED, STOPPED, JobResult, Usage
from bot.util.retry import ASK_AGAIN, MOST_DELIVERIES
from bot.words import say

# Outcomes of an answer of which there may be more.
CUTS = frozenset({FailureCode.ANSWER_CUT, FailureCode.PROVIDER_FILTERED, FailureCode.PROVIDER_TOO_LONG})
LONGEST_THOUGHTS = 3_000  # characters that are kept

log = structlog.get_logger(__name__)


class AnswersQuestions(Protocol):
    """Answers questions."""

    async def ask(self, asked: Question) -> str:
        """Stream the answer, and return it complete."""
        ...


async def answer_question(asker: AnswersQuestions, asked: Question, *, patient: bool = True) -> JobResult:
    """Ask, and return the words there are; what went wrong is said below them.

    Raises Busy only if another try makes sense: before any words, and within the number of tries. If not `patient`,
    a sentence is returned instead.
    """
    try:
        if asked.turn.deliveries > MOST_DELIVERIES:
            raise Refused(FailureCode.GAVE_UP)
        text = await asker.ask(asked)
    except Busy as error:
        if asked.reply.text:
            return _failed(asked, FailureCode.ANSWER_CUT, say("answer_cut"))
        if patient and not ASK_AGAIN.is_over(asked.attempts + 1):
            raise
        return _failed(asked, error.code, say("busy_still", reason=error, tries=asked.attempts + 1))
    except BotError as error:
        return _failed(asked, error.code, str(error))
    except LeaseLost:
        raise
    except Exception:
        log.exception("a bug")
        return _failed(asked, FailureCode.BUG, say("bug"))
    if asked.stopped:
        return _result(asked, STOPPED, text.rstrip(), f"⏹ {say('stopped')}")
    return _result(asked, ANSWERED, text or (say("picture_drawn") if asked.pictures else ""))


def failure(code: str, sentence: str) -> JobResult:
    """Return the result of work that was not even begun."""
    return JobResult(outcome=code, ending=f"⚠️ {sentence}", booked=False)


def _failed(asked: Question, code: str, sentence: str) -> JobResult:
    result = _result(asked, code, asked.reply.text.rstrip(), f"⚠️ {sentence}")
    return replace(result, booked=asked.usage != Usage())  # the cost of a failed try counts all the same


def _result(asked: Question, outcome: str, text: str, ending: str = "") -> JobResult:
    return JobResult(
        text=text,
        model=asked.answered_by,
        outcome=outcome,
        notes=tuple(asked.notes) if asked.first_words is not None else (),
        ending="\n\n".join(filter(None, (asked.ending, ending or _unfinished(asked)))),
        answered_by=asked.answered_by,
        usage=asked.usage,
        first_words=asked.first_words,
        took=monotonic() - asked.started,
        has_pictures=bool(asked.pictures),
        is_cut=outcome == FailureCode.ONLY_THOUGHTS or (bool(text) and (bool(asked.unfinished) or outcome in CUTS)),
        is_spoiler=asked.subject.is_spoiler and bool(text),
        is_large=asked.is_large,
        thoughts=asked.thoughts.strip()[:LONGEST_THOUGHTS],
    )


def _unfinished(asked: Question) -> str:
    """Return the sentence that says that there is more to say; empty if there is not."""
    return f"⚠️ {say(f'unfinished_{asked.unfinished}')}" if asked.unfinished else ""

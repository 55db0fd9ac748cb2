"""The outcome of a question: the decision about every failure."""

from typing import Protocol

import structlog

from bot.asking.question import Question
from bot.errors import BotError, Busy, LeaseLost, Refused
from bot.util.retry import ASK_AGAIN, MOST_DELIVERIES
from bot.words import say

log = structlog.get_logger(__name__)

ANSWERED, STOPPED = "answered", "stopped"


class AnswersQuestions(Protocol):
    """Answers questions."""

    async def ask(self, asked: Question) -> str:
        """Stream the answer, and return it complete."""
        ...


async def outcome(asker: AnswersQuestions, asked: Question, *, patient: bool = True) -> tuple[str, str]:
    """Ask; return the text to show, and the result: answered, stopped, or the key of the error.

    Raises Busy only if another try makes sense: before any words, and within the number of tries. If not `patient`,
    a sentence is returned instead.
    """
    try:
        if asked.turn.deliveries > MOST_DELIVERIES:
            raise Refused("gave_up")
        text = await asker.ask(asked)
    except Busy as error:
        if asked.reply.text:
            return _with_warning(asked, say("answer_cut")), "answer_cut"
        if patient and not ASK_AGAIN.is_over(asked.attempts + 1):
            raise
        return _with_warning(asked, say("busy_still", reason=error, tries=asked.attempts + 1)), error.key
    except BotError as error:
        return _with_warning(asked, str(error)), error.key
    except LeaseLost:
        raise
    except Exception:
        log.exception("a bug")
        return _with_warning(asked, say("bug")), "bug"
    return (_stopped(text), STOPPED) if asked.stopped else (text, ANSWERED)


def _with_warning(asked: Question, sentence: str) -> str:
    return "\n\n".join(filter(None, (asked.reply.text.rstrip(), f"⚠️ {sentence}")))


def _stopped(text: str) -> str:
    return "\n\n".join(filter(None, (text.rstrip(), f"⏹ {say('stopped')}")))

"""What to say when asking went wrong. Every failure of a question is decided here."""

from typing import Protocol

import structlog

from bot.asking.question import Question
from bot.errors import BotError, Busy, LeaseLost, Refused
from bot.words import say

log = structlog.get_logger(__name__)

TRIES = 6  # how often somebody may be busy before we tell the asker
CLAIMS = 30  # how often processes may die over a turn before it is given up

ANSWERED, STOPPED = "answered", "stopped"


class AnswersQuestions(Protocol):
    """Whoever has a question answered."""

    async def ask(self, asked: Question) -> str:
        """Let the answer grow, and return it whole."""
        ...


async def outcome(asker: AnswersQuestions, asked: Question, *, patient: bool = True) -> tuple[str, str]:
    """Ask; the text to show, and how it came about: answered, stopped, or the key of what went wrong.

    Raises Busy only where it is worth another try: before any words, and within the number of tries. Whoever is not
    `patient` gets a sentence instead.
    """
    try:
        if asked.turn.deliveries > CLAIMS:
            raise Refused("gave_up")
        text = await asker.ask(asked)
    except Busy as error:
        if asked.reply.text:
            return _with_warning(asked, say("answer_cut")), "answer_cut"
        if patient and asked.attempts < TRIES:
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

"""A question and its words: the text, the model and the reply in which the answer is shown."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import monotonic

from bot.asking.subject import Subject
from bot.commands import parse, question
from bot.messages import (
    Attachment,
    Conversation,
    Document,
    Exchange,
    File,
    Photo,
    Preferences,
    StoredFile,
    Turn,
    Usage,
)
from bot.replies.reply import Reply
from bot.words import say

LONGEST_QUOTE = 1_000  # characters of an answer


@dataclass(slots=True, kw_only=True)
class AnswerState:
    """The state of an answer while it comes: all that changes about a question."""

    subject: Subject = field(default_factory=Subject)  # found before anything is asked
    transcript: str | None = None  # of the recordings in the question
    files: list[StoredFile] = field(default_factory=list)  # photos and documents that were read
    seen: dict[Attachment, Photo | Document] = field(default_factory=dict)  # files that need not be fetched again
    coming: dict[Attachment, asyncio.Task[Photo | Document]] = field(default_factory=dict)  # files that are being read
    is_large: bool = False  # a photo has more to show than a model sees at once
    notes: list[str] = field(default_factory=list)  # shown before the answer
    ending: str = ""  # shown after it
    started: float = field(default_factory=monotonic)
    first_words: float | None = None
    usage: Usage = field(default_factory=Usage)
    answered_by: str = ""  # the model that answered, where it is another one than was asked
    thoughts: str = ""  # of the model, before and beside its answer
    pictures: list[File] = field(default_factory=list)  # that the model drew into its answer
    unfinished: str = ""  # why the model stopped before the end: length or resources
    stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, and where its answer is shown. The model to ask is that of the turn's conversation."""

    turn: Turn
    reply: Reply
    aside: bool = False  # asked beside the conversation, which goes on without it
    again: bool = False  # the turn was asked before
    alone: bool = False  # no other model may answer
    bare: bool = False  # asked without anything that was said or shown before, and without anybody's preferences
    attempts: int = 0
    subject: Subject | None = None  # where it is given, and need not be found
    state: AnswerState = field(default_factory=AnswerState)

    @property
    def answered_by(self) -> str:
        """The model that answered; another one than was asked if that is down."""
        return self.state.answered_by or self.turn.conversation.model


def words(turn: Turn, subject: Subject) -> str:
    """Return the words to ask, with those that they are about."""
    message = turn.message
    asked = question(parse(message.text), message.text)
    text = "\n\n".join(filter(None, ((message.text if asked is None else asked).strip(), turn.transcript)))
    reads = subject.files and all(each.attachment.is_document for each in subject.files)
    plain = "ask_plain_document" if reads else "ask_plain" if subject.files or not subject.quotes else "ask_plain_words"
    return subject.with_quotes(text or say(plain))


def with_history(text: str, history: Sequence[Exchange]) -> str:
    """Return the question, preceded by the history."""
    if not history:
        return text
    quoted = "\n\n".join(f"{each.author}: {each.question}\n→ {each.answer[:LONGEST_QUOTE]}" for each in history)
    return say("ask_history", history=quoted, text=text)


def instructions(preferences: Preferences) -> str:
    """Return the instructions for the model, as people chose them; empty if they did not."""
    length = "" if preferences.length == "normal" else say(f"instruct_{preferences.length}")
    reader = say("instruct_reader") if preferences.reader else ""
    return "\n".join(filter(None, (preferences.persona, length, reader)))


def as_asked_by(turn: Turn, subject: Turn, conversation: Conversation) -> Turn:
    """Return the question of `subject` with the conversation, time and number of tries of `turn`."""
    message = replace(subject.message, sent=turn.message.sent)
    return replace(subject, conversation=conversation, message=message, deliveries=turn.deliveries)


def with_model(turn: Turn, model: str) -> Turn:
    """Return the turn with another model. Another provider knows nothing of the conversation."""
    conversation = replace(turn.conversation, model=model)
    if conversation.provider != turn.conversation.provider:
        conversation = replace(conversation, remote_id=None)
    return replace(turn, conversation=conversation)


def detached(conversation: Conversation) -> Conversation:
    """Return the conversation without the provider's id, as if nothing had been said yet."""
    return replace(conversation, remote_id=None)

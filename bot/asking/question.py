"""A question and its words: what is asked, of which model, and where the answer grows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic

from bot.commands import parse, question
from bot.messages import (
    Attachment,
    Conversation,
    Document,
    Exchange,
    Photo,
    Preferences,
    StoredFile,
    Turn,
    Usage,
)
from bot.replies.reply import Reply
from bot.words import say

LONGEST_QUOTE = 1_000  # characters


@dataclass(slots=True)
class Question:
    """What is asked, and what has become of it so far. The model to ask is that of the turn's conversation."""

    turn: Turn
    reply: Reply
    aside: bool = False  # asked beside the conversation, which goes on as if it had not been
    again: bool = False  # the turn was asked before
    alone: bool = False  # nobody else may answer
    attempts: int = 0
    notes: list[str] = field(default_factory=list)  # said before the answer
    started: float = field(default_factory=monotonic)
    first_words: float | None = None
    usage: Usage = field(default_factory=Usage)
    stopped: bool = False
    files: list[StoredFile] = field(default_factory=list)  # photos and documents that were read
    seen: dict[Attachment, Photo | Document] = field(default_factory=dict)  # those that need not be fetched once more
    answered_by: str = ""  # the model whose words came; another one than was asked if that is down

    def __post_init__(self) -> None:
        self.answered_by = self.answered_by or self.turn.conversation.model


def words(turn: Turn) -> str:
    """Return what to ask; the provider has not seen the message of somebody else that it may be about."""
    message = turn.message
    asked = question(parse(message.text), message.text)
    text = "\n\n".join(filter(None, ((message.text if asked is None else asked).strip(), turn.transcript)))
    reads = message.photos and all(each.is_document for each in message.photos)
    text = text or say("ask_plain_document" if reads else "ask_plain")
    about = message.about
    if about and about.text and not about.ours:
        return say("ask_about", text=text, quote=about.text[:LONGEST_QUOTE])
    return text


def with_history(text: str, history: Sequence[Exchange]) -> str:
    """The question, after what was said before it."""
    if not history:
        return text
    told = "\n\n".join(f"{each.author}: {each.question}\n→ {each.answer[:LONGEST_QUOTE]}" for each in history)
    return say("ask_history", history=told, text=text)


def join_notes(notes: Iterable[str]) -> str:
    """What is said before the answer."""
    return "".join(f"_{note}_\n\n" for note in notes)


def instructions(preferences: Preferences) -> str:
    """How the model is to answer, as people chose it; empty where they did not."""
    length = "" if preferences.length == "normal" else say(f"instruct_{preferences.length}")
    return "\n".join(filter(None, (preferences.persona, length)))


def as_asked_by(turn: Turn, subject: Turn, conversation: Conversation) -> Turn:
    """The question of `subject` as `turn` asks it, in this conversation: as late, and as often tried, as `turn` is."""
    message = replace(subject.message, sent=turn.message.sent)
    return replace(subject, conversation=conversation, message=message, deliveries=turn.deliveries)


def with_model(turn: Turn, model: str) -> Turn:
    """The same turn for another model. Another provider knows nothing of the conversation."""
    conversation = replace(turn.conversation, model=model)
    if conversation.provider != turn.conversation.provider:
        conversation = replace(conversation, remote_id=None)
    return replace(turn, conversation=conversation)


def detached(conversation: Conversation) -> Conversation:
    """As if nothing had been said yet."""
    return replace(conversation, remote_id=None)

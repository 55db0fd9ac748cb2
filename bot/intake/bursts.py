"""Bursts: one turn of what one person says in several messages within a moment.

The platform tells how long a message waits for what may belong to it (`Message.awaits`), because its clients send a
forward and its comment, photos and the question about them, or the pieces of a long text in ways of their own.
"""

from bot.commands import parse, question
from bot.messages import Message

LONG = 1.0  # seconds of waiting from which a text was cut by the client, and goes on


def may_join(message: Message) -> bool:
    """Tell whether a message may belong to the one before it."""
    return message.awaits > 0 and not message.edited and not _is_command(message)


def belong_together(waiting: Message, message: Message) -> bool:
    """Tell whether a message belongs to the same turn as what its author said just before it."""
    if _is_command(waiting):
        return False
    if message.forwarded != waiting.forwarded:
        return _is_comment(message if waiting.forwarded else waiting) or bool(waiting.own_photos and message.forwarded)
    if waiting.own_photos and not waiting.text:
        return _is_words(message)
    return bool(waiting.text) and waiting.awaits >= LONG and _is_words(message)


def _is_words(message: Message) -> bool:
    return bool(message.text) and _is_comment(message)


def _is_comment(message: Message) -> bool:
    """Tell whether it brings no file and points at nothing: it may be a mention alone."""
    return not message.attachments and all(each.kind in ("above", "starter") for each in message.references)


def _is_command(message: Message) -> bool:
    return question(parse(message.text), message.text) is None

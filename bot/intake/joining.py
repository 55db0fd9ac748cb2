"""The place of a message: a turn that waits, a question that it edits, or the photo just above it.

The platform tells how long a message waits for what may belong to it (`Message.awaits`), because its clients send a
forward and its comment, photos and the question about them, or the pieces of a long text in ways of their own.

"Just above" means: since the last question of the same author, and not longer than ten minutes ago. Photos of the
author come first, then those of others that were posted after the last photo that the conversation talked about, then
those of linked channels.
"""

import time
from collections.abc import Sequence
from dataclasses import replace

from bot.asking.mentions import named
from bot.commands import may_be_about_photo, parse, question
from bot.messages import POINTER_SECONDS, Channel, Message, MessageReference, PhotoPointer, Turn

LONG = 1.0  # seconds of waiting from which a text was cut by the client, and goes on

LATE_SECONDS = 600.0  # after a message, in which the picture of its link may come
PREVIEW = "preview"  # after the id of a message, in that of the turn about the picture

TOGETHER = 2.0  # seconds between photos of one author that were posted together; Telegram tells whole seconds only


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
    """Tell whether it brings no file and points at nothing but what was sent with it: it may be a mention alone."""
    beside = ("above", "starter", "forward")
    return not message.attachments and all(each.kind in beside for each in message.references)


def _is_command(message: Message) -> bool:
    return question(parse(message.text), message.text) is None


def revised_message(answered: Message, edit: Message) -> Message | None:
    """Return the message of a turn as it is after an edit of it, or of a part of it; None if the question is the same.

    Files that a platform adds, such as the picture of a link, change nothing; files that take the place of others do.
    """
    if _is_command(answered) or _is_command(edit):
        return None
    is_part = edit.id != answered.id or len(answered.attachments) > 1
    text = edit.text if edit.text or not is_part else answered.text
    before, now = {each.ref for each in answered.own_photos}, {each.ref for each in edit.own_photos}
    is_replaced = bool(before and now) and before.isdisjoint(now) and not is_part
    if text == answered.text and not is_replaced:
        return None
    return replace(answered, text=text, attachments=edit.attachments if is_replaced else answered.attachments)


def late_question(turn: Turn, edit: Message) -> Message | None:
    """Return the question about the picture that an edit has brought; None if it brings none.

    The picture beside an article's words is no reason to ask again.
    """
    asked = turn.message
    pictures = tuple(each for each in edit.own_photos if not each.is_preview)
    is_late = turn.deliveries and asked.awaits_preview and not asked.own_photos
    if not (is_late and asked.addressed and pictures and edit.text == asked.text and may_be_about_photo(edit.text)):
        return None
    if time.time() - edit.sent > LATE_SECONDS:
        return None
    link = MessageReference(id=edit.id, ours=False, text="", kind="link", attachments=pictures, is_late=True)
    return replace(
        edit,
        id=f"{edit.id}/{PREVIEW}",
        addressed=True,
        attachments=(),
        about=link,
        more=edit.references,
        album=None,
        awaits=0.0,
        awaits_preview=False,
    )


def may_mean_photo_above(message: Message) -> bool:
    """Tell whether a message is a question that brings no photo, points at nothing and names no number.

    The beginning of its thread is no more than the place that it was asked in.
    """
    points = message.awaits_preview or any(each.kind != "starter" for each in message.references)
    if message.own_photos or points or named(message.text):
        return False
    return may_be_about_photo(message.text)


def find_photo_above(message: Message, recent: Sequence[PhotoPointer]) -> MessageReference | None:
    """Return a reference to the photo just above the message; `recent` is in the order of arrival.

    None: what the conversation showed last is newer, or there is none.
    """
    recent = [each for each in recent if _may_be_above(each, message)]
    here = [each for each in recent if each.channel == message.channel]
    asked = max((each.kept for each in here if each.heard and _is_by_author(each, message)), default=0.0)
    shown = max((each.kept for each in recent if each.heard and each.attachments), default=0.0)
    unheard = [each for each in recent if not each.heard and each.kept >= asked]
    of_others = [each for each in unheard if each.kept >= shown and not _is_by_author(each, message)]
    choices = (
        [each for each in unheard if _is_by_author(each, message) and each in here],
        [each for each in of_others if each in here],
        [each for each in of_others if each not in here],
    )
    posted = next((choice for choice in choices if choice), None)
    if posted is None:
        return None
    authors = {each.author.id for each in here if each.attachments and each.kept >= asked}
    is_replacement = any(each.heard and each.message == posted[-1].message for each in recent)
    return replace(_reference(posted, is_ambiguous=len(authors) > 1), is_replacement=is_replacement)


def _may_be_above(pointer: PhotoPointer, message: Message) -> bool:
    """Tell whether it is a recent photo, or a question, from before the message (which may be an edited one)."""
    if pointer.sent < message.sent - POINTER_SECONDS or pointer.message == message.id:
        return False
    if pointer.heard and not may_be_about_photo(pointer.text):
        return False
    are_counted = pointer.channel == message.channel and pointer.message.isdecimal() and message.id.isdecimal()
    return not are_counted or _order(pointer.message) < _order(message.id)


def _order(id: str) -> tuple[int, str]:
    """Return the place of a message among others: platforms count them."""
    return len(id), id


def with_pointer(reference: MessageReference, channel: Channel, recent: Sequence[PhotoPointer]) -> MessageReference:
    """Return a reference with the photos of the recent message that it points at, if the platform does not show it.

    `channel` is where that message stands.
    """
    found = [each for each in recent if (each.channel, each.message) == (channel, reference.id) and not each.heard]
    if not found or not reference.unseen:
        return reference
    return replace(reference, attachments=found[-1].attachments, author=found[-1].author.name, unseen=None)


def _is_by_author(pointer: PhotoPointer, message: Message) -> bool:
    return pointer.author.id == message.author.id


def _reference(posted: Sequence[PhotoPointer], *, is_ambiguous: bool) -> MessageReference:
    """Return a reference to the last of these photos, and to those that were posted together with it."""
    last = posted[-1]
    together = [each for each in posted if _are_together(each, last)]
    together.sort(key=lambda each: _order(each.message))
    return MessageReference(
        id=last.message,
        ours=False,
        text="",
        attachments=tuple(attachment for each in together for attachment in each.attachments),
        kind="above",
        author=last.author.name,
        channel=last.channel,
        is_ambiguous=is_ambiguous,
    )


def _are_together(pointer: PhotoPointer, last: PhotoPointer) -> bool:
    if (pointer.channel, pointer.author.id) != (last.channel, last.author.id):
        return False
    return pointer.message == last.message or (
        pointer.album == last.album if last.album else abs(pointer.sent - last.sent) <= TOGETHER
    )

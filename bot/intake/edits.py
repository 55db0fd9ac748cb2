"""Edits of messages that were answered already, and pictures of links that came after their question was asked."""

import time
from dataclasses import replace

from bot.commands import may_be_about_photo, parse, question
from bot.messages import Message, MessageReference, Turn

LATE_SECONDS = 600.0  # after a message, in which the picture of its link may come
PREVIEW = "preview"  # after the id of a message, in that of the turn about the picture


def revised_message(answered: Message, edit: Message) -> Message | None:
    """Return the message of a turn as it is after an edit of it, or of a part of it; None if the question is the same.

    Files that a platform adds, such as the picture of a link, change nothing; files that take the place of others do.
    """
    if not (_is_question(answered) and _is_question(edit)):
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


def _is_question(message: Message) -> bool:
    return question(parse(message.text), message.text) is not None

"""Edits of messages that were answered already."""

from dataclasses import replace

from bot.commands import parse, question
from bot.messages import Message


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


def _is_question(message: Message) -> bool:
    return question(parse(message.text), message.text) is not None

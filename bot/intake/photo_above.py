"""The photo just above a question that points at nothing, found among the recent messages of its place.

"Just above" means: since the last question of the same author, and not longer than ten minutes ago. Photos of the
author come first, then those of others that were posted after the last photo that the conversation talked about, then
those of linked channels.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.asking.mentions import named
from bot.commands import may_be_about_photo
from bot.messages import POINTER_SECONDS, Channel, Message, MessageReference, PhotoPointer

TOGETHER = 2.0  # seconds between photos of one author that were posted together; Telegram tells whole seconds only


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
    since = message.sent - POINTER_SECONDS
    recent = [each for each in recent if each.sent >= since and each.message != message.id]
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
    together.sort(key=lambda each: (len(each.message), each.message))
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

"""Messages of which a part cannot be read: they are read without it.

discord.py reads a message whole or not at all, so a sticker of a future kind, or a field that another server leaves
out, would cost its words and photos as well.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeVar

from adapters.platforms.partial_reading import read_first

Result = TypeVar("Result")

# Parts that a message can do without, those that matter least first.
OPTIONAL_PARTS = (
    "sticker_items",
    "stickers",
    "poll",
    "activity",
    "application",
    "call",
    "role_subscription_data",
    "purchase_notification",
    "interaction",
    "interaction_metadata",
    "reactions",
    "thread",
    "mention_channels",
    "resolved",
    "components",
    "embeds",
    "member",
    "message_snapshots",
    "mentions",
    "mention_roles",
    "attachments",
)
ESSENTIAL = {"id", "author"}
# Parts that discord.py wants to be there, and other servers may leave out.
DEFAULTS: Mapping[str, Any] = {
    "type": 0,
    "content": "",
    "pinned": False,
    "tts": False,
    "mention_everyone": False,
    "edited_timestamp": None,
    "attachments": [],
    "embeds": [],
    "components": [],
    "mentions": [],
    "mention_roles": [],
}
# The same of polls: one without an end has none, and discord.py counts the seconds to it.
POLL_DEFAULTS: Mapping[str, Any] = {
    "question": {"text": ""},
    "answers": [],
    "expiry": "9999-01-01T00:00:00+00:00",
    "allow_multiselect": False,
    "layout_type": 1,
}
REPLIED = "referenced_message"  # null where it was deleted; where it is left out, it is looked up


def read_message(read: Callable[[Any], Result], raw: Mapping[str, Any]) -> Result:
    """Read a raw message, without the parts that cannot be read. Raises the first error where that is no way out."""
    if not raw.keys() >= ESSENTIAL:
        raise LookupError("a message without its id or its author")
    return read_first(read, _attempts(raw))


def _attempts(raw: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the message as it is, with what is missing, without one part after the other, and without all of them."""
    yield raw
    complete = _completed(raw)
    yield complete
    parts = [part for part in OPTIONAL_PARTS if raw.get(part)]
    for part in parts:
        yield _without(complete, [part])
    if len(parts) > 1:
        yield _without(complete, parts)
    if isinstance(raw.get(REPLIED), Mapping):
        for replied in _attempts({name: value for name, value in raw[REPLIED].items() if name != REPLIED}):
            yield {**complete, REPLIED: replied}
        yield _without(complete, [REPLIED])


def _completed(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message with what discord.py wants to be there, and without fields that are null in place of missing."""
    known = {name: value for name, value in raw.items() if value is not None or name == REPLIED}
    if isinstance(poll := raw.get("poll"), Mapping):
        known["poll"] = {**POLL_DEFAULTS, **{name: value for name, value in poll.items() if value is not None}}
    return {**DEFAULTS, **known}


def _without(raw: Mapping[str, Any], parts: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in raw.items() if name not in parts} | {
        part: DEFAULTS[part] for part in parts if part in DEFAULTS
    }

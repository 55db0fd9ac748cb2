"""Messages of which a part cannot be read: they are read without it.

discord.py reads a message whole or not at all, so a sticker of a future kind, or a field that another server leaves
out, would cost its words and photos as well.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeVar

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


def read_message(read: Callable[[Any], Result], raw: Mapping[str, Any]) -> Result:
    """Read a raw message, without the parts that cannot be read. Raises the first error where that is no way out."""
    if not raw.keys() >= ESSENTIAL:
        raise LookupError("a message without its id or its author")
    errors: list[Exception] = []
    for attempt in _attempts(raw):
        try:
            return read(attempt)
        except Exception as error:
            errors.append(error)
    raise errors[0]


def _attempts(raw: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the message as it is, with what is missing, without one part after the other, and without all of them."""
    yield raw
    known = {name: value for name, value in raw.items() if value is not None or name not in DEFAULTS}
    complete = {**DEFAULTS, **known}
    yield complete
    parts = [part for part in OPTIONAL_PARTS if raw.get(part)]
    for part in parts:
        yield _without(complete, [part])
    if len(parts) > 1:
        yield _without(complete, parts)


def _without(raw: Mapping[str, Any], parts: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in raw.items() if name not in parts} | {
        part: DEFAULTS[part] for part in parts if part in DEFAULTS
    }

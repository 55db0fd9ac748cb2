"""Updates of which a part cannot be read: they are read without it.

python-telegram-bot reads an update whole or not at all, so a poll as an older server of one's own describes it, or a
field of the future, would cost the words and the photo beside it as well.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Any, TypeVar

Result = TypeVar("Result")

# Parts that a message can do without, those that matter least first.
OPTIONAL_PARTS = (
    "poll",
    "checklist",
    "reply_markup",
    "giveaway",
    "gift",
    "unique_gift",
    "web_app_data",
    "game",
    "invoice",
    "story",
    "link_preview_options",
    "forward_origin",
    "entities",
    "caption_entities",
    "quote",
    "external_reply",
    "sticker",
    "reply_to_message",
)


def read_update(read: Callable[[dict[str, Any]], Result], raw: dict[str, Any]) -> Result:
    """Read a raw update, without the parts that cannot be read. Raises the first error where that is no way out."""
    errors: list[Exception] = []
    for attempt in _attempts(raw):
        try:
            return read(attempt)
        except Exception as error:
            errors.append(error)
    raise errors[0]


def _attempts(raw: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield raw
    parts = [part for part in OPTIONAL_PARTS if _has(raw, part)]
    for part in parts:
        yield _without(raw, [part])
    if len(parts) > 1:
        yield _without(raw, parts)


def _has(value: Any, part: str) -> bool:
    return isinstance(value, dict) and (part in value or any(_has(inner, part) for inner in value.values()))


def _without(value: Any, parts: Collection[str]) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: _without(inner, parts) for name, inner in value.items() if name not in parts}

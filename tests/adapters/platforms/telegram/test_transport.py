"""Every no of Telegram's means something to the bot."""

import pytest
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, TelegramError, TimedOut

from adapters.platforms.telegram.transport import (
    BadFormatting,
    FileUnavailable,
    GroupMigrated,
    TopicGone,
    map_telegram_errors,
)
from bot.errors import BotError, Busy, Refused, Unreadable

# As the library words it, the class, and the key.
MEANINGS: list[tuple[TelegramError, type[BotError], str]] = [
    (BadRequest("File is too big"), Unreadable, "telegram_too_heavy"),
    (BadRequest("Wrong file_id or the file is temporarily unavailable"), FileUnavailable, "photo_gone"),
    (BadRequest("Invalid file_id"), Unreadable, "photo_gone"),
    (BadRequest("Wrong file identifier/HTTP URL specified"), Unreadable, "photo_gone"),
    (BadRequest("Message thread not found"), TopicGone, "telegram_topic_gone"),
    (BadRequest("TOPIC_CLOSED"), TopicGone, "telegram_topic_gone"),
    (BadRequest("Can't parse entities: can't find end of bold"), BadFormatting, "telegram_formatting"),
    (BadRequest("ENTITY_TEXTURL_INVALID"), BadFormatting, "telegram_formatting"),
    (BadRequest("Message to edit not found"), Refused, "telegram_post_gone"),
    (BadRequest("Message can't be edited"), Refused, "telegram_post_gone"),
    (BadRequest("Chat not found"), Refused, "channel_lost"),
    (BadRequest("Not enough rights to send text messages to the chat"), Refused, "channel_lost"),
    (BadRequest("Need administrator rights in the channel chat"), Refused, "channel_lost"),
    (BadRequest("Chat_restricted"), Refused, "channel_lost"),
    (BadRequest("User_is_blocked"), Refused, "channel_lost"),
    (BadRequest("Allow_payment_required_40"), Refused, "channel_lost"),
    (BadRequest("Something new"), Refused, "telegram_refused"),
    (Forbidden("Forbidden: bot was kicked from the group chat"), Refused, "channel_lost"),
    (ChatMigrated(-1001), GroupMigrated, "telegram_moved"),
    (InvalidToken("Not Found"), Refused, "telegram_refused"),
    (TimedOut(), Busy, "telegram_unreachable"),
    (NetworkError("Bad Gateway"), Busy, "telegram_unreachable"),
    (TelegramError("what came back is not Telegram's"), Busy, "telegram_unreachable"),
]


@pytest.mark.parametrize(("error", "kind", "key"), MEANINGS, ids=lambda value: str(value))
def test_a_no_has_a_meaning(error: TelegramError, kind: type[BotError], key: str) -> None:
    with pytest.raises(BotError) as caught, map_telegram_errors():
        raise error
    assert (type(caught.value), caught.value.code) == (kind, key)


@pytest.mark.parametrize(
    "said",
    [
        "Message is not modified: specified new message content is exactly the same",
        "Query is too old and response timeout expired or query id is invalid",
    ],
)
def test_some_noes_are_as_good_as_a_yes(said: str) -> None:
    with map_telegram_errors():
        raise BadRequest(said)


def test_a_group_that_moved_says_where() -> None:
    with pytest.raises(GroupMigrated) as caught, map_telegram_errors():
        raise ChatMigrated(-1001)
    assert caught.value.chat == -1001

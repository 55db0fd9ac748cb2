"""What Telegram says when it says no, and what that means to the bot."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, TelegramError

from bot.errors import BotError, Busy, Refused, Unreadable

log = structlog.get_logger(__name__)

FILE_LIMIT = 20  # megabytes that a bot may fetch


class TopicGone(Refused):
    """The topic was closed or deleted, or Telegram has lost sight of it: worth saying it outside of a topic."""


class BadFormatting(Refused):
    """The entities are not to Telegram's liking: worth saying it without."""


class FileUnavailable(Unreadable):
    """Telegram says that the file is wrong or away for the moment, and does not say which: worth one more try."""


class GroupMigrated(Refused):
    """The group became a supergroup, which has an id of its own."""

    def __init__(self, chat: int) -> None:
        super().__init__("telegram_moved")
        self.chat = chat


Meaning = Callable[[], BotError | None]


def too_big() -> BotError:
    """What a file is that Telegram hands out to no bot."""
    return Unreadable("telegram_too_heavy", limit=FILE_LIMIT)


def _shut_out() -> BotError:
    return Refused("telegram_shut_out")


def _post_gone() -> BotError:
    return Refused("telegram_post_gone")


def _file_gone() -> BotError:
    return Unreadable("photo_gone")


# A piece of what Telegram says in lower case, and what it means: None where all is well. The first that fits counts.
MEANINGS: tuple[tuple[str, Meaning], ...] = (
    ("message is not modified", lambda: None),
    ("query is too old", lambda: None),
    ("file is too big", too_big),
    ("file is temporarily unavailable", lambda: FileUnavailable("photo_gone")),
    ("file identifier", _file_gone),
    ("file_id", _file_gone),
    ("file reference", _file_gone),
    ("thread not found", lambda: TopicGone("telegram_topic_gone")),
    ("topic_closed", lambda: TopicGone("telegram_topic_gone")),
    ("topic_deleted", lambda: TopicGone("telegram_topic_gone")),
    ("entit", lambda: BadFormatting("telegram_formatting")),
    ("message to edit not found", _post_gone),
    ("message can't be edited", _post_gone),
    ("message_id_invalid", _post_gone),
    ("chat not found", _shut_out),
    ("not enough rights", _shut_out),
    ("have no rights", _shut_out),
    ("chat_write_forbidden", _shut_out),
    ("chat_send_", _shut_out),  # CHAT_SEND_PHOTOS_FORBIDDEN and its like
    ("peer_id_invalid", _shut_out),
)


def is_caption(error: BadRequest) -> bool:
    """Whether an edit failed because the post is a file, which has its text below it."""
    return "no text in the message" in str(error).lower()


@contextmanager
def map_telegram_errors() -> Iterator[None]:
    """Turn what the library raises into what the bot understands. Left without an error, all is well."""
    try:
        yield
    except ChatMigrated as error:
        raise GroupMigrated(error.new_chat_id) from error
    except Forbidden as error:
        raise _shut_out() from error
    except BadRequest as error:
        if meaning := _meaning(error):
            raise meaning from error
    except InvalidToken as error:  # any 404 as well, such as for a method that an old server does not have
        raise Refused("telegram_refused") from error
    except TelegramError as error:
        raise Busy("telegram_unreachable") from error


def _meaning(error: BadRequest) -> BotError | None:
    said = str(error).lower()
    for piece, meaning in MEANINGS:
        if piece in said:
            return meaning()
    log.warning("Telegram refused a request", reason=str(error))
    return Refused("telegram_refused")

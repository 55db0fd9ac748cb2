"""The mapping of Telegram's errors to the bot's."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, TelegramError

from adapters.platforms.budgets import TelegramBudgets
from bot.errors import BotError, Busy, FailureCode, Refused, Unreadable

log = structlog.get_logger(__name__)


class TopicGone(Refused):
    """The failure that a topic is closed, deleted or unknown: worth posting outside of a topic."""


class BadFormatting(Refused):
    """The failure that Telegram refuses the entities: worth posting without them."""


class FileUnavailable(Unreadable):
    """The failure that a file is wrong or temporarily unavailable, which look the same: worth one more try."""


class GroupMigrated(Refused):
    """The failure that the group became a supergroup, which has an id of its own."""

    def __init__(self, chat: int) -> None:
        super().__init__("telegram_moved")
        self.chat = chat


Meaning = Callable[[], BotError | None]


def file_too_big() -> BotError:
    """Return the error for a file that is too large for a bot to fetch."""
    return Unreadable(FailureCode.TELEGRAM_TOO_HEAVY, limit=TelegramBudgets.DOWNLOAD_MEGABYTES)


def _shut_out() -> BotError:
    return Refused(FailureCode.CHANNEL_LOST)


def _post_gone() -> BotError:
    return Refused(FailureCode.TELEGRAM_POST_GONE)


def _file_gone() -> BotError:
    return Unreadable(FailureCode.PHOTO_GONE)


# A piece of what Telegram says in lower case, and what it means: None where all is well. The first that fits counts.
MEANINGS: tuple[tuple[str, Meaning], ...] = (
    ("message is not modified", lambda: None),
    ("query is too old", lambda: None),
    ("file is too big", file_too_big),
    ("file is temporarily unavailable", lambda: FileUnavailable(FailureCode.PHOTO_GONE)),
    ("file identifier", _file_gone),
    ("file_id", _file_gone),
    ("file reference", _file_gone),
    ("thread not found", lambda: TopicGone(FailureCode.TELEGRAM_TOPIC_GONE)),
    ("topic_closed", lambda: TopicGone(FailureCode.TELEGRAM_TOPIC_GONE)),
    ("topic_deleted", lambda: TopicGone(FailureCode.TELEGRAM_TOPIC_GONE)),
    ("request entity too large", lambda: Refused(FailureCode.POST_FILES_REFUSED)),
    ("message is too long", lambda: Refused(FailureCode.POST_TOO_LONG)),
    ("message_too_long", lambda: Refused(FailureCode.POST_TOO_LONG)),
    ("caption is too long", lambda: Refused(FailureCode.POST_TOO_LONG)),
    ("entit", lambda: BadFormatting(FailureCode.TELEGRAM_FORMATTING)),
    ("message to edit not found", _post_gone),
    ("message can't be edited", _post_gone),
    ("message to delete not found", lambda: None),
    ("message_id_invalid", _post_gone),
    ("chat not found", _shut_out),
    ("not enough rights", _shut_out),
    ("have no rights", _shut_out),
    ("chat_write_forbidden", _shut_out),
    ("chat_send_", _shut_out),  # CHAT_SEND_PHOTOS_FORBIDDEN and its like
    ("peer_id_invalid", _shut_out),
)


def is_caption(error: BadRequest) -> bool:
    """Tell whether an edit failed because the post is a file, which has a caption instead of a text."""
    return "no text in the message" in str(error).lower()


@contextmanager
def map_telegram_errors() -> Iterator[None]:
    """Map the library's errors to the bot's. A body that is left without an error succeeded, or had nothing to do."""
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
        raise Refused(FailureCode.TELEGRAM_REFUSED) from error
    except TelegramError as error:
        raise Busy(FailureCode.TELEGRAM_UNREACHABLE) from error


def _meaning(error: BadRequest) -> BotError | None:
    said = str(error).lower()
    for piece, meaning in MEANINGS:
        if piece in said:
            return meaning()
    log.warning("Telegram refused a request", reason=str(error))
    return Refused(FailureCode.TELEGRAM_REFUSED)

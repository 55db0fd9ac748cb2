"""The mapping of Discord's errors to the bot's."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from json import JSONDecodeError

import aiohttp
import discord
import structlog

from bot.errors import BotError, Busy, FailureCode, Refused
from bot.util.proxies import PROXY_ERRORS

log = structlog.get_logger(__name__)


class HistoryForbidden(Refused):
    """The failure that we may not read the history, and so may not reply: worth posting without the reply."""


class ThreadArchived(Refused):
    """The failure to edit in an archived thread, which only a new message wakes up."""


class InteractionExpired(Refused):
    """The failure that the interaction's token has expired: worth posting as an ordinary message."""


class FilesNotTaken(Refused):
    """The failure that files are refused for what they show, or everywhere in a server: worth fewer of them."""


class GalleryPost(Refused):
    """The failure to edit a message that is made of components as an ordinary one."""


Meaning = Callable[[], BotError]


def _shut_out() -> BotError:
    return Refused(FailureCode.CHANNEL_LOST)


def _post_gone() -> BotError:
    return Refused(FailureCode.DISCORD_POST_GONE)


def _token_expired() -> BotError:
    return InteractionExpired(FailureCode.DISCORD_INTERACTION_OVER)


def _slow_down() -> BotError:
    return Busy(FailureCode.DISCORD_SLOW_DOWN)


def _files_not_taken() -> BotError:
    return FilesNotTaken(FailureCode.POST_FILES_REFUSED)


def _blocked() -> BotError:
    return Refused(FailureCode.POST_BLOCKED)


# Discord's own codes, and what they mean.
MEANINGS: Mapping[int, Meaning] = {
    10003: _shut_out,  # unknown channel
    10004: _shut_out,  # unknown server
    10008: _post_gone,  # unknown message
    10015: _token_expired,  # unknown webhook
    10062: _token_expired,  # unknown interaction
    20009: _files_not_taken,  # explicit pictures
    30046: _slow_down,  # too many edits of messages older than an hour
    40094: lambda: Refused(FailureCode.POSTS_USED_UP),  # further answers to a user app's interaction
    50001: _shut_out,  # no access
    50005: _post_gone,  # somebody else's message, such as a post of the application that had our place before
    50007: _shut_out,  # takes no private messages from us
    50013: _shut_out,  # no permission
    50027: _token_expired,  # invalid webhook token
    50083: lambda: ThreadArchived(FailureCode.DISCORD_LOCKED),
    50278: _shut_out,  # no server in common any more
    130000: lambda: Busy(FailureCode.DISCORD_UNREACHABLE),  # overloaded
    160002: lambda: HistoryForbidden(FailureCode.DISCORD_REFUSED, status=400, number=160002),
    160005: lambda: Refused(FailureCode.DISCORD_LOCKED),
    200000: _blocked,  # by the server's AutoMod
    200001: _blocked,
    240000: lambda: Refused(FailureCode.POST_LINKS_REFUSED),  # a link that Discord takes to be harmful
    400001: _files_not_taken,  # the server takes no files
    520003: _post_gone,  # it cannot be edited
}
INVALID_FORM = 50035
LEGACY_FIELDS = "COMPONENTS_V2"  # in what Discord says of a field that a message made of components has not
WRITE_LIMITS = frozenset({20016, 20028, 20029})  # slowmode; the messages that a channel or a server takes


@contextmanager
def map_discord_errors() -> Iterator[None]:
    """Map the errors of discord.py and aiohttp to the bot's."""
    try:
        yield
    except discord.LoginFailure as error:
        raise Refused(FailureCode.DISCORD_WRONG_TOKEN) from error
    except discord.RateLimited as error:  # before it even asked
        raise Busy(FailureCode.DISCORD_SLOW_DOWN, error.retry_after) from error
    except discord.HTTPException as error:
        raise _meaning(error) from error
    except (OSError, aiohttp.ClientError, *PROXY_ERRORS, JSONDecodeError) as error:  # a TimeoutError is an OSError
        raise Busy(FailureCode.DISCORD_UNREACHABLE) from error
    except RuntimeError as error:
        if str(error) != "Session is closed":
            raise
        raise Busy(FailureCode.DISCORD_UNREACHABLE) from error  # the connection is being made anew


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a reply asks to wait, if it does."""
    try:
        return float(headers["Retry-After"])
    except (KeyError, ValueError):  # it may also be a date, which Discord does not send
        return None


def _meaning(error: discord.HTTPException) -> BotError:
    if meaning := MEANINGS.get(error.code):
        return meaning()
    if error.code == INVALID_FORM and LEGACY_FIELDS in error.text:
        return GalleryPost(FailureCode.DISCORD_REFUSED)
    if error.status == 429 or error.code in WRITE_LIMITS:
        return Busy(FailureCode.DISCORD_SLOW_DOWN, retry_after(error.response.headers))
    if error.status >= 500:
        return Busy(FailureCode.DISCORD_UNREACHABLE)
    if error.status == 401:
        return Refused(FailureCode.DISCORD_WRONG_TOKEN)
    log.warning("Discord refused a request", status=error.status, code=error.code, reason=error.text)
    if error.status == 403 and not error.code:
        return Refused(FailureCode.CHANNEL_LOST)
    return Refused(FailureCode.DISCORD_REFUSED, status=error.status, number=error.code)


def is_about_files(error: Refused) -> bool:
    """Tell whether fewer files, or none, may be accepted."""
    return isinstance(error, FilesNotTaken) or error.values.get("status") == 413


def is_bare_404(error: Refused) -> bool:
    """Tell whether a server that is not Discord's said that there is no such thing, and no more."""
    return error.values.get("status") == 404 and not error.values.get("number")

"""The mapping of Discord's errors to the bot's."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from json import JSONDecodeError

import aiohttp
import discord
import structlog

from bot.errors import BotError, Busy, FailureCode, Refused

log = structlog.get_logger(__name__)


class HistoryForbidden(Refused):
    """The failure that we may not read the history, and so may not reply: worth posting without the reply."""


class ThreadArchived(Refused):
    """The failure to edit in an archived thread, which only a new message wakes up."""


class InteractionExpired(Refused):
    """The failure that the interaction's token has expired: worth posting as an ordinary message."""


Meaning = Callable[[], BotError]


def _shut_out() -> BotError:
    return Refused(FailureCode.CHANNEL_LOST)


def _post_gone() -> BotError:
    return Refused(FailureCode.DISCORD_POST_GONE)


def _token_expired() -> BotError:
    return InteractionExpired(FailureCode.DISCORD_INTERACTION_OVER)


def _slow_down() -> BotError:
    return Busy(FailureCode.DISCORD_SLOW_DOWN)


# Discord's own codes, and what they mean.
MEANINGS: Mapping[int, Meaning] = {
    10003: _shut_out,  # unknown channel
    10004: _shut_out,  # unknown server
    10008: _post_gone,  # unknown message
    10015: _token_expired,  # unknown webhook
    10062: _token_expired,  # unknown interaction
    30046: _slow_down,  # too many edits of messages older than an hour
    50001: _shut_out,  # no access
    50005: _post_gone,  # somebody else's message, such as a post of the application that had our place before
    50007: _shut_out,  # takes no private messages from us
    50013: _shut_out,  # no permission
    50027: _token_expired,  # invalid webhook token
    50083: lambda: ThreadArchived(FailureCode.DISCORD_LOCKED),
    50278: _shut_out,  # no server in common any more
    130000: lambda: Busy(FailureCode.DISCORD_UNREACHABLE),  # overloaded
    160002: lambda: HistoryForbidden(FailureCode.CHANNEL_LOST),
    160005: lambda: Refused(FailureCode.DISCORD_LOCKED),
}


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
    except (OSError, aiohttp.ClientError, JSONDecodeError) as error:  # a TimeoutError is an OSError
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
    if error.status == 429:
        return Busy(FailureCode.DISCORD_SLOW_DOWN, retry_after(error.response.headers))
    if error.status >= 500:
        return Busy(FailureCode.DISCORD_UNREACHABLE)
    if error.status == 401:
        return Refused(FailureCode.DISCORD_WRONG_TOKEN)
    log.warning("Discord refused a request", status=error.status, code=error.code, reason=error.text)
    return Refused(FailureCode.CHANNEL_LOST if error.status == 403 and not error.code else FailureCode.DISCORD_REFUSED)

"""What every client does with a reply: is it a yes, what does the no say, which JSON does it hold."""

import json
from typing import Any

from adapters.providers.refusals import Failure, failure
from bot.errors import BotError, Refused
from bot.net import Reply, read

MOST_OF_AN_ERROR = 64 * 1024  # bytes


def good(reply: Reply) -> bool:
    """Whether it promises what was asked for; some say 201 for an answer."""
    return 200 <= reply.status_code < 300


async def read_failure(reply: Reply) -> Failure:
    """Read why it is a no, as far as that can be read."""
    try:
        body = await read(reply, MOST_OF_AN_ERROR)
    except BotError:  # the status says enough
        body = b""
    return failure(reply.status_code, body, reply.headers)


def parsed(body: bytes) -> Any:
    """Return what the JSON holds. Refused (provider_nonsense) when it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise Refused("provider_nonsense") from problem

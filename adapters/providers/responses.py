"""What every client does with a reply: is it a yes, what does the no say, which JSON does it hold."""

import json
from typing import Any

from adapters.providers.error_rules import ServiceFailure, failure
from bot.errors import BotError, Refused
from bot.util.http import Reply, read_capped

MOST_OF_AN_ERROR = 64 * 1024  # bytes


def is_success(reply: Reply) -> bool:
    """Whether it promises what was asked for; some say 201 for an answer."""
    return 200 <= reply.status_code < 300


async def read_failure(reply: Reply) -> ServiceFailure:
    """Read why it is a no, as far as that can be read."""
    try:
        body = await read_capped(reply, MOST_OF_AN_ERROR)
    except BotError:  # the status says enough
        body = b""
    return failure(reply.status_code, body, reply.headers)


def parse_json(body: bytes) -> Any:
    """Return what the JSON holds. Refused (provider_nonsense) when it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise Refused("provider_nonsense") from problem

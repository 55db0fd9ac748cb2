"""Helpers for replies over HTTP that every client shares."""

import json
from typing import Any

from adapters.providers.error_rules import ServiceFailure, parse_failure
from bot.errors import BotError, FailureCode, Refused
from bot.util.http import Reply, read_capped

MAX_ERROR_BYTES = 64 * 1024


def is_success(reply: Reply) -> bool:
    """Tell whether the status is 2xx; some services answer with 201."""
    return 200 <= reply.status_code < 300


async def read_failure(reply: Reply) -> ServiceFailure:
    """Read the failure from the body of an error, as far as it can be read."""
    try:
        body = await read_capped(reply, MAX_ERROR_BYTES)
    except BotError:  # the status says enough
        body = b""
    return parse_failure(reply.status_code, body, reply.headers)


def parse_json(body: bytes) -> Any:
    """Parse JSON. Raises Refused (provider_nonsense) when it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise Refused(FailureCode.PROVIDER_NONSENSE) from problem

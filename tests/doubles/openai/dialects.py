"""What is said differently: errors, lists, and who may ask."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

from aiohttp import web

from tests.doubles.openai import catalogue

Name = Literal["openai", "vapi", "aimlapi"]
Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Words:
    """A refusal. `code` and `type` are said where the dialect has a place for them."""

    status: int
    message: str
    code: str | None = None
    type: str = "invalid_request_error"
    param: str | None = None


class Wrong(Exception):
    """A request that gets an error for an answer."""

    def __init__(self, words: Words) -> None:
        super().__init__(words)
        self.words = words


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way to speak. `key_headers` are those that may hold the key, Authorization as a Bearer."""

    name: Name
    error: Callable[[Words, str], Body]  # from the words and the path that was asked
    models: Callable[[Mapping[str, str]], Body]
    key_headers: tuple[str, ...] = ("Authorization",)
    chat: tuple[str, ...] = ("/v1/chat/completions",)
    lists: tuple[str, ...] = ("/v1/models",)
    open_list: bool = False  # the list of models needs no key
    billing: bool = False  # can be asked what is left
    created: int = 200  # the status of a whole answer
    dated: bool = False  # the answer names the dated model


def _openai(words: Words, path: str) -> Body:
    return {
        "error": {"message": words.message, "type": words.type, "param": words.param, "code": words.code},
    }


def _relay(words: Words, path: str) -> Body:
    number = datetime.now(UTC).strftime("%Y%m%d%H%M%S") + uuid4().hex[:12]
    type = "new_api_error" if words.type == "invalid_request_error" else words.type
    message = f"{words.message} (request id: {number})"
    return {"error": {"message": message, "type": type, "param": words.param or "", "code": words.code}}


def _aimlapi(words: Words, path: str) -> Body:
    return {
        "message": words.message,
        "path": path,
        "requestId": str(uuid4()),
        # A string in the documentation of 429, a number in what a user reported of 500.
        "statusCode": str(words.status) if words.status == 429 else words.status,
        "timestamp": now(),
    }


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


DIALECTS: dict[Name, Dialect] = {
    "openai": Dialect("openai", _openai, lambda query: catalogue.plain(rich=False)),
    "vapi": Dialect(
        "vapi",
        _relay,
        lambda query: catalogue.relay(),
        key_headers=("Authorization", "x-api-key", "x-goog-api-key"),
        dated=True,
    ),
    "aimlapi": Dialect(
        "aimlapi",
        _aimlapi,
        catalogue.aimlapi,
        chat=("/v1/chat/completions", "/chat/completions"),
        lists=("/v1/models", "/models", "/api/v1/models"),
        open_list=True,
        billing=True,
        created=201,
    ),
}


def reply(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """JSON; characters beyond ASCII go as UTF-8, not escaped."""
    raw = json.dumps(body, ensure_ascii=False).encode()
    return web.Response(body=raw, status=status, content_type="application/json", charset="utf-8", headers=headers)

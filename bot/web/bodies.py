"""Parsing of request bodies. Invalid ones are answered with 4xx and a sentence."""

import json
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from aiohttp import web

FORM_BYTES = 8 * 1024
FORM_FIELDS = 10


def refusal(kind: type[web.HTTPException], sentence: str, **headers: str) -> web.HTTPException:
    """Return an error response with a sentence that people and programs can read."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return kind(text=json.dumps({"error": sentence}), content_type="application/json", headers=named)


async def read_json(request: web.Request) -> Any:
    """Return the JSON in the body; raise 415 for another content type, 400 for invalid JSON."""
    if request.content_type != "application/json":
        raise refusal(web.HTTPUnsupportedMediaType, "Send JSON, as Content-Type: application/json.")
    try:
        value = parse_json(await request.read())
        json.dumps(value, ensure_ascii=False).encode()  # fails for half of a surrogate pair, which is not text
    except ValueError as error:
        raise refusal(web.HTTPBadRequest, "This is not JSON.") from error
    return value


def parse_json(body: bytes) -> Any:
    """Parse JSON in UTF-8. ValueError for anything else, also for JSON that is nested too deeply."""
    try:
        return json.loads(body.decode(), parse_constant=_refuse_constant)
    except RecursionError:
        msg = "nested too deeply"
        raise ValueError(msg) from None


async def read_form(request: web.Request) -> dict[str, str]:
    """Return the fields of a small form."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise refusal(web.HTTPUnsupportedMediaType, "Send the form as application/x-www-form-urlencoded.")
    body = await request.clone(client_max_size=FORM_BYTES).read()
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=FORM_FIELDS))
    except ValueError as error:
        raise refusal(web.HTTPBadRequest, "This is not the form.") from error


def _refuse_constant(name: str) -> NoReturn:
    msg = f"{name} is not JSON"
    raise ValueError(msg)

"""The words of 1min.ai: the bodies of its replies and of its errors, in all the shapes that clients have met."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from aiohttp import web

Body = dict[str, Any]

TEAM = "11111111-2222-4333-8444-555555555555"
USER = "66666666-7777-4888-8999-aaaaaaaaaaaa"
CREDIT_LIMIT = 100_000_000


class Wrong(Exception):
    """A request that gets an error for an answer."""

    def __init__(self, status: int, body: Body) -> None:
        super().__init__(status, body)
        self.status, self.body = status, body


def nested(code: str, message: str, **more: Any) -> Body:
    """Return an error in the shape of the documentation."""
    return {"success": False, "error": {"code": code, "message": message, **more}}


def flat(code: str, message: str) -> Body:
    """Return an error in the shape that clients meet more often."""
    return {"errorCode": code, "message": message}


UNAUTHORIZED = nested("UNAUTHORIZED", "Invalid or missing API key")


def bad_request(message: str) -> Wrong:
    """A body that lacks something."""
    return Wrong(400, flat("REQUEST_BODY_VALIDATION_FAILED", message))


def bad_prompt(details: list[dict[str, str]]) -> Wrong:
    """A promptObject that breaks the rules; `details` name the fields."""
    return Wrong(422, nested("PROMPT_OBJECT_VALIDATION_FAILED", "Invalid prompt object", details=details))


def now() -> str:
    """The time as 1min.ai writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def reply(body: Body, status: int = 200) -> web.Response:
    """Return a body as JSON; characters beyond ASCII go as UTF-8, not escaped."""
    raw = json.dumps(body, ensure_ascii=False).encode()
    return web.Response(body=raw, status=status, content_type="application/json", charset="utf-8")


def ai_record(*, type: str, model: str, provider: str, conversation: str | None, prompt: Body, metadata: Body) -> Body:
    """Return the record of an answer that holds no text yet; the credits used in all are counted by the caller."""
    return {
        "uuid": str(uuid4()),
        "userId": USER,
        "teamId": TEAM,
        "teamUser": {
            "teamId": TEAM,
            "userId": USER,
            "userName": "Sandbox User",
            "userAvatar": None,
            "status": "ACTIVE",
            "role": "ADMIN",
            "creditLimit": CREDIT_LIMIT,
            "usedCredit": 0,
            "createdAt": "2025-10-20T04:13:40.847Z",
            "createdBy": "SYSTEM",
            "updatedAt": "2025-10-23T04:31:10.711Z",
            "updatedBy": "SYSTEM",
        },
        "model": model,
        "modelDetail": {"name": model, "provider": provider.upper()},
        "type": type,
        "metadata": metadata,
        "rating": None,
        "feedback": None,
        "conversationId": conversation,
        "status": "SUCCESS",
        "createdAt": now(),
        "aiRecordDetail": {
            "promptObject": {**prompt, "linkContentList": [], "searchContentList": []},
            "resultObject": [],
            "responseObject": {},
        },
        "additionalData": None,
        "temporaryUrl": "",
    }


def asset_body(*, name: str, key: str, mime: str, size: int, etag: str) -> Body:
    """Return what an upload is answered with."""
    about = {"fieldname": "asset", "originalname": name, "encoding": "7bit", "mimetype": mime}
    return {
        "asset": {
            **about,
            "size": size,
            "bucket": "asset.1min.ai",
            "key": key,
            "acl": "private",
            "contentType": "application/octet-stream",
            "contentDisposition": None,
            "contentEncoding": None,
            "storageClass": "STANDARD",
            "serverSideEncryption": None,
            "metadata": {"team-id": TEAM, "user-id": USER, **about},
            "location": f"https://asset.1min.ai.s3.us-east-1.amazonaws.com/{key}",
            "etag": f'"{etag[:32]}"',
        },
        "fileContent": {
            "uuid": str(uuid4()),
            "path": key,
            "type": name.rpartition(".")[2].lower(),
            "name": key.rpartition("/")[2],
            "content": "",
            "status": "ACTIVE",
            "metadata": {"token": 0, "character": 0},
            "createdAt": now(),
        },
    }

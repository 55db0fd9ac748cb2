"""The bodies of replies and errors of 1min.ai, in all the shapes that clients have met."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from aiohttp import web

Body = dict[str, Any]

TEAM = "11111111-2222-4333-8444-555555555555"
USER = "66666666-7777-4888-8999-aaaaaaaaaaaa"
CREDIT_LIMIT = 100_000_000


class ApiError(Exception):
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


def bad_request(message: str) -> ApiError:
    """A body that lacks something."""
    return ApiError(400, flat("REQUEST_BODY_VALIDATION_FAILED", message))


def bad_prompt(details: list[dict[str, str]]) -> ApiError:
    """A promptObject that breaks the rules; `details` name the fields."""
    return ApiError(422, nested("PROMPT_OBJECT_VALIDATION_FAILED", "Invalid prompt object", details=details))


def insufficient(needed: int, left: int) -> Body:
    """Return the complaint about missing credits, which names the team."""
    team = "the Singapore Office team"
    return flat("INSUFFICIENT_CREDITS", f"The feature requires {needed} credits, but {team} only has {left} credits")


def gone(what: str) -> ApiError:
    """A file that nobody knows. A guess: nobody has seen the real answer."""
    return ApiError(400, flat("ASSET_NOT_FOUND", f"Asset not found: {what}"))


def unreadable(name: str, why: str) -> ApiError:
    """A file that cannot be worked with. A guess likewise."""
    return ApiError(400, flat("FILE_PROCESSING_FAILED", f"Failed to process the file {name}: {why}"))


def now() -> str:
    """The time as 1min.ai writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def reply(body: Body, status: int = 200) -> web.Response:
    """Return a body as JSON; characters beyond ASCII go as UTF-8, not escaped."""
    raw = json.dumps(body, ensure_ascii=False).encode()
    return web.Response(body=raw, status=status, content_type="application/json", charset="utf-8")


def ai_record(
    *,
    type: str,
    model: str,
    provider: str,
    conversation: str | None,
    prompt: Body,
    metadata: Body,
    used: int,
    result: list[str],
) -> Body:
    """Return the record of an answer. `used` counts all credits so far, these included."""
    return {
        "uuid": str(uuid4()),
        "userId": USER,
        "teamId": TEAM,
        "teamUser": {
            "teamId": TEAM,
            "userId": USER,
            "userName": "Emulator User",
            "userAvatar": None,
            "status": "ACTIVE",
            "role": "ADMIN",
            "creditLimit": CREDIT_LIMIT,
            "usedCredit": used,
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
            "promptObject": prompt,
            "resultObject": result,
            "responseObject": {},
        },
        "additionalData": None,
        "temporaryUrl": "",
    }


def asset_body(*, name: str, key: str, uuid: str, mime: str, size: int, etag: str, content: str) -> Body:
    """Return what an upload is answered with; `content` is the text that was read in a document."""
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
            "uuid": uuid,
            "path": key,
            "type": name.rpartition(".")[2].lower(),
            "name": key.rpartition("/")[2],
            "content": content,
            "status": "ACTIVE",
            "metadata": {"token": len(content) // 4, "character": len(content)},
            "createdAt": now(),
        },
    }


def model_row(
    id: str,
    provider: str | None,
    group: str,
    features: Sequence[str],
    credits: Mapping[str, Any] | None,
    modality: Mapping[str, Any] | None,
) -> Body:
    """Return a model as `GET /models` shows it."""
    return {
        "uuid": str(uuid5(NAMESPACE_URL, id)),
        "modelId": id,
        "name": _name(id),
        "group": group,
        "provider": provider,
        "status": "ACTIVE",
        "cutoffDate": None,
        "logoUrl": None,
        "features": list(features),
        "creditMetadata": credits,
        "modality": modality,
        "information": None,
        "creditEstimation": None,
        "numberOfStars": None,
        "createdAt": "2026-03-29T00:00:00.000Z",
        "createdBy": "SYSTEM",
        "updatedAt": "2026-03-29T00:00:00.000Z",
        "updatedBy": "SYSTEM",
    }


def _name(id: str) -> str:
    words = id.rpartition("/")[2].split("-")
    return " ".join(word if word[0].isdigit() else word.capitalize() for word in words).replace("Gpt ", "GPT-")

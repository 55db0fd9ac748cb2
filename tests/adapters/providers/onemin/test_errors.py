"""Every error body that 1min.ai was seen to send, read and judged."""

import json
import time
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.providers.error_rules import ServiceFailure, parse_failure
from adapters.providers.onemin.errors import (
    SOUND_RULES,
    STUDIO_RULES,
    UPLOAD_RULES,
    VIDEO_RULES,
    AssetsLost,
    EndpointMissing,
    mask_private,
    to_bot_error,
)
from bot.errors import BotError, Busy, Forgotten, Refused, Unreadable

MODEL = "onemin/gpt-4o"


def nested(code: str, message: str, **more: Any) -> dict[str, Any]:
    return {"success": False, "error": {"code": code, "message": message, **more}}


def flat(code: str, message: str) -> dict[str, Any]:
    return {"errorCode": code, "message": message}


def judged(status: int, body: object = b"", **options: Any) -> BotError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return to_bot_error(parse_failure(status, raw), MODEL, **options)


CASES: list[tuple[int, object, type[BotError], str]] = [
    (400, nested("INVALID_REQUEST", "Missing required parameters or invalid format"), Refused, "provider_bad_request"),
    (400, b"", Refused, "provider_bad_request"),
    (400, b"\xff\xfe not text", Refused, "provider_bad_request"),
    (400, flat("UNSUPPORTED_MODEL", "Model X is not supported"), Refused, "provider_unknown_model"),
    (400, {"message": "Invalid model X for AI feature IMAGE_GENERATOR!"}, Refused, "provider_unknown_model"),
    (400, flat("MODEL_NOT_AVAILABLE", "The model gpt-4o has been retired"), Refused, "provider_unknown_model"),
    (400, {"message": "The model o4-mini is no longer available"}, Refused, "provider_unknown_model"),
    (400, {"message": "At most 5 images are allowed"}, Refused, "provider_too_many_photos"),
    (400, flat("OPEN_AI_UNEXPECTED_ERROR", "busy"), Busy, "provider_down"),
    (
        400,
        flat("OPEN_AI_UNEXPECTED_ERROR", "Invalid value: 'x'. Supported values are: 'y'"),
        Refused,
        "provider_bad_request",
    ),
    (400, {"message": "Invalid conversation"}, Forgotten, "provider_forgot"),
    (
        422,
        nested("PROMPT_OBJECT_VALIDATION_FAILED", "Invalid prompt object", details=[{"field": "conversationId"}]),
        Forgotten,
        "provider_forgot",
    ),
    (422, nested("PROMPT_OBJECT_VALIDATION_FAILED", "Invalid prompt object"), Refused, "provider_bad_request"),
    (404, nested("CONVERSATION_NOT_FOUND", "Not found"), Forgotten, "provider_forgot"),
    (404, {"message": "The conversation does not exist"}, Forgotten, "provider_forgot"),
    (400, flat("ASSET_NOT_FOUND", "Asset not found: images/x.jpg"), AssetsLost, "provider_bad_request"),
    (404, {"message": "Image images/x.jpg not found"}, AssetsLost, "provider_bad_request"),
    (
        400,
        {"errorCode": "UNKNOWN_ERROR", "message": "Unsupported feature type: CHAT_WITH_IMAGE"},
        EndpointMissing,
        "provider_unsupported",
    ),
    (404, {"message": "Cannot POST /api/chat-with-ai"}, EndpointMissing, "provider_unsupported"),
    (404, b"<html>Not Found</html>", EndpointMissing, "provider_unsupported"),
    (405, b"", EndpointMissing, "provider_unsupported"),
    (
        400,
        nested("INVALID_REQUEST", "Legacy chat conversation types are no longer supported"),
        EndpointMissing,
        "provider_unsupported",
    ),
    (401, nested("UNAUTHORIZED", "Invalid or missing API key"), Refused, "provider_wrong_key"),
    (401, b"", Refused, "provider_wrong_key"),
    (402, b"", Refused, "provider_no_credits"),
    (406, flat("INSUFFICIENT_CREDITS", "The feature requires 1 credits"), Refused, "provider_no_credits"),
    (403, b"error code: 1010", Refused, "provider_blocked"),
    (403, b"<!DOCTYPE html><title>Just a moment...</title>", Refused, "provider_blocked"),
    (403, b"", Refused, "provider_blocked"),
    (403, flat("FORBIDDEN", "Not for you"), Refused, "provider_bad_request"),
    (503, b"<title>Just a moment...</title>", Refused, "provider_blocked"),
    (503, b"<title>Origin is down</title> Cloudflare", Busy, "provider_down"),
    (408, b"", Busy, "provider_down"),
    (413, b"", Refused, "provider_too_large"),
    (429, nested("RATE_LIMITED", "Too many requests"), Busy, "provider_rate_limited"),
    (403, b"error code: 1015", Busy, "provider_rate_limited"),
    (500, {"message": None}, Busy, "provider_down"),
    (504, [1], Busy, "provider_down"),
    (302, b"", Refused, "provider_bad_request"),
]


@pytest.mark.parametrize(("status", "body", "type", "key"), CASES)
def test_a_refusal_means(status: int, body: object, type: type[BotError], key: str) -> None:
    problem = judged(status, body)

    assert problem.__class__ is type
    assert problem.code == key


def test_what_is_wrong_with_a_photo_is_said_of_the_photo() -> None:
    for status, body, key in (
        (400, flat("HTTP_EXCEPTION", "file type isn't supported"), "photo_refused"),
        (415, b"", "photo_refused"),
        (413, b"", "photo_too_large"),
    ):
        problem = judged(status, body, rules=UPLOAD_RULES)
        assert problem.__class__ is Unreadable
        assert problem.code == key
    assert judged(401, b"", rules=UPLOAD_RULES).code == "provider_wrong_key"


def test_nothing_of_the_team_gets_out() -> None:
    said = "The feature requires 35,194 credits, but the A B, only has 3 credits & Co team only has 0 credits. See https://x.y/?k=1"

    with capture_logs() as logs:
        problem = judged(406, flat("INSUFFICIENT_CREDITS", said))

    assert "A B" not in str(logs) + str(problem)
    assert "x.y" not in str(logs)
    assert mask_private("but the Team only has 3 credits") == "but the Team only has 3 credits", (
        "not the known sentence"
    )


def test_a_hostile_message_is_read_in_no_time() -> None:
    started = time.thread_time()
    judged(400, {"message": "not found " * 6_000, "code": "file " * 5_000})
    to_bot_error(ServiceFailure("stream", "image" * 10_000, "requires 1 credits but only has " * 5_000), MODEL)

    assert time.thread_time() - started < 2


@pytest.mark.parametrize(
    "message",
    [
        "Your request was rejected because it may violate the content policy",
        "Your request was rejected as a result of our safety system. safety_violations=[violence].",
        "moderation_blocked",
        "This request has been blocked by our content moderation",
        "The prompt was flagged",
        "NSFW content detected. Try running it again, or try a different prompt.",
        "Banned prompt detected",
        "Your prompt violates our community guidelines",
    ],
)
def test_the_makers_of_models_say_in_many_ways_that_they_do_not_make_something(message: str) -> None:
    for status in (400, 403, 422):
        assert judged(status, {"message": message}, rules=STUDIO_RULES).code == "studio_moderated"
    assert to_bot_error(ServiceFailure("record", "FAILED", message), MODEL, STUDIO_RULES).code == "studio_moderated"


@pytest.mark.parametrize(
    ("status", "body", "key"),
    [
        (
            422,
            nested("PROMPT_OBJECT_VALIDATION_FAILED", "Invalid", details=[{"field": "maintainModeration"}]),
            "provider_bad_request",
        ),
        (406, flat("INSUFFICIENT_CREDITS", "The feature requires 4800 credits"), "provider_no_credits"),
        (400, {"message": "Invalid model X for AI feature IMAGE_EDITOR!"}, "provider_unknown_model"),
        (500, {"message": "moderation_blocked"}, "provider_down"),
    ],
)
def test_what_is_no_matter_of_content_is_not_taken_for_one(status: int, body: object, key: str) -> None:
    assert judged(status, body, rules=STUDIO_RULES).code == key


@pytest.mark.parametrize(
    ("status", "body", "key"),
    [
        (413, b"", "voice_too_large"),
        (400, {"message": "Maximum content size limit (26214400) exceeded (31000000 bytes read)"}, "voice_too_large"),
        (400, {"message": "The audio file is too long"}, "voice_too_large"),
        (400, {"message": "Invalid file format. Supported formats: ['flac', 'mp3']"}, "voice_refused"),
        (400, {"message": "Audio file could not be decoded"}, "voice_refused"),
        (400, flat("HTTP_EXCEPTION", "file type isn't supported"), "voice_refused"),
        (415, b"", "voice_refused"),
        (400, flat("ASSET_NOT_FOUND", "Asset not found: documents/x.ogg"), "provider_bad_request"),
        (500, b"", "provider_down"),
    ],
)
def test_what_is_wrong_with_a_recording_is_said_of_it(status: int, body: object, key: str) -> None:
    assert judged(status, body, rules=SOUND_RULES).code == key


def test_a_video_that_cannot_be_looked_at_is_told_from_an_api_that_knows_no_videos() -> None:
    types = "type must be one of the following values: UNIFY_CHAT_WITH_AI, CHAT_WITH_YOUTUBE_VIDEO"

    assert judged(400, {"message": "youtubeUrl must be a YouTube link"}, rules=VIDEO_RULES).code == "video_refused"
    assert judged(400, {"message": "No transcript is available"}, rules=VIDEO_RULES).code == "video_refused"
    assert isinstance(judged(400, {"message": types}, rules=VIDEO_RULES), EndpointMissing)

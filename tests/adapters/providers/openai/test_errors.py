"""Error bodies as services were seen to send them, and what they mean."""

import json
import time
from typing import Any

import pytest

from adapters.providers.error_rules import ServiceFailure, parse_failure
from adapters.providers.openai.errors import to_bot_error
from adapters.providers.openai.model_quirks import INCLUDE_USAGE, MAX_TOKENS, SYSTEM, TEMPERATURE, Unsupported
from bot.errors import BotError, Busy, Refused


def openai(message: str, type: str = "invalid_request_error", code: Any = None, param: str | None = None) -> Any:
    return {"error": {"message": message, "type": type, "param": param, "code": code}}


def aimlapi(message: str, status: int | str) -> Any:
    return {"message": message, "path": "/v1/chat/completions", "requestId": "798b860e", "statusCode": status}


def relay(message: str, code: str = "") -> Any:
    """As one-api and new-api say it."""
    return {"error": {"message": f"{message} (request id: 2026112101)", "type": "new_api_error", "code": code}}


def judged(status: int, body: object = b"", **headers: str) -> BotError:
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return to_bot_error(parse_failure(status, raw, headers), "openai/gpt-4o", "It")


KEY: list[tuple[int, object]] = [
    (401, openai("Incorrect API key provided: sk-abc***xyz.", code="invalid_api_key")),
    (401, aimlapi("This request requires a valid API key. You can create a new API key ...", 401)),
    (401, relay("无效的令牌")),
    (401, b""),
    (400, openai("No connected db.", type="no_db_connection", code="400")),
    (
        400,
        [{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.", "status": "INVALID"}}],
    ),
]
CREDITS: list[tuple[int, object]] = [
    (
        429,
        openai("You exceeded your current quota, please check your plan.", "insufficient_quota", "insufficient_quota"),
    ),
    (403, aimlapi("You've run out of credits. Please top up your balance or update your payment method", 403)),
    (403, aimlapi("You have exhausted the available [plan.rule:api_credit] resource limit", "403")),
    (400, openai("Your credit balance is too low to access the Anthropic API.")),
    (500, aimlapi("400 Your credit balance is too low to access the Anthropic API.", 500)),
    (402, {"error": {"message": "This request requires more credits, or fewer max_tokens.", "code": 402}}),
    (402, b""),
    (403, relay("用户额度不足", "insufficient_user_quota")),
    (401, relay("该令牌额度已用尽")),
]
MODEL: list[tuple[int, object]] = [
    (404, openai("The model `gpt-9` does not exist or you do not have access to it.", code="model_not_found")),
    (404, {"error": {"message": "model 'llava' not found, try pulling it first", "type": "api_error"}}),
    (403, openai("Project `proj_1` does not have access to model `gpt-4o`", code="model_not_found")),
    (503, relay("当前分组 default 下对于模型 gpt-9 无可用渠道", "model_not_found")),
    (503, relay("No available channel for model gpt-9 under group default")),
    (500, aimlapi("400 Unable to access model gpt-4o-mini. ", 500)),
    (400, openai("google/gemini-pro:free is not a valid model ID", code=400)),
    (404, {"error": {"message": "No endpoints found for some/model.", "code": 404}}),
    (400, openai("The model gpt-image-1 is not supported with this endpoint")),
    (
        400,
        aimlapi("Body validation error\nInvalid enum value. Expected " + " | ".join(["'openai/gpt-5'"] * 400), 400),
    ),
    (404, {"object": "error", "message": "The model `x` does not exist.", "type": "NotFoundError", "code": 404}),
]
CONTEXT: list[tuple[int, object]] = [
    (400, openai("This model's maximum context length is 8192 tokens.", code="context_length_exceeded")),
    (400, openai("prompt is too long: 210000 tokens > 200000 maximum")),
    (
        400,
        {"error": {"message": "the request exceeds the available context size", "type": "exceed_context_size_error"}},
    ),
    (500, aimlapi("400 This model's maximum context length is 128000 tokens", 500)),
    (
        400,
        [{"error": {"code": 400, "message": "The input token count (1200000) exceeds the maximum number of tokens"}}],
    ),
]
PHOTO: list[tuple[int, object]] = [
    (
        400,
        openai("You uploaded an unsupported image. Please make sure your image is valid.", code="invalid_image_format"),
    ),
    (400, openai("You uploaded an unsupported image.", code="sanitizer_server_error")),
    (400, openai("Could not process image")),
    (400, openai("The image data you provided does not represent a valid image.", code="image_parse_error")),
    (400, [{"error": {"code": 400, "message": "Unable to process input image. Please retry", "status": "INVALID"}}]),
    (400, openai("Failed to load image: cannot identify image file")),
    (400, aimlapi("Invalid image_url", 400)),
    (500, aimlapi("400 Could not process image", 500)),
]
PHOTO_SIZE: list[tuple[int, object]] = [
    (400, openai("messages.0.content.1.image.source.base64: image exceeds 5 MB maximum: 6 MB > 5 MB")),
    (400, openai("image dimensions exceed max allowed size: 8000 pixels")),
    (400, openai("Image is too large. Maximum 20 megapixels.")),
    (400, openai("The image size must be at most 4 MB")),
]
PHOTO_COUNT: list[tuple[int, object]] = [
    (400, openai("At most 1 image(s) may be provided in one request.")),
    (400, openai("Too many images provided. This model supports up to 5 images")),
    (400, openai("too many images and documents: 101 + 0 > 100")),
    (400, openai("Number of images (12) exceeds the maximum of 10")),
    (422, openai("This model does not support more than 8 images per request")),
    (400, openai("multiple images are not supported")),
]
BLIND: list[tuple[int, object]] = [
    (400, openai("Invalid content type. image_url is only supported by certain models.")),
    (404, {"error": {"message": "No endpoints found that support image input", "code": 404}}),
    (400, openai("This model does not support image input.")),
    (400, openai("Model does not support images")),
    (400, openai("Failed to deserialize: messages[0]: unknown variant `image_url`, expected `text`")),
    (500, openai("image input is not supported - hint: you may need to provide the mmproj", "server_error", 500)),
    (400, openai("llama-3 is not a multimodal model")),
]
FILTERED: list[tuple[int, object]] = [
    (400, openai("The response was filtered due to the prompt.", "invalid_request_error", "content_filter", "prompt")),
    (400, openai("Your request was rejected as a result of our safety system.", code="content_policy_violation")),
    (403, {"error": {"message": "Your chosen model requires moderation and your input was flagged", "code": 403}}),
    (400, relay("user sensitive words detected", "sensitive_words_detected")),
    (
        400,
        openai(
            "Your input image may contain content that is not allowed by our safety system.", code="moderation_blocked"
        ),
    ),
]
BAD: list[tuple[int, object]] = [
    (400, openai("Invalid value for 'content': expected a string, got null.", param="messages.[0].content")),
    (400, aimlapi("Body validation error", 400)),
    (400, aimlapi("Body validation error\nInvalid enum value. Expected 'user' | 'assistant', received 'x'", 400)),
    (422, {"detail": [{"loc": ["body", "messages"], "msg": "field required"}]}),
    (403, openai("Not for you")),
    (400, b""),
    (418, b"\xff\xfe"),
]
DOWN: list[tuple[int, object]] = [
    (500, aimlapi("Internal server error", 500)),
    (500, aimlapi("The model is under maintenance, please contact us at help@aimlapi.com.", 500)),
    (500, openai("The server had an error while processing your request.", "server_error")),
    (502, b"<html><title>502 Bad Gateway</title>"),
    (503, relay("upstream load is saturated")),
    (504, aimlapi("Generation timeout", 504)),
    (529, openai("Overloaded", "overloaded_error")),
    (408, b""),
]
CASES = [
    (status, body, type, key)
    for cases, type, key in (
        (KEY, Refused, "provider_wrong_key"),
        (CREDITS, Refused, "provider_no_credits"),
        (MODEL, Refused, "provider_unknown_model"),
        (CONTEXT, Refused, "provider_context_too_long"),
        (PHOTO, Refused, "provider_photo_refused"),
        (
            [(429, openai("Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 41000."))],
            Refused,
            "provider_minute_limit",
        ),
        (PHOTO_SIZE, Refused, "provider_photo_too_large"),
        (PHOTO_COUNT, Refused, "provider_too_many_photos"),
        (BLIND, Refused, "model_blind"),
        (FILTERED, Refused, "provider_filtered"),
        (BAD, Refused, "provider_bad_request"),
        (DOWN, Busy, "provider_down"),
        ([(413, b""), (413, openai("Request Entity Too Large"))], Refused, "provider_too_large"),
        ([(404, b"404 page not found"), (405, b"")], Refused, "provider_unsupported"),
        ([(403, b"<title>Just a moment...</title>"), (403, b"")], Refused, "provider_blocked"),
        (
            [(403, openai("Country, region, or territory not supported", code="unsupported_country_region_territory"))],
            Refused,
            "provider_region",
        ),
    )
    for status, body in cases
]


@pytest.mark.parametrize(("status", "body", "type", "key"), CASES)
def test_a_refusal_means(status: int, body: object, type: type[BotError], key: str) -> None:
    problem = judged(status, body)

    assert problem.__class__ is type
    assert problem.code == key
    assert str(problem)


@pytest.mark.parametrize(
    ("body", "headers", "pause"),
    [
        (b"", {}, 30),
        (aimlapi("Too Many Requests", 429), {"retry-after": "7"}, 7),
        (openai("Rate limit reached for gpt-4o. Please try again in 20s.", "requests", "rate_limit_exceeded"), {}, 20),
        (openai("Slow down", "tokens"), {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1m30s"}, 90),
        (
            [{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "You exceeded your current quota."}}],
            {"retry-after": "5"},
            5,
        ),
    ],
)
def test_too_many_requests_are_told_with_the_pause_that_is_asked_for(
    body: object, headers: dict[str, str], pause: float
) -> None:
    problem = judged(429, body, **headers)

    assert isinstance(problem, Busy)
    assert (problem.code, problem.retry_after) == ("provider_rate_limited", pause)


@pytest.mark.parametrize(
    ("status", "body", "feature"),
    [
        (400, openai("Unrecognized request argument supplied: stream_options"), INCLUDE_USAGE),
        (
            422,
            {"message": {"detail": [{"loc": ["body", "stream_options", "include_usage"], "msg": "Extra inputs"}]}},
            INCLUDE_USAGE,
        ),
        (400, openai("Validation error at #/stream_options: Extra inputs are not permitted"), INCLUDE_USAGE),
        (
            400,
            openai(
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'.",
                code="unsupported_parameter",
                param="max_tokens",
            ),
            MAX_TOKENS,
        ),
        (
            400,
            openai("Unsupported value: 'temperature' does not support 0.16 with this model. Only the default (1)"),
            TEMPERATURE,
        ),
        (400, openai("`temperature` is deprecated for this model."), TEMPERATURE),
        (400, aimlapi("Unsupported value: 'messages[0].role' does not support 'system' with this model.", 400), SYSTEM),
        (400, openai("System role not supported"), SYSTEM),
        (400, [{"error": {"code": 400, "message": "Developer instruction is not enabled for models/gemma-3"}}], SYSTEM),
        (400, openai("Only user and assistant roles are supported!"), SYSTEM),
        (500, aimlapi("400 Unsupported value: 'temperature' does not support 2 with this model.", 500), TEMPERATURE),
    ],
)
def test_what_a_model_does_not_take_is_named(status: int, body: object, feature: str) -> None:
    problem = judged(status, body)

    assert isinstance(problem, Unsupported)
    assert feature in problem.features
    assert problem.code == "provider_bad_request"
    assert "400" in str(problem) or "422" in str(problem)


def test_too_large_a_number_is_no_unsupported_field() -> None:
    said = "max_tokens is too large: 50000. This model supports at most 16384 completion tokens."

    assert type(judged(400, openai(said, param="max_tokens"))) is Refused


def test_a_hostile_message_is_read_in_no_time() -> None:
    started = time.thread_time()
    for words in ("not image ", "model ", "temperature ", "role ", "system ", "api key ", "invalid ", "max_tokens "):
        to_bot_error(ServiceFailure(400, "image" * 10_000, words * 10_000), "", "")

    assert time.thread_time() - started < 2

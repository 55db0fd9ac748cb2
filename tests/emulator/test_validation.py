from typing import Any

import pytest

from emulator.payloads import ApiError
from emulator.validation import feature, unified

PROMPT = {"prompt": "Hello"}


@pytest.mark.parametrize(
    ("prompt", "field"),
    [
        ({"prompt": 1}, "prompt"),
        ({}, "prompt"),
        ({"prompt": ""}, "prompt"),
        ({"messages": []}, "messages"),
        (PROMPT | {"settings": []}, "settings"),
        (PROMPT | {"settings": {"historySettings": {"isMixed": "yes"}}}, "isMixed"),
        (PROMPT | {"settings": {"webSearchSettings": {"numOfSite": "3"}}}, "numOfSite"),
        (PROMPT | {"attachments": {"images": "images/cat.jpg"}}, "images"),
        (PROMPT | {"attachments": {"images": [1]}}, "images"),
    ],
)
def test_a_wrong_prompt_is_refused_by_its_field(prompt: Any, field: str) -> None:
    with pytest.raises(ApiError) as refused:
        unified({"type": "UNIFY_CHAT_WITH_AI", "model": "gpt-4o", "promptObject": prompt})
    error = refused.value.body["error"]
    assert (refused.value.status, error["code"]) == (422, "PROMPT_OBJECT_VALIDATION_FAILED")
    assert field in [detail["field"] for detail in error["details"]]


@pytest.mark.parametrize(
    "body",
    [{}, {"model": "gpt-4o"}, {"promptObject": PROMPT}, {"type": "X", "model": "gpt-4o", "promptObject": PROMPT}],
)
def test_a_question_needs_model_and_prompt_object(body: Any) -> None:
    with pytest.raises(ApiError) as refused:
        unified(body)
    assert (refused.value.status, refused.value.body["error"]["code"]) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("type", [None, "CHAT", "UNIFY_CHAT_WITH_AI"])
def test_the_type_may_be_missing_or_old(type: str | None) -> None:
    assert unified({"type": type, "model": "gpt-4o", "promptObject": PROMPT}).type == "UNIFY_CHAT_WITH_AI"


def test_settings_mean_the_same_at_both_endpoints() -> None:
    settings = {
        "webSearchSettings": {"webSearch": True},
        "historySettings": {"isMixed": True, "historyMessageLimit": 3},
    }
    new = unified({"model": "gpt-4o", "promptObject": PROMPT | {"settings": settings}})
    old = feature(
        {"type": "CHAT_WITH_AI", "model": "gpt-4o", "promptObject": PROMPT | {"isMixed": True, "webSearch": True}}
    )
    assert (new.mixed, new.limit, new.settings["webSearch"]) == (True, 3, True)
    assert (old.mixed, old.limit, old.settings["webSearch"]) == (True, 10, True)


def test_chat_with_image_needs_its_list_and_a_model_that_is_listed_for_it() -> None:
    with pytest.raises(ApiError) as refused:
        feature({"type": "CHAT_WITH_IMAGE", "model": "gpt-4o", "promptObject": PROMPT})
    assert refused.value.status == 422
    with pytest.raises(ApiError) as refused:
        feature({"type": "CHAT_WITH_IMAGE", "model": "gpt-4.1", "promptObject": PROMPT | {"imageList": []}})
    assert refused.value.body["errorCode"] == "UNSUPPORTED_MODEL"
    with pytest.raises(ApiError) as refused:
        feature({"type": "CHAT_WITH_IMAGE", "promptObject": PROMPT})
    assert refused.value.body["errorCode"] == "REQUEST_BODY_VALIDATION_FAILED"

"""What a model does not take is left out after its first refusal, and remembered for that model."""

from collections.abc import Callable

import pytest

from bot.files.photos import PhotoIntake
from bot.ports import Store
from tests.doubles.quirky import Answer, Asked, Quirk, raw, refusal, talking


def refuses(is_used: Callable[[Asked], object], answer: Answer) -> Quirk:
    return lambda asked: answer if is_used(asked) else None


def streams(asked: Asked) -> bool:
    return asked.body["stream"] is True


def has_detail(asked: Asked) -> bool:
    return any("detail" in part.get("image_url", ()) for part in asked.parts)


def has_parts(asked: Asked) -> bool:
    contents = [message["content"] for message in asked.body["messages"]]
    return any(isinstance(content, list) and len(content) > 1 for content in contents)


def has_system(asked: Asked) -> bool:
    return bool(asked.images) and asked.body["messages"][0]["role"] == "system"


def has_history(asked: Asked) -> bool:
    return any(message["role"] == "assistant" for message in asked.body["messages"])


def has_max_tokens(asked: Asked) -> bool:
    return "max_tokens" in asked.body


ORG = "Your organization must be verified to stream this model. Please go to: https://platform.openai.com/settings"
FORBIDDEN = {
    "detail": [
        {
            "type": "extra_forbidden",
            "loc": ["body", "messages", 0, "user", "content", 1, "image_url", "detail"],
            "msg": "Extra inputs are not permitted",
            "input": "auto",
        }
    ]
}
HABITS: list[tuple[Callable[[Asked], object], Answer]] = [
    (streams, refusal(400, ORG, param="stream", code="unsupported_value")),
    (streams, refusal(400, "Unsupported value: 'stream' does not support true with this model.", param="stream")),
    (streams, refusal(400, "Streaming is not supported for this model")),
    (streams, refusal(400, "This model doesn't support streaming.")),
    (has_detail, raw(422, FORBIDDEN)),
    (has_detail, refusal(400, "Unknown parameter: 'messages[1].content[1].image_url.detail'.")),
    (has_parts, refusal(400, "Only one content part per message is supported")),
    (has_parts, refusal(400, "messages with multiple content parts are not supported")),
    (has_system, refusal(400, "System messages are not supported with images")),
    (has_history, refusal(400, "Only a single user message is supported by this model")),
    (has_history, refusal(400, "Conversation roles must alternate user/assistant/user/assistant/...")),
    (has_max_tokens, refusal(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")),
]


@pytest.mark.parametrize(("is_used", "answer"), HABITS)
async def test_a_habit_is_learnt_once(
    sqlite: Store, photos: PhotoIntake, is_used: Callable[[Asked], object], answer: Answer
) -> None:
    async with talking(sqlite, photos, refuses(is_used, answer), bot_max_tokens="300") as talk:
        assert await talk.say("what is xyzzy?", "cat.jpg") == "I see 1 photos."
        assert await talk.say("compare them", "rocket.jpg", "coffee.png") == "I see 2 photos."
        asked = len(talk.asked)
        assert asked == 3
        assert await talk.say("and which is plugh?") == "I see 2 photos."
        assert len(talk.asked) == asked + 1
        assert "plugh" in talk.asked[-1].text
        assert "xyzzy" in talk.asked[-1].text, "what was said before goes along all the same"


async def test_an_album_is_answered_without_streaming(sqlite: Store, photos: PhotoIntake) -> None:
    async with talking(sqlite, photos, refuses(*HABITS[0])) as talk:
        assert await talk.say("compare them", "cat.jpg", "rocket.jpg") == "I see 2 photos."
        assert len(talk.asked) == 2


async def test_two_habits_are_learnt_one_after_the_other(sqlite: Store, photos: PhotoIntake) -> None:
    def quirk(asked: Asked) -> Answer | None:
        return next((answer for is_used, answer in (HABITS[0], HABITS[4], HABITS[6]) if is_used(asked)), None)

    async with talking(sqlite, photos, quirk) as talk:
        assert await talk.say("what is it?", "cat.jpg") == "I see 1 photos."
        assert len(talk.asked) == 4


async def test_a_picture_goes_out_in_a_format_that_every_server_reads(sqlite: Store, photos: PhotoIntake) -> None:
    def quirk(asked: Asked) -> Answer | None:
        is_webp = any(image[8:12] == b"WEBP" for image in asked.images)
        return refusal(400, "Failed to load image or audio file") if is_webp else None

    async with talking(sqlite, photos, quirk) as talk:
        assert await talk.say("what is it?", "astronaut.webp") == "I see 1 photos."

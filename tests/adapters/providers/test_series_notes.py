"""A photo that is several pictures is sent in order, and the model is told how they belong together."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from adapters.providers.onemin.endpoints import FEATURES, UNIFIED
from adapters.providers.onemin.provider import NO_OPTIONS
from adapters.providers.openai.request_body import RequestBody, RequestOptions
from adapters.providers.series_notes import with_series_notes
from bot.asking.file_preparation import PhotoLimits, fit_photos
from bot.files.photos import PhotoIntake
from bot.messages import Conversation, Photo, Prompt
from tests.files.photos import written


@pytest.fixture
async def intake() -> AsyncIterator[PhotoIntake]:
    async with PhotoIntake(longest_side=256) as intake:
        yield intake


@pytest.fixture
async def chat(intake: PhotoIntake) -> Photo:
    """A long screenshot in four parts, each of another grey."""
    image = Image.new("L", (128, 900))
    image.putdata([y // 4 for y in range(900) for _ in range(128)])
    return await intake.read("chat.png", written(image, "PNG"))


def prompt(*photos: Photo, numbers: bool = True) -> Prompt:
    numbered = {photo.sha256: n for n, photo in enumerate(photos, 1)} if numbers else {}
    return Prompt(
        conversation=Conversation(1, "vapi/gpt-4o", "uuid"), text="what does it say?", photos=photos, numbers=numbered
    )


async def content(asked: Prompt) -> list[dict[str, Any]]:
    body = RequestBody(asked, RequestOptions())
    sent = b"".join([piece async for piece in body.stream()])
    assert len(sent) == body.length
    parts: list[dict[str, Any]] = json.loads(sent)["messages"][-1]["content"]
    return parts


async def test_its_parts_stand_in_order_under_one_number(chat: Photo) -> None:
    text, *rest = await content(prompt(chat))
    assert text["text"].startswith("what does it say?\n\n(Photo 1 (chat.png) is too long for one picture.")
    assert "4 parts" in text["text"] and "top to bottom" in text["text"]
    assert [each["text"] for each in rest[0::2]] == [f"Photo 1 (chat.png), part {n} of 4:" for n in range(1, 5)]
    sent = [base64.b64decode(each["image_url"]["url"].partition(",")[2]) for each in rest[1::2]]
    assert sent == [picture.file.read_bytes() for picture in chat.pictures]


async def test_others_keep_their_own_number(intake: PhotoIntake, chat: Photo) -> None:
    cat = await intake.read("cat.png", written(Image.new("L", (9, 9)), "PNG"))
    captions = [each["text"] for each in await content(prompt(cat, chat)) if each["type"] == "text"]
    assert captions[1:3] == ["Photo 1 (cat.png):", "Photo 2 (chat.png), part 1 of 4:"]


async def test_without_numbers_it_is_called_by_its_name(chat: Photo) -> None:
    text, first, *_ = await content(prompt(chat, numbers=False))
    assert "(chat.png is too long" in text["text"]
    assert first["text"] == "chat.png, part 1 of 4:"


@pytest.mark.parametrize("endpoint", [UNIFIED, FEATURES])
def test_1min_ai_is_told_in_the_question(chat: Photo, endpoint: Any) -> None:
    body = endpoint.build_body(prompt(chat), ["a", "b", "c", "d"], [], NO_OPTIONS)
    assert "4 parts" in body["promptObject"]["prompt"]


async def test_a_model_that_takes_fewer_pictures_gets_an_overview(intake: PhotoIntake, chat: Photo) -> None:
    fitted = await fit_photos(intake, PhotoLimits(), "vapi/small", [chat], 3)
    assert [len(photo.pictures) for photo in fitted.photos] == [1] and fitted.reduced == (chat,)
    assert fitted.photos[0].sha256 == chat.sha256
    whole = await fit_photos(intake, PhotoLimits(), "vapi/large", [chat], 4)
    assert whole.photos == (chat,) and whole.reduced == ()


async def test_a_model_that_wants_small_pictures_gets_all_parts_smaller(intake: PhotoIntake, chat: Photo) -> None:
    limits = PhotoLimits()
    limits._longest_side["vapi/small"] = 200
    fitted = await fit_photos(intake, limits, "vapi/small", [chat])
    assert [max(each.width, each.height) for each in fitted.photos[0].pictures] == [200] * 4
    assert fitted.photos[0].sha256 == chat.sha256


@pytest.mark.parametrize(
    ("numbers", "note"),
    [
        ({}, ""),
        ({"a": 1}, ""),
        ({"a": 2}, "(Attached: Photo 2 (a.jpg).)"),
    ],
)
def test_a_photo_that_is_not_the_first_one_is_attached_under_its_number(numbers: dict[str, int], note: str) -> None:
    photo = Photo(name="a.jpg", mime="image/jpeg", file=Path("a.jpg"), size=1, sha256="a", width=40, height=30)
    prompt = Prompt(conversation=Conversation(1, "any/model"), text="what is this?", photos=(photo,), numbers=numbers)
    assert with_series_notes(prompt) == "\n\n".join(filter(None, ("what is this?", note)))

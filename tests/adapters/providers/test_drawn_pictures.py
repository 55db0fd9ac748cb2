"""Pictures in answers are delivered as files, numbered, and asked about like any photo; no base64 is shown."""

import base64
import json

import pytest

from bot.files.photos import PhotoIntake
from bot.messages import File
from bot.ports import Store
from bot.words import say
from tests.conftest import PHOTOS
from tests.doubles.quirky import Answer, Asked, Talk, chunk, talking, whole

PNG = (PHOTOS / "coffee.png").read_bytes()
URL = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
IMAGE = {"type": "image_url", "image_url": {"url": URL}}
DONE = chunk(None, "stop") + b"data: [DONE]\n\n"

WAYS = {
    "images of a delta": Answer(chunk("", images=[IMAGE]) + DONE),
    "the same twice": Answer(chunk("", images=[IMAGE]) + chunk("", images=[IMAGE]) + DONE),
    "images of a message": whole("", images=[IMAGE]),
    "a part of the content": Answer(chunk([IMAGE]) + DONE),  # type: ignore[arg-type]
    "inline data": Answer(chunk([{"inline_data": {"mime_type": "image/png", "data": URL[22:]}}]) + DONE),  # type: ignore[arg-type]
    "b64_json": Answer(chunk([{"type": "output_image", "b64_json": URL[22:]}]) + DONE),  # type: ignore[arg-type]
    "a connection that breaks behind it": Answer(chunk("", images=[IMAGE]), cut=True),
}


def sent_files(talk: Talk) -> list[File]:
    return [file for files in talk.platform.sent_files.values() for file in files]


@pytest.mark.parametrize("way", WAYS)
async def test_a_picture_without_words_is_delivered_once_and_numbered(
    sqlite: Store, photos: PhotoIntake, way: str
) -> None:
    def quirk(asked: Asked) -> Answer | None:
        return WAYS[way] if "draw" in asked.body["messages"][-1]["content"] else None

    async with talking(sqlite, photos, quirk) as talk:
        read = await talk.say("draw a cup of coffee")
        assert say("picture_drawn") in read
        assert "photo 1 (picture-1.png)" in read
        assert "base64" not in read
        [file] = sent_files(talk)
        assert (file.mime, file.data) == ("image/png", PNG)
        assert len(talk.asked) == 1
        assert await talk.say("what is in photo 1?") == "I see 1 photos."


async def test_words_beside_it_stay(sqlite: Store, photos: PhotoIntake) -> None:
    body = chunk("Here you go.", images=[IMAGE]) + DONE
    async with talking(sqlite, photos, lambda asked: Answer(body)) as talk:
        assert await talk.say("draw a cup") == "Here you go.\nphoto 1 (picture-1.png)"
        assert len(sent_files(talk)) == 1


async def test_what_is_no_picture_is_not_sent(sqlite: Store, photos: PhotoIntake) -> None:
    broken = {"type": "image_url", "image_url": {"url": "data:image/png;base64,bm8="}}
    body = chunk("Here you go.", images=[broken, "x", {"image_url": "http://169.254.169.254/"}]) + DONE
    async with talking(sqlite, photos, lambda asked: Answer(body)) as talk:
        assert await talk.say("draw a cup") == "Here you go."
        assert sent_files(talk) == []
        assert json.dumps(IMAGE)[:10] not in "".join(text for _, text in talk.platform.calls)


async def test_pictures_of_compared_models_and_of_a_second_answer_come_too(sqlite: Store, photos: PhotoIntake) -> None:
    body = chunk("Here you go.", images=[IMAGE]) + DONE
    other = base64.b64encode((PHOTOS / "rocket.jpg").read_bytes()).decode()
    second = chunk("Or this.", images=[{"image_url": {"url": f"data:image/jpeg;base64,{other}"}}]) + DONE

    def quirk(asked: Asked) -> Answer:
        return Answer(body if asked.model == "gpt-4o" else second)

    async with talking(sqlite, photos, quirk, bot_fallbacks=("openai/gpt-5",)) as talk:
        await talk.say("draw a cup")
        await talk.say("/compare openai/gpt-4o openai/gpt-5")
        assert [file.mime for file in sent_files(talk)] == ["image/png", "image/png", "image/jpeg"]
        await talk.say("/retry openai/gpt-5")
        assert [file.mime for file in sent_files(talk)][3:] == ["image/jpeg"]

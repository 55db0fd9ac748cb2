"""OpenAI-compatible services get JPEG or PNG, whatever was sent."""

import base64
import json
from collections.abc import AsyncIterator
from io import BytesIO

import pytest
from PIL import Image

from adapters.providers.openai.request_body import RequestBody, RequestOptions
from adapters.providers.openai.services import AIMLAPI, OPENAI, VAPI, ServiceProfile
from adapters.providers.photo_formats import in_formats
from bot.errors import Busy
from bot.files.photos import PhotoIntake
from bot.messages import Conversation, Prompt
from tests.files.photos import difference, file, opened, scene, written


@pytest.fixture
async def intake() -> AsyncIterator[PhotoIntake]:
    async with PhotoIntake() as intake:
        yield intake


def drawing() -> Image.Image:
    image = Image.new("RGB", (200, 100), "white")
    image.paste((200, 0, 0), (20, 20, 90, 60))
    return image


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (file("astronaut.webp"), "image/jpeg"),
        (written(scene(), "WEBP", lossless=True), "image/jpeg"),
        (written(drawing(), "WEBP", lossless=True), "image/png"),
        (written(scene(), "PNG"), "image/png"),
        (written(scene(), "JPEG"), "image/jpeg"),
    ],
    ids=["photo", "lossless photo", "drawing", "PNG", "JPEG"],
)
async def test_a_photo_is_sent_as_jpeg_or_png(intake: PhotoIntake, data: bytes, mime: str) -> None:
    photo = await intake.read("photo", data)
    prompt = Prompt(conversation=Conversation(1, "openai/llava"), text="?", photos=(photo,), numbers={photo.sha256: 1})
    async with in_formats(prompt, OPENAI.photo_formats) as readable:
        body = RequestBody(readable, RequestOptions())
        sent = json.loads(b"".join([piece async for piece in body.stream()]))
    url = sent["messages"][0]["content"][2]["image_url"]["url"]
    assert url.startswith(f"data:{mime};base64,")
    image = Image.open(BytesIO(base64.b64decode(url.partition(",")[2])))
    assert Image.MIME[image.format or ""] == mime
    assert difference(image, opened(data)) < 5
    assert sent["messages"][0]["content"][1]["text"] == "Photo 1 (photo):"


async def test_a_photo_that_is_gone_is_fetched_again(intake: PhotoIntake) -> None:
    photo = await intake.read("photo", file("astronaut.webp"))
    photo.file.unlink()
    with pytest.raises(Busy):
        async with in_formats(
            Prompt(conversation=Conversation(1, "openai/llava"), text="?", photos=(photo,)), OPENAI.photo_formats
        ):
            pass


@pytest.mark.parametrize("profile", [VAPI, AIMLAPI, OPENAI])
def test_no_such_service_is_sent_webp(profile: ServiceProfile) -> None:
    assert profile.photo_formats <= {"image/jpeg", "image/png"}

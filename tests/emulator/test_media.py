import asyncio

import pytest

from .conftest import Body, Client, photo


async def test_a_picture_is_answered_with_a_key_and_a_link(client: Client) -> None:
    heard = await client.order("IMAGE_GENERATOR", "gpt-image-1", prompt="a cat", size="1536x1024", output_format="webp")
    record = heard.record
    (key,) = heard.results
    assert (heard.status, record["status"], record["conversationId"]) == (200, "SUCCESS", None)
    assert key.startswith("images/") and key.endswith(".webp")
    picture = await client.get(record["temporaryUrl"])
    assert (picture.type, picture.picture.format, picture.picture.size) == ("image/webp", "WEBP", (1536, 1024))
    assert record["aiRecordDetail"]["promptObject"] == {
        "prompt": "a cat",
        "size": "1536x1024",
        "output_format": "webp",
    }


async def test_it_costs_what_the_list_says(client: Client) -> None:
    before = (await client.ask()).record["teamUser"]["usedCredit"]
    record = (await client.order("IMAGE_GENERATOR", "gpt-image-1", prompt="a cat", n=2, quality="low")).record
    assert record["metadata"] == {"credit": 22_000}
    assert record["teamUser"]["usedCredit"] == before + 22_000


async def test_what_is_refused_costs_nothing(client: Client) -> None:
    before = (await client.order("IMAGE_GENERATOR", "dall-e-2", prompt="a cat", size="256x256")).record
    for model in ("dall-e-9", "whisper-1"):
        assert (await client.order("IMAGE_GENERATOR", model, prompt="a cat")).status == 400
    after = (await client.order("IMAGE_GENERATOR", "dall-e-2", prompt="a cat", size="256x256")).record
    assert after["teamUser"]["usedCredit"] - before["teamUser"]["usedCredit"] == 16_000


async def test_of_several_pictures_the_first_has_a_link_and_all_can_be_had_by_key(client: Client) -> None:
    heard = await client.order("IMAGE_GENERATOR", "dall-e-2", prompt="a cat", n=3, size="256x256")
    assert len(set(heard.results)) == 3 and heard.results[0] in heard.record["temporaryUrl"]
    bodies = {(await client.get(f"{client.emulator.url}/{key}")).body for key in heard.results}
    assert len(bodies) == 3 and (await client.get(heard.record["temporaryUrl"])).body in bodies


@pytest.mark.parametrize(
    ("model", "prompt", "format", "size", "many"),
    [
        ("black-forest-labs/flux-schnell", {"num_outputs": 2, "output_format": "jpg"}, "JPEG", (1024, 1024), 2),
        ("black-forest-labs/flux-schnell", {}, "WEBP", (1024, 1024), 1),
        ("magic-art", {"aspect_width": 2, "aspect_height": 3}, "PNG", (832, 1248), 4),
        ("dall-e-3", {"size": "1792x1024"}, "PNG", (1792, 1024), 1),
    ],
)
async def test_every_family_draws_what_was_asked_for(
    client: Client, model: str, prompt: Body, format: str, size: tuple[int, int], many: int
) -> None:
    heard = await client.order("IMAGE_GENERATOR", model, prompt="a cat", **prompt)
    picture = (await client.get(heard.record["temporaryUrl"])).picture
    assert (picture.format, len(heard.results)) == (format, many)
    assert abs(picture.width - size[0]) <= 32 and abs(picture.height - size[1]) <= 32


async def test_a_transparent_picture_is_transparent(client: Client) -> None:
    record = (await client.order("IMAGE_GENERATOR", "gpt-image-1", prompt="a cat", background="transparent")).record
    assert (await client.get(record["temporaryUrl"])).picture.getpixel((0, 0)) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("type", "model", "prompt", "size", "credit"),
    [
        ("IMAGE_VARIATOR", "dall-e-2", {"size": "512x512"}, (512, 512), 18_000),
        ("IMAGE_VARIATOR", "black-forest-labs/flux-redux-schnell", {"format": "png"}, (1184, 880), 3_000),
        ("IMAGE_EDITOR", "gpt-image-1", {"prompt": "a hat", "n": 1, "size": "1024x1024"}, (1024, 1024), 42_000),
        ("IMAGE_EDITOR", "black-forest-labs/flux-kontext-pro", {"prompt": "a hat"}, (120, 80), 40_000),
        ("BACKGROUND_REMOVER", "recraft", {}, (120, 80), 10_000),
        ("IMAGE_UPSCALER", "stable-image", {}, (240, 160), 10_000),
    ],
)
async def test_a_photo_is_worked_on(
    client: Client, type: str, model: str, prompt: Body, size: tuple[int, int], credit: int
) -> None:
    record = (await client.order(type, model, imageUrl=await client.upload(photo("blue")), **prompt)).record
    assert (await client.get(record["temporaryUrl"])).picture.size == size
    assert record["metadata"]["credit"] == credit and client.emulator.seen[1].photos == 1


async def test_the_background_goes(client: Client) -> None:
    record = (await client.order("BACKGROUND_REMOVER", "clipdrop", imageUrl=await client.upload(photo()))).record
    picture = (await client.get(record["temporaryUrl"])).picture
    assert picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (0, 0)


async def test_a_result_can_be_worked_on_and_asked_about(client: Client) -> None:
    first = await client.order("IMAGE_GENERATOR", "dall-e-2", prompt="a cat", size="256x256")
    second = await client.order("IMAGE_UPSCALER", "recraft", imageUrl=first.answer)
    assert "512 × 512 pixels" in (await client.ask("?", second.answer)).answer
    assert (await client.order("IMAGE_UPSCALER", "recraft", imageUrl=first.record["temporaryUrl"])).status == 200


async def test_a_picture_can_become_words(client: Client) -> None:
    key = await client.upload(photo("blue"))
    heard = await client.order("IMAGE_TO_PROMPT", "magic-art", imageUrl=key, mode="describe", n=2)
    assert heard.results == ["a landscape picture, blue, dark, blurred"] * 2
    assert heard.record["temporaryUrl"] == ""


async def test_a_source_must_be_there_and_be_a_picture(client: Client) -> None:
    lost = await client.order("IMAGE_UPSCALER", "recraft", imageUrl="images/never.png")
    assert (lost.status, lost.json["errorCode"]) == (400, "ASSET_NOT_FOUND")
    for data, name in ((b"Hello", "a.txt"), (photo()[:300], "cat.jpg")):
        heard = await client.order("IMAGE_UPSCALER", "recraft", imageUrl=await client.upload(data, name))
        assert (heard.status, heard.json["errorCode"]) == (400, "FILE_PROCESSING_FAILED")


async def test_a_photo_that_is_too_big_to_double_is_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    key = await client.upload(photo())
    monkeypatch.setattr("emulator.pictures.MOST_PIXELS", 4 * 120 * 80 - 1)
    heard = await client.order("IMAGE_UPSCALER", "recraft", imageUrl=key)
    assert (heard.status, heard.json["errorCode"]) == (400, "FILE_PROCESSING_FAILED")


async def finished(client: Client, uuid: str) -> Body:
    """The record of an order, once it is done."""
    async with asyncio.timeout(10):
        while True:
            record: Body = (await client.call("GET", f"/api/results/{uuid}")).json["aiRecord"]
            if record["status"] != "PROCESSING":
                return record
            await asyncio.sleep(0.01)


async def test_an_order_in_the_background_is_answered_at_once_and_done_later(client: Client) -> None:
    body = {"type": "IMAGE_GENERATOR", "model": "gpt-image-1", "promptObject": {"prompt": "a cat"}, "async": True}
    begun = (await client.post("/api/features", body)).record
    assert (begun["status"], begun["aiRecordDetail"]["resultObject"], begun["temporaryUrl"]) == ("PROCESSING", [], "")
    done = await finished(client, begun["uuid"])
    assert (done["uuid"], done["status"], done["createdAt"]) == (begun["uuid"], "SUCCESS", begun["createdAt"])
    assert (await client.get(done["temporaryUrl"])).picture.size == (1024, 1024)
    assert done["metadata"] == {"credit": 42_000}


async def test_an_order_without_credits_fails_at_once(client: Client) -> None:
    client.emulator.faults.add("no_credits_at_once")
    body = {"type": "IMAGE_GENERATOR", "model": "gpt-image-1", "promptObject": {"prompt": "a cat"}, "async": True}
    assert (await client.post("/api/features", body)).status == 406


async def test_an_order_in_the_background_is_a_switch(client: Client) -> None:
    body = {"type": "IMAGE_GENERATOR", "model": "gpt-image-1", "promptObject": {"prompt": "a cat"}, "async": "yes"}
    assert (await client.post("/api/features", body)).status == 400


async def test_a_result_that_nobody_ordered_is_null(client: Client) -> None:
    heard = await client.call("GET", "/api/results/00000000-0000-4000-8000-000000000000")
    assert (heard.status, heard.json) == (200, {"aiRecord": None})


async def test_an_order_that_fails_in_the_background_says_so(client: Client) -> None:
    client.emulator.faults.add("order_failed")
    body = {"type": "IMAGE_GENERATOR", "model": "gpt-image-1", "promptObject": {"prompt": "a cat"}, "async": True}
    begun = (await client.post("/api/features", body)).record
    assert begun["status"] == "PROCESSING"
    assert (await finished(client, begun["uuid"]))["status"] == "FAILURE"

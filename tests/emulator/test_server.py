import asyncio
import hashlib
import re

import aiohttp
import pytest

from emulator import Emulator

from .conftest import Client, photo

GONE = {"success": False, "error": {"code": "CONVERSATION_NOT_FOUND", "message": "Conversation not found"}}


async def test_an_upload_is_answered_with_its_key_twice(client: Client) -> None:
    body = (await client.send(photo(), "my cat.jpg")).json
    key = body["fileContent"]["path"]
    assert re.fullmatch(r"images/\d{4}(_\d\d){5}_\d{3}_my_cat\.jpg", key)
    assert body["asset"]["key"] == key and body["asset"]["location"].endswith(key)
    assert body["asset"]["metadata"]["mimetype"] == "image/jpeg"


async def test_two_uploads_of_one_name_get_two_keys(client: Client) -> None:
    keys = await asyncio.gather(*(client.upload(photo()) for _ in range(20)))
    assert len(set(keys)) == 20


@pytest.mark.parametrize(
    ("data", "name"), [(photo(), "relay"), (b"<html>", "cat.jpg"), (photo(), "cat.heic"), (photo(), None)]
)
async def test_what_is_no_photo_by_name_or_by_bytes_is_refused(client: Client, data: bytes, name: str | None) -> None:
    heard = await client.send(data, name)
    assert heard.status == 400 and "file type isn't supported" in heard.json["message"]


async def test_an_upload_needs_the_field_asset(client: Client) -> None:
    form = aiohttp.FormData()
    form.add_field("file", b"...", filename="cat.jpg")
    assert (await client.call("POST", "/api/assets", data=form)).json["errorCode"] == "REQUEST_BODY_VALIDATION_FAILED"
    assert (await client.post("/api/assets", {})).json["errorCode"] == "REQUEST_BODY_VALIDATION_FAILED"


async def test_an_upload_can_be_too_large(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.request_context.MOST_UPLOADED", 100)
    heard = await client.send(photo())
    assert (heard.status, heard.body) == (413, b"")
    assert client.emulator.seen[-1].status == 413


async def test_a_conversation_comes_wrapped(client: Client) -> None:
    heard = await client.begin(title="Cats")
    wrapped = heard.json["conversation"]
    assert heard.status == 200 and wrapped["title"] == "Cats" and wrapped["status"] == "ACTIVE"
    assert set(wrapped) >= {"uuid", "title", "status", "createdAt"}


@pytest.mark.parametrize(
    "change", [{"type": None}, {"title": ""}, {"model": None}, {"title": "x" * 92}, {"type": "TALK"}]
)
async def test_a_conversation_needs_type_title_and_model(client: Client, change: dict[str, str]) -> None:
    heard = await client.begin(**change)
    assert heard.status == 400 and heard.json["errorCode"] == "REQUEST_BODY_VALIDATION_FAILED"
    assert (await client.begin(title="x" * 91)).status == 200


async def test_a_conversation_can_be_listed_read_and_deleted(client: Client) -> None:
    thread = await client.thread()
    await client.ask("Hello", thread=thread)
    listed = (await client.call("GET", "/api/conversations")).json["conversations"]
    shown = (await client.call("GET", f"/api/conversations/{thread}")).json["conversation"]
    assert [one["uuid"] for one in listed] == [thread]
    assert shown["messages"][0] == {"role": "USER", "content": "Hello"}
    assert (await client.call("DELETE", f"/api/conversations/{thread}")).status == 200
    for method in ("GET", "DELETE"):
        gone = await client.call(method, f"/api/conversations/{thread}")
        assert (gone.status, gone.json) == (404, GONE)


async def test_a_streamed_answer_has_empty_frames_around_it_and_a_record_behind(client: Client) -> None:
    heard = await client.ask(stream=True)
    contents = [data["content"] for name, data in heard.events if name == "content"]
    assert heard.type == "text/event-stream" and heard.names == ["content", "result", "done"]
    assert contents[0] == contents[-1] == "" and len(contents) > 10
    assert heard.said == heard.answer
    assert heard.events[-1] == ("done", {"message": "Stream completed"})


async def test_an_answer_in_one_piece_is_a_record_with_figures(client: Client) -> None:
    before, after = (await client.ask()).record, (await client.ask()).record
    figures = after["metadata"]
    assert figures["totalToken"] == figures["inputToken"] + figures["outputToken"]
    assert figures["finishReason"] == "stop" and after["status"] == "SUCCESS"
    assert after["teamUser"]["usedCredit"] == before["teamUser"]["usedCredit"] + figures["credit"]
    assert after["type"] == "UNIFY_CHAT_WITH_AI" and after["modelDetail"]["provider"] == "OPENAI"


async def test_the_answer_is_about_the_photo(client: Client) -> None:
    data = photo("blue", (640, 480), comment=b"taken at home")
    answer = (await client.ask("Where was this?", await client.upload(data))).answer
    assert answer.startswith("I am the emulator: I measure pixels, I am no AI model.")
    for truth in ("“Where was this?”", "640 × 480", f"{len(data):,} bytes", "landscape JPEG", "blue", "comment"):
        assert truth in answer


async def test_a_follow_up_is_about_the_photo_before(client: Client) -> None:
    thread = await client.thread()
    await client.ask("Look", await client.upload(photo("green")), thread=thread)
    answer = (await client.ask("And now?", thread=thread)).answer
    assert "Still about photo 1 (a landscape JPEG, 120 × 80 pixels, mostly green)" in answer and "turn 2" in answer


async def test_photos_are_numbered_across_the_conversation(client: Client) -> None:
    thread, cat = await client.thread(), await client.upload(photo("red"))
    await client.ask("Look", cat, thread=thread)
    answer = (await client.ask("And these?", await client.upload(photo("blue")), cat, thread=thread)).answer
    assert answer.index("Photo 2") < answer.index("Photo 1")
    assert "Photo 3" not in answer


async def test_a_model_sees_the_turns_of_others_only_when_mixed(client: Client) -> None:
    thread = await client.thread()
    await client.ask("Look", await client.upload(photo()), thread=thread)
    alone = await client.ask("And now?", thread=thread, model="gpt-5", historySettings={"isMixed": False})
    mixed = await client.ask("And now?", thread=thread, model="gpt-5", historySettings={"isMixed": True})
    assert "Still about photo 1" not in alone.answer and "Still about photo 1" in mixed.answer


async def test_the_history_can_be_limited(client: Client) -> None:
    thread = await client.thread()
    await client.ask("Look", await client.upload(photo()), thread=thread)
    await client.ask("And?", thread=thread)
    near = await client.ask("And?", thread=thread, historySettings={"historyMessageLimit": 1})
    assert "turn 3" in near.answer and "1 earlier turn." in near.answer and "photo 1" not in near.answer


async def test_the_old_endpoint_streams_text_without_frames_and_splits_characters(client: Client) -> None:
    body = {"type": "CHAT_WITH_AI", "model": "gpt-4o", "promptObject": {"prompt": "日本語?"}}
    async with client.session.post("/api/features?isStreaming=true", json=body) as reply:
        chunks = [chunk async for chunk, _ in reply.content.iter_chunks() if chunk]
    text = b"".join(chunks).decode()
    assert reply.content_type == "text/plain" and text.startswith("I am the emulator") and "日本語?" in text
    assert any("�" in chunk.decode(errors="replace") for chunk in chunks)


async def test_the_old_endpoint_knows_conversations_and_photos(client: Client) -> None:
    thread = (await client.begin(type="CHAT_WITH_IMAGE")).json["conversation"]["uuid"]
    first = await client.ask_feature(await client.upload(photo("blue")), thread=thread)
    second = await client.ask_feature(thread=thread, stream=True)
    assert first.record["type"] == "CHAT_WITH_IMAGE" and "blue" in first.answer
    assert "Still about photo 1" in second.text


async def test_the_old_endpoint_takes_the_name_of_a_type_for_no_conversation(client: Client) -> None:
    heard = await client.ask_feature(await client.upload(photo()), thread="CHAT_WITH_IMAGE")
    assert "outside of any conversation" in heard.answer


async def test_chat_with_ai_never_shows_its_pictures_to_the_model(client: Client) -> None:
    heard = await client.ask_feature(await client.upload(photo()), type="CHAT_WITH_AI")
    assert "no photo to look at" in heard.answer and client.emulator.seen[-1].photos == 1


async def test_other_features_come_later(client: Client) -> None:
    assert (await client.ask_feature(type="MUSIC_GENERATOR")).json["errorCode"] == "UNSUPPORTED_FEATURE"


async def test_the_models_are_public(emulator: Emulator) -> None:
    async with aiohttp.ClientSession(emulator.url) as nobody:
        client = Client(emulator, nobody)
        unified = (await client.call("GET", "/models?feature=UNIFY_CHAT_WITH_AI")).json
        seeing = (await client.call("GET", "/models?feature=CHAT_WITH_IMAGE")).json
        assert (await client.call("GET", "/models")).json == {"models": [], "total": 0}
    assert unified["total"] == len(unified["models"]) > seeing["total"] == 23
    assert "image" in seeing["models"][0]["modality"]["INPUT"]


async def test_the_key_is_checked(client: Client) -> None:
    missing = await client.call("GET", "/api/conversations", headers={"API-KEY": ""})
    assert missing.status == 401 and missing.json["error"]["code"] == "UNAUTHORIZED"
    client.emulator.key = "the key"
    assert (await client.ask()).status == 401
    client.emulator.key = "a key"
    assert (await client.ask()).status == 200


async def test_what_nobody_knows_is_refused(client: Client) -> None:
    lost = await client.ask(thread="20ad0277-0000-4000-8000-000000000000")
    assert (lost.status, lost.json) == (404, GONE)
    asset = await client.ask("?", "images/never.jpg", stream=True)
    assert (asset.status, asset.json["errorCode"]) == (400, "ASSET_NOT_FOUND")
    assert asset.json["message"] == "Asset not found: images/never.jpg"
    model = await client.ask(model="gpt-1")
    assert (model.status, model.json) == (
        400,
        {"errorCode": "UNSUPPORTED_MODEL", "message": "Model gpt-1 is not supported"},
    )
    blind = await client.ask("?", await client.upload(photo()), model="o3-mini")
    assert (blind.status, blind.json["errorCode"]) == (400, "UNSUPPORTED_MODEL")


async def test_a_body_must_be_json(client: Client) -> None:
    for body in (b"{", b"[]", b"\xff"):
        heard = await client.call("POST", "/api/chat-with-ai", data=body)
        assert (heard.status, heard.json["errorCode"]) == (400, "REQUEST_BODY_VALIDATION_FAILED")


async def test_a_long_answer_is_long_and_holds_code(client: Client) -> None:
    answer = (await client.ask("A long answer please!")).answer
    assert 5_500 < len(answer) < 6_500 and answer.count("```") == 2


async def test_seen_tells_what_came(client: Client) -> None:
    data, thread = photo(), await client.thread()
    key = await client.upload(data)
    await client.ask("Look", key, thread=thread, stream=True, webSearchSettings={"webSearch": True, "numOfSite": 4})
    _, uploaded, asked = client.emulator.seen
    assert (uploaded.path, uploaded.bytes, uploaded.sha256) == (
        "/api/assets",
        len(data),
        hashlib.sha256(data).hexdigest(),
    )
    assert (asked.model, asked.prompt, asked.photos, asked.conversation) == ("gpt-4o", "Look", 1, thread)
    assert asked.stream and not asked.left and asked.status == 200
    assert asked.settings == {"webSearch": True, "numOfSite": 4}


async def test_seen_can_be_read_and_cleared_over_http(client: Client) -> None:
    await client.ask("Hello")
    assert [one["prompt"] for one in (await client.call("GET", "/emulator/seen")).json["seen"]] == ["Hello"]
    await client.call("DELETE", "/emulator/seen")
    assert client.emulator.seen == []


async def test_a_client_that_leaves_is_noticed_at_once(client: Client) -> None:
    client.emulator.pace = 0.05
    async with client.session.post(
        "/api/chat-with-ai?isStreaming=true", json={"model": "gpt-4o", "promptObject": {"prompt": "Hello"}}
    ) as reply:
        await reply.content.readany()
        reply.close()
    async with asyncio.timeout(30):
        while not client.emulator.seen[-1].left:
            await asyncio.sleep(0.005)


async def test_without_eyes_every_answer_is_the_same() -> None:
    async with (
        Emulator(pace=0, eyes=False) as emulator,
        aiohttp.ClientSession(emulator.url, headers={"API-KEY": "k"}) as session,
    ):
        client = Client(emulator, session)
        answer = (await client.ask("?", await client.upload(photo()))).answer
        assert answer == (await client.ask("!", stream=True)).said and "eyes are closed" in answer


async def test_five_hundred_may_ask_at_once() -> None:
    async with Emulator(pace=0, eyes=False) as emulator:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(emulator.url, headers={"API-KEY": "k"}, connector=connector) as session:
            client = Client(emulator, session)
            heard = await asyncio.gather(*(client.ask(stream=True) for _ in range(500)))
    assert {one.names[-1] for one in heard} == {"done"}


async def test_the_front_page_says_what_this_is(client: Client) -> None:
    heard = await client.call("GET", "/emulator")
    assert heard.type == "text/html" and "small 1min.ai" in heard.text and "rate_limited" in heard.text

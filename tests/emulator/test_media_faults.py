import asyncio
import json
from typing import Any

import pytest

from emulator import audio
from emulator.faults import ALL_FAULTS, FAULTS
from emulator.media_faults import MEDIA_FAULTS, MEDIA_PLACES

from .conftest import Client, Heard


async def draw(client: Client, **more: Any) -> Heard:
    return await client.order("IMAGE_GENERATOR", "dall-e-2", prompt="a cat", size="256x256", **more)


async def speak(client: Client) -> Heard:
    return await client.order("TEXT_TO_SPEECH", "tts-1", text="Hello Ada", voice="nova", response_format="opus")


async def hear(client: Client) -> Heard:
    key = await client.upload(audio.speak("Hello Ada", "nova", "opus", 1), "voice.ogg")
    return await client.order("SPEECH_TO_TEXT", "whisper-1", audioUrl=key, response_format="text")


def test_the_boxes_do_not_overlap_and_everything_is_explained() -> None:
    assert not set(FAULTS) & set(MEDIA_FAULTS)
    assert all(fault.meaning for fault in ALL_FAULTS.values())


async def test_a_picture_can_be_refused_for_what_it_would_show(client: Client) -> None:
    client.emulator.faults.add("moderated")
    client.emulator.faults.add("moderated_record")
    refused, failed = await draw(client), await draw(client)
    assert refused.status == 400 and "content policy" in refused.json["message"]
    assert (failed.status, failed.record["status"], failed.results) == (200, "FAILED", [])
    assert "content policy" in failed.record["aiRecordDetail"]["errorMessage"] and not failed.record["temporaryUrl"]


async def test_credits_can_be_missing_before_anything_is_made(client: Client) -> None:
    client.emulator.faults.add("no_credits_at_once")
    client.emulator.faults.add("no_credits_at_once", at="sound")
    message = "The feature requires {} credits, but the Singapore Office team only has 46 credits"
    for heard, credits in ((await draw(client, n=2), 32_000), (await speak(client), 135)):
        assert (heard.status, heard.json["errorCode"]) == (406, "INSUFFICIENT_CREDITS")
        assert heard.json["message"] == message.format(credits)


async def test_a_result_can_come_without_a_link(client: Client) -> None:
    client.emulator.faults.add("result_key_only")
    heard = await draw(client, n=2)
    assert heard.record["temporaryUrl"] == ""
    assert {(await client.get(f"{client.emulator.url}/{key}")).status for key in heard.results} == {403}


async def test_a_result_can_come_as_an_address(client: Client) -> None:
    client.emulator.faults.add("result_full_url")
    heard = await draw(client)
    assert heard.record["temporaryUrl"] == "" and heard.answer.startswith(f"{client.emulator.url}/images/")
    assert (await client.get(heard.answer)).picture.size == (256, 256)


async def test_of_several_results_only_one_may_be_had(client: Client) -> None:
    client.emulator.faults.add("results_private")
    heard = await draw(client, n=2)
    assert (await client.get(heard.record["temporaryUrl"])).status == 200
    assert (await client.get(f"{client.emulator.url}/{heard.results[1]}")).status == 403


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("result_expired", 403, "<Message>Request has expired</Message><X-Amz-Expires>604800</X-Amz-Expires>"),
        ("result_gone", 404, "<Code>NoSuchKey</Code>"),
        ("result_page", 200, "<!DOCTYPE html>"),
        ("result_broken", 200, "IHDR"),
    ],
)
async def test_a_link_can_lead_nowhere(client: Client, name: str, status: int, words: str) -> None:
    link = (await draw(client)).record["temporaryUrl"]
    client.emulator.faults.add(name)
    heard = await client.get(link)
    assert heard.status == status and words.encode() in heard.body and client.emulator.seen[-1].fault == name
    assert (await client.get(link)).picture.size == (256, 256)


async def test_a_transcript_can_have_other_shapes(client: Client) -> None:
    for name in ("transcript_json", "transcript_empty"):
        client.emulator.faults.add(name)
    assert (await speak(client)).answer.startswith("audios/")  # it is no transcript, so both wait on
    as_json, empty = await hear(client), await hear(client)
    client.emulator.faults.add("result_string", at="sound")
    assert json.loads(as_json.answer) == {"text": "Hello Ada"} and empty.results == [""]
    assert (await hear(client)).results == "Hello Ada"


@pytest.mark.parametrize(("name", "status"), [("upstream_busy", 400), ("server_error", 500), ("rate_limited", 429)])
async def test_the_faults_of_the_chat_happen_here_too(client: Client, name: str, status: int) -> None:
    client.emulator.faults.add(name, at="pictures")
    client.emulator.faults.add(name, at="sound")
    assert (await client.ask()).status == 200
    assert [(await draw(client)).status, (await hear(client)).status] == [status, status]
    assert [(await draw(client)).status, (await hear(client)).status] == [200, 200]


@pytest.mark.parametrize("place", sorted(MEDIA_PLACES))
async def test_a_record_can_fail_and_a_result_be_an_error(client: Client, place: str) -> None:
    client.emulator.faults.add("failed_record", at=place)
    client.emulator.faults.add("no_credits_200", at=place)
    call = draw if place == "pictures" else speak
    failed, broke = await call(client), await call(client)
    assert (failed.record["status"], failed.record["temporaryUrl"]) == ("FAILED", "")
    assert broke.results["code"] == "INSUFFICIENT_CREDITS"


async def test_a_picture_can_take_its_time(client: Client) -> None:
    client.emulator.faults.add("slow", at="pictures", seconds=0.3)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await draw(client)
    assert (await draw(client)).status == 200


async def test_a_source_can_be_forgotten(client: Client) -> None:
    client.emulator.faults.add("forget_asset", at="sound")
    assert (await hear(client)).json["errorCode"] == "ASSET_NOT_FOUND"


def test_a_mishap_stays_where_it_belongs(client: Client) -> None:
    for name, place in (("result_full_url", "chat"), ("transcript_json", "pictures"), ("results_private", "sound")):
        with pytest.raises(ValueError, match="can only happen at"):
            client.emulator.faults.add(name, at=place)


async def test_the_front_page_tells_where_each_can_happen(client: Client) -> None:
    page = (await client.call("GET", "/emulator")).text
    assert "<code>result_full_url</code><td>pictures sound" in page

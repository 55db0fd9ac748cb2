"""A question goes to 1min.ai and an answer comes back, in the words of either API."""

import asyncio
import re
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.providers.onemin.endpoints import FEATURES, ChatOptions
from adapters.providers.onemin.provider import OneMin
from bot.errors import Busy, Forgotten, Refused, Unreadable
from bot.messages import Photo, Preferences, Prompt, Text, Usage
from bot.ports import Provider
from emulator import Emulator
from tests.adapters.providers.onemin.conftest import Client, Cloakroom, begun, photo, prompt, told


async def test_a_photo_is_uploaded_asked_about_and_answered(onemin: OneMin, emulator: Emulator) -> None:
    answer = await told(onemin, await begun(onemin, "What is it?", photo()))

    assert "Photo 1" in answer.text
    assert "451 × 300" in answer.text
    assert answer.pieces > 5, "it grew"
    assert answer.usage is not None
    assert answer.usage.credits
    assert answer.usage.input_tokens
    assert answer.usage.output_tokens
    assert [seen.path for seen in emulator.seen] == ["/api/conversations", "/api/assets", "/api/chat-with-ai"]


async def test_the_other_side_remembers_the_conversation(onemin: OneMin) -> None:
    asked = await begun(onemin, "What is it?", photo())
    await told(onemin, asked)

    again = await told(onemin, Prompt(conversation=asked.conversation, text="And how large is it?"))

    assert "Still about photo 1" in again.text


async def test_without_a_conversation_it_is_a_single_question(onemin: OneMin, emulator: Emulator) -> None:
    assert "outside of any conversation" in (await told(onemin, prompt())).text
    assert emulator.seen[-1].conversation == ""


@pytest.mark.parametrize("api", ["unified", "features"])
async def test_the_wishes_of_the_conversation_go_along(client: Client, emulator: Emulator, api: str) -> None:
    wishes = Preferences(web_search=True, sites=7, words=333, mixed=False, history=5)
    async with client(api) as onemin:
        await told(onemin, await begun(onemin, wishes=wishes))

    expected = {"webSearch": True, "numOfSite": 7, "maxWord": 333, "isMixed": False}
    if api == "unified":
        expected["historyMessageLimit"] = 5
    assert emulator.seen[-1].settings == expected


async def test_the_features_api_is_spoken_with_its_own_words(client: Client, emulator: Emulator) -> None:
    async with client("features") as onemin:
        asked = await begun(onemin, "What is it?", photo())
        seen = await told(onemin, asked)
        blind = await told(onemin, Prompt(conversation=asked.conversation, text="Thank you!"))

    assert "Photo 1" in seen.text
    assert "turn 2" in blind.text
    assert seen.usage == Usage(), "raw text tells no figures"
    thread, _, with_photo, without = emulator.seen
    assert thread.type == "CHAT_WITH_IMAGE"
    assert (with_photo.path, with_photo.type, with_photo.photos) == ("/api/features", "CHAT_WITH_IMAGE", 1)
    assert (without.type, without.photos) == ("CHAT_WITH_AI", 0)
    assert with_photo.conversation == without.conversation == asked.conversation.remote_id


async def test_auto_switches_to_features_for_good_when_unified_is_not_there(client: Client, emulator: Emulator) -> None:
    emulator.faults.add("unified_unknown")
    async with client("auto") as onemin:
        first = await told(onemin, await begun(onemin, "What is it?", photo()))
        await told(onemin, await begun(onemin, "And now?"))

    assert "Photo 1" in first.text
    asked = [seen.path for seen in emulator.seen if seen.path in ("/api/chat-with-ai", "/api/features")]
    assert asked == ["/api/chat-with-ai", "/api/features", "/api/features"]
    assert emulator.seen[-2].type == "CHAT_WITH_IMAGE", "the next conversation is one of the features API"


async def test_auto_says_so_when_both_are_gone_and_tries_todays_api_again(client: Client, emulator: Emulator) -> None:
    emulator.faults.add("unified_unknown")
    emulator.faults.add("features_retired")
    async with client("auto") as onemin:
        with pytest.raises(Refused) as refused:
            await told(onemin, prompt())
        emulator.faults.clear()
        await told(onemin, prompt())

    assert refused.value.code == "provider_unsupported"
    assert emulator.seen[-1].path == "/api/chat-with-ai"


@pytest.mark.parametrize("retired", ["features_retired", "features_gone"])
async def test_auto_switches_back_when_features_are_retired_while_it_runs(
    client: Client, emulator: Emulator, retired: str
) -> None:
    emulator.faults.add("unified_unknown")
    async with client("auto") as onemin:
        await told(onemin, await begun(onemin, "What is it?", photo()))
        emulator.faults.clear()
        emulator.faults.add(retired)
        answer = await told(onemin, await begun(onemin, "What is it?", photo()))
        await told(onemin, await begun(onemin, "And now?"))

    assert "Photo 1" in answer.text
    asked = [seen.path for seen in emulator.seen if seen.path in ("/api/chat-with-ai", "/api/features")]
    assert asked[2:] == ["/api/features", "/api/chat-with-ai", "/api/chat-with-ai"]


async def test_a_conversation_of_a_retired_interface_is_one_that_was_forgotten(
    client: Client, emulator: Emulator
) -> None:
    emulator.faults.add("unified_unknown")
    async with client("auto") as onemin:
        asked = await begun(onemin, "What is it?", photo())
        await told(onemin, asked)
        emulator.faults.clear()
        emulator.faults.add("forget_conversation")
        emulator.faults.add("features_retired")
        with pytest.raises(Forgotten):
            await told(onemin, asked)
            await told(onemin, asked)


async def test_a_new_conversation_is_begun_where_one_can_be(client: Client, emulator: Emulator) -> None:
    emulator.faults.add("old_conversations_retired")
    async with client("auto") as onemin:
        onemin._endpoint = FEATURES
        answer = await told(onemin, await begun(onemin, "What is it?", photo()))

    assert "Photo 1" in answer.text
    assert [seen.type for seen in emulator.seen if seen.path == "/api/conversations"] == [
        "CHAT_WITH_IMAGE",
        "UNIFY_CHAT_WITH_AI",
    ]


async def test_a_forgotten_conversation_does_not_make_auto_switch(onemin: OneMin, emulator: Emulator) -> None:
    with pytest.raises(Forgotten):
        await told(onemin, prompt(thread="00000000-0000-4000-8000-000000000000"))

    await told(onemin, prompt())
    assert emulator.seen[-1].path == "/api/chat-with-ai"


async def test_an_address_that_is_not_1min_ai_is_named_and_does_not_make_auto_switch(
    emulator: Emulator, cloakroom: Cloakroom
) -> None:
    async with OneMin("key", f"{emulator.url}/elsewhere", "auto", cloakroom, acquire=cloakroom.acquire) as onemin:
        with pytest.raises(Refused) as refused, capture_logs() as logs:
            await told(onemin, prompt("What is it?", photo()))

    assert refused.value.code == "provider_unsupported"
    assert [line["status"] for line in logs] == [404], "the upload; nothing was asked"


async def test_a_long_title_is_cut_to_what_the_api_takes(onemin: OneMin, emulator: Emulator) -> None:
    await onemin.begin(prompt().conversation, "猫" * 200)
    await onemin.begin(prompt().conversation, "🐈" * 200)
    await onemin.begin(prompt().conversation, "")

    assert [seen.status for seen in emulator.seen] == [200, 200, 200]


async def test_leaving_early_closes_the_connection(client: Client, emulator: Emulator) -> None:
    emulator.pace = 0.2
    async with client() as onemin:
        async with aclosing(onemin.ask(prompt("long answer please"))) as pieces:
            assert isinstance(await anext(pieces), Text)
        await _until_left(emulator)


async def test_a_cancelled_question_closes_the_connection(client: Client, emulator: Emulator) -> None:
    emulator.faults.add("hang")
    async with client() as onemin:
        asking = asyncio.create_task(told(onemin, prompt()))
        while not (emulator.seen and emulator.seen[-1].fault):
            await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await _until_left(emulator)


async def _until_left(emulator: Emulator) -> None:
    async with asyncio.timeout(30):
        while not emulator.seen[-1].left:
            await asyncio.sleep(0.01)


async def test_a_connection_is_used_again_for_the_next_question(onemin: OneMin) -> None:
    ports = set()
    for _ in range(3):
        await told(onemin, prompt())
        session = onemin._http._client._transport.client  # type: ignore[attr-defined]
        ports |= {id(protocol) for line in session.connector._conns.values() for protocol, _ in line}

    assert len(ports) == 1


async def test_thirty_people_ask_at_the_same_time(onemin: OneMin) -> None:
    answers = await asyncio.gather(*(told(onemin, prompt(f"Question {n}?")) for n in range(30)))

    assert all(f"Question {n}?" in answer.text for n, answer in enumerate(answers))


async def test_half_an_emoji_can_be_asked_about(onemin: OneMin) -> None:
    assert (await told(onemin, prompt("What is \ud83d?"))).text


# uploads


async def test_the_same_photo_is_uploaded_once(onemin: OneMin, emulator: Emulator) -> None:
    await asyncio.gather(*(onemin.upload(photo()) for _ in range(5)))
    await onemin.upload(photo())
    await told(onemin, prompt("Twice?", photo(), photo()))

    uploads = [seen for seen in emulator.seen if seen.path == "/api/assets"]
    assert len(uploads) == 1
    assert uploads[0].sha256 == photo().sha256
    assert uploads[0].name == photo().filename


async def test_a_restarted_bot_does_not_upload_again(client: Client, emulator: Emulator, cloakroom: Cloakroom) -> None:
    for _ in range(2):
        async with client() as onemin:
            await onemin.upload(photo())

    assert len(emulator.seen) == 1
    assert all("the-key" not in str(row) for row in cloakroom.kept.items())


async def test_who_stops_waiting_leaves_the_upload_to_the_others(onemin: OneMin, emulator: Emulator) -> None:
    emulator.faults.add("slow", at="assets", seconds=0.2)
    first, second = (asyncio.create_task(onemin.upload(photo())) for _ in range(2))
    await asyncio.sleep(0.05)
    first.cancel()
    await second

    assert first.cancelled()
    assert len(emulator.seen) == 1


async def test_a_failed_upload_is_tried_again_by_the_next_who_asks(onemin: OneMin, emulator: Emulator) -> None:
    emulator.faults.add("file_type")
    for _ in range(2):  # both wait for the same upload
        with pytest.raises(Unreadable, match="does not take it"):
            await asyncio.gather(onemin.upload(photo()), onemin.upload(photo()))
        emulator.faults.add("file_type")
    emulator.faults.clear()
    await onemin.upload(photo())


async def test_a_photo_whose_file_is_gone_is_asked_for_later(
    onemin: OneMin, emulator: Emulator, tmp_path: Path
) -> None:
    with pytest.raises(Busy):
        await onemin.upload(replace(photo(), file=tmp_path / "gone.jpg"))
    assert emulator.seen == []
    await onemin.upload(photo())


async def test_closing_stops_an_upload_that_hangs(client: Client, emulator: Emulator) -> None:
    emulator.faults.add("hang", at="assets")
    async with client() as onemin:
        waiting = asyncio.create_task(onemin.upload(photo()))
        await asyncio.sleep(0.05)
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_nothing_of_the_sender_gets_into_the_headers_of_an_upload(onemin: OneMin, emulator: Emulator) -> None:
    cat = photo()
    named = Photo(
        name='a"\r\nX-Evil: 1.jpg', mime=cat.mime, file=cat.file, size=cat.size, sha256=cat.sha256, width=1, height=1
    )
    await onemin.upload(named)
    with pytest.raises(Unreadable):
        await onemin.upload(
            Photo(
                name="a.jpg",
                mime="image/jpeg\r\nX-Evil: 1",
                file=cat.file,
                size=cat.size,
                sha256="0" * 64,
                width=1,
                height=1,
            )
        )

    assert [seen.name for seen in emulator.seen] == [cat.filename]


async def test_photos_that_are_lost_over_there_are_uploaded_again(onemin: OneMin, emulator: Emulator) -> None:
    asked = await begun(onemin, "What is it?", photo(), photo("coffee.png"))
    for each in asked.photos:
        await onemin.upload(each)
    emulator.faults.add("forget_asset")

    answer = await told(onemin, asked)

    assert "Photo 2" in answer.text
    assert [seen.path.rpartition("/")[2] for seen in emulator.seen][-4:] == [
        "chat-with-ai", "assets", "assets", "chat-with-ai",
    ]  # fmt: skip


async def test_photos_that_are_lost_again_and_again_end_the_question(onemin: OneMin, emulator: Emulator) -> None:
    emulator.faults.add("forget_asset", times=9)

    with pytest.raises(Refused) as refused:
        await told(onemin, await begun(onemin, "What is it?", photo()))

    assert refused.value.code == "provider_bad_request"
    assert [seen.path for seen in emulator.seen].count("/api/chat-with-ai") == 2


# the key


async def test_the_check_looks_up_a_result_that_nobody_ordered(onemin: OneMin, emulator: Emulator) -> None:
    await onemin.check()

    [seen] = emulator.seen
    assert (seen.method, seen.path.rpartition("/")[0], seen.status) == ("GET", "/api/results", 200)


@pytest.mark.parametrize("fault", ["results_unknown", "unavailable", "cloudflare_challenge"])
async def test_where_no_results_are_handed_out_the_check_leaves_nothing_either(
    onemin: OneMin, emulator: Emulator, fault: str
) -> None:
    emulator.faults.add(fault, at="records")

    await onemin.check()

    seen = [(seen.method, seen.status) for seen in emulator.seen[1:]]
    assert seen == [("POST", 200), ("DELETE", 200)]


@pytest.mark.parametrize("fault", ["key_inactive", "key_deleted"])
async def test_the_check_tells_a_blocked_key(onemin: OneMin, emulator: Emulator, fault: str) -> None:
    emulator.faults.add(fault, at="records")
    with pytest.raises(Refused) as refused:
        await onemin.check()

    assert refused.value.code == "provider_wrong_key"
    assert len(emulator.seen) == 1


async def test_the_check_tells_a_wrong_key(client: Client) -> None:
    async with client(key="stolen") as onemin:
        with pytest.raises(Refused) as refused:
            await onemin.check()

    assert refused.value.code == "provider_wrong_key"
    assert "stolen" not in str(refused.value)


async def test_the_check_does_not_mind_when_the_conversation_cannot_be_deleted(
    onemin: OneMin, emulator: Emulator
) -> None:
    emulator.faults.add("results_unknown")
    emulator.faults.add("flat_uuid")  # for the POST; it leaves the next one to the DELETE
    emulator.faults.add("unavailable", at="conversations")

    await onemin.check()

    assert [(seen.method, seen.status) for seen in emulator.seen[1:]] == [("POST", 200), ("DELETE", 503)]


def test_it_fits_the_socket() -> None:
    provider: Provider = OneMin("key", "http://x", "auto", Cloakroom(), acquire=Cloakroom().acquire, name="reseller")

    assert provider.name == "reseller"


def test_the_account_is_told_apart_without_the_key() -> None:
    one, same, other = (
        OneMin(key, "http://x", "auto", Cloakroom(), acquire=Cloakroom().acquire)
        for key in ("secret-1", "secret-1 \n", "secret-2")
    )

    assert one.account == same.account != other.account
    assert "secret" not in one.account + repr(one)


# what the operator chose


async def test_memories_and_a_brand_voice_go_along_where_the_operator_wants_them(
    client: Client, emulator: Emulator
) -> None:
    async with client("unified", options=ChatOptions(memories=True, brand_voice="5f4c0c2f")) as onemin:
        await told(onemin, prompt())

    body = emulator.seen[-1].body
    assert body["promptObject"]["settings"]["withMemories"] is True
    assert body["brandVoiceId"] == "5f4c0c2f"


async def test_neither_goes_along_otherwise(onemin: OneMin, emulator: Emulator) -> None:
    await told(onemin, prompt())

    body = emulator.seen[-1].body
    assert body["promptObject"]["settings"]["withMemories"] is False
    assert "brandVoiceId" not in body


@pytest.mark.parametrize("api", ["unified", "features"])
async def test_each_question_is_a_message_group_of_its_own(client: Client, emulator: Emulator, api: str) -> None:
    async with client(api) as onemin:
        for _ in range(2):
            await told(onemin, prompt())

    groups = [seen.body["metadata"]["messageGroup"] for seen in emulator.seen if seen.body.get("metadata")]
    assert len(groups) == 2
    assert all(re.fullmatch(r"\d{13}_\d{2}", group) for group in groups)

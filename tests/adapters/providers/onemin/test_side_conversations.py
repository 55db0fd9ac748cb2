"""Videos: a link in the question is enough, and whatever is asked next is about the same video."""

from contextlib import aclosing
from dataclasses import replace

import pytest

from adapters.providers.onemin.provider import OneMin
from bot.asking.mentions import without_videos
from bot.errors import Forgotten, Refused
from bot.messages import Prompt
from emulator import Emulator
from tests.adapters.providers.onemin.conftest import Client, Cloakroom, begun, photo, prompt, told

ID, OTHER = "dQw4w9WgXcQ", "aqz-KE-bpKQ"
LINK = f"https://youtu.be/{ID}?si=abc"
ANOTHER = f"https://www.youtube.com/shorts/{OTHER}"
ALONE = "CHAT_WITH_YOUTUBE_VIDEO"


async def asked(onemin: OneMin, before: Prompt, text: str, model: str | None = None) -> str:
    conversation = replace(before.conversation, model=model or before.conversation.model)
    return (await told(onemin, Prompt(conversation=conversation, text=text))).text


def types(emulator: Emulator) -> list[str]:
    return [seen.type for seen in emulator.seen if seen.path == "/api/features"]


def threads(emulator: Emulator) -> list[str]:
    return [seen.type for seen in emulator.seen if seen.path == "/api/conversations"]


@pytest.mark.parametrize("api", ["unified", "features"])
async def test_a_link_is_enough_and_questions_go_on_about_the_video(client: Client, api: str) -> None:
    async with client(api) as onemin:
        first = await begun(onemin, f"What is said in {LINK}?")
        seen = (await told(onemin, first)).text
        again = await asked(onemin, first, "And in the end?")

    assert ID in seen
    assert f"Still about video `{ID}`" in again


async def test_unified_takes_up_to_three_and_the_last_ones_count(client: Client, emulator: Emulator) -> None:
    ids = [f"{n}2345678901" for n in range(5)]
    async with client("unified") as onemin:
        answer = (await told(onemin, await begun(onemin, " ".join(f"https://youtu.be/{id}" for id in ids)))).text

    assert [id in answer for id in ids] == [False, False, True, True, True]
    assert emulator.seen[-1].prompt.startswith("[video] [video] https://youtu.be/")


async def test_features_talks_about_a_video_in_a_thread_of_its_own(client: Client, emulator: Emulator) -> None:
    async with client("features") as onemin:
        first = await begun(onemin, f"What is said in {LINK}?")
        await told(onemin, first)
        await asked(onemin, first, "And in the end?")

    assert threads(emulator) == ["CHAT_WITH_IMAGE", ALONE]
    assert types(emulator) == [ALONE, ALONE]
    assert {seen.conversation for seen in emulator.seen if seen.type == ALONE} - {first.conversation.remote_id, ""}


async def test_another_process_finds_the_thread_again(client: Client, emulator: Emulator) -> None:
    async with client("features") as onemin:
        first = await begun(onemin, f"What is said in {LINK}?")
        await told(onemin, first)
    async with client("features") as onemin:
        assert "Still about video" in await asked(onemin, first, "And in the end?")

    assert threads(emulator).count(ALONE) == 1


async def test_a_second_video_has_its_own_thread_and_the_first_one_is_found_again(
    client: Client, emulator: Emulator
) -> None:
    async with client("features") as onemin:
        first = await begun(onemin, LINK)
        await told(onemin, first)
        assert OTHER in await asked(onemin, first, f"and {ANOTHER}?")
        assert f"Still about video `{OTHER}`" in await asked(onemin, first, "more?")
        assert "turn 2 of" in await asked(onemin, first, f"back to {LINK}")

    assert threads(emulator).count(ALONE) == 2


async def test_photos_lead_back_to_the_conversation_itself(client: Client, emulator: Emulator) -> None:
    async with client("features") as onemin:
        first = await begun(onemin, LINK)
        await told(onemin, first)
        await told(onemin, replace(first, text="What is it?", photos=(photo(),)))
        assert "Still about photo 1" in await asked(onemin, first, "And how large?")

    assert types(emulator) == [ALONE, "CHAT_WITH_IMAGE", "CHAT_WITH_AI"]


async def test_a_photo_beside_a_link_counts_more(client: Client, emulator: Emulator) -> None:
    async with client("features") as onemin:
        assert "Photo 1" in (await told(onemin, await begun(onemin, f"Is it in {LINK}?", photo()))).text

    assert types(emulator) == ["CHAT_WITH_IMAGE"]


async def test_a_single_question_leaves_no_thread_behind(client: Client, emulator: Emulator) -> None:
    async with client("features") as onemin:
        assert ID in (await told(onemin, prompt(LINK))).text

    assert [(seen.method, seen.path.split("/")[2]) for seen in emulator.seen] == [
        ("POST", "conversations"),
        ("POST", "features"),
        ("DELETE", "conversations"),
    ]


async def test_nor_does_one_that_is_stopped(client: Client, emulator: Emulator) -> None:
    async with client("features") as onemin, aclosing(onemin.ask(prompt(LINK))) as answer:
        await anext(answer)

    assert emulator.seen[-1].method == "DELETE"


async def test_to_forget_a_conversation_is_to_forget_its_threads(
    client: Client, emulator: Emulator, cloakroom: Cloakroom
) -> None:
    async with client("features") as onemin:
        first = await begun(onemin, LINK)
        await told(onemin, first)
        await asked(onemin, first, ANOTHER)
        await onemin.forget(first.conversation)

    assert [seen.status for seen in emulator.seen if seen.method == "DELETE"] == [200, 200, 200]
    assert cloakroom.kept == {}


async def test_a_thread_that_is_gone_over_there_is_a_forgotten_conversation(client: Client, emulator: Emulator) -> None:
    async with client("features") as onemin:
        first = await begun(onemin, LINK)
        await told(onemin, first)
        emulator.faults.add("forget_conversation")
        with pytest.raises(Forgotten):
            await asked(onemin, first, "And in the end?")


@pytest.mark.parametrize("api", ["unified", "features"])
async def test_a_link_that_leads_nowhere_is_refused_before_anything_is_sent(
    client: Client, emulator: Emulator, api: str
) -> None:
    async with client(api) as onemin:
        with pytest.raises(Refused) as refused:
            await told(onemin, prompt("What is in https://youtu.be/short?"))

    assert refused.value.code == "video_link"
    assert "https://youtu.be/short" in str(refused.value)
    assert emulator.seen == []


@pytest.mark.parametrize("api", ["unified", "features"])
async def test_without_its_links_a_text_leads_to_no_video(client: Client, emulator: Emulator, api: str) -> None:
    async with client(api) as onemin:
        answer = (await told(onemin, await begun(onemin, without_videos(f"What is said in {LINK}?")))).text

    assert ID not in answer
    assert ALONE not in types(emulator)


async def test_a_model_that_watches_no_videos_is_named(client: Client) -> None:
    async with client("features") as onemin:
        with pytest.raises(Refused) as refused:
            await told(onemin, prompt(LINK, model="onemin/sonar"))

    assert refused.value.code == "provider_unknown_model"

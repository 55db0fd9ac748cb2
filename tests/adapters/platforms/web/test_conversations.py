"""The list of conversations: what is in it, under which title, and what becomes of what is deleted."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from adapters.platforms.web.conversation_api import ConversationServices
from bot.messages import Channel, OutgoingPost
from tests.adapters.platforms.web.conftest import House, Visitor
from tests.conftest import PHOTOS


async def listed(house: House, words: str = "") -> list[dict[str, Any]]:
    async with house.visitor.http.get("/api/conversations", params={"q": words}) as response:
        found: list[dict[str, Any]] = await response.json()
        return found


async def titles(house: House, words: str = "") -> list[str]:
    return [each["title"] for each in await listed(house, words)]


def at(house: House, channel: str) -> Visitor:
    return Visitor(house.visitor.http, channel)


async def rename(house: House, channel: str, title: str) -> int:
    async with house.visitor.http.post(f"/api/channels/{channel}/title", json={"title": title}) as response:
        return response.status


@pytest.fixture
async def house(tmp_path: Path) -> Any:
    async with House.open(tmp_path / "web", listens=False) as house:
        yield house


async def test_the_latest_conversation_comes_first_under_its_first_question(house: House) -> None:
    await at(house, "a").say("Who is\nthis?", key="1")
    await at(house, "b").say("And that?", key="1")
    await at(house, "a").say("Are you sure?", key="2")
    assert [(each["channel"], each["title"]) for each in await listed(house)] == [
        ("a", "Who is this?"),
        ("b", "And that?"),
    ]


@pytest.mark.parametrize(
    ("said", "title"),
    [
        (["/model any/model", "what is it?"], "what is it?"),
        (["/imagine a lighthouse"], "a lighthouse"),
        (["/help", "/imagine a lighthouse"], "a lighthouse"),
        (["/help"], "/help"),
        (["x" * 500], "x" * 120),
    ],
)
async def test_a_title_is_made_of_words_and_not_of_commands(house: House, said: Sequence[str], title: str) -> None:
    for key, text in enumerate(said):
        await house.visitor.say(text, key=str(key))
    assert await titles(house) == [title]


async def test_the_first_photo_is_shown_and_names_what_has_no_words(house: House) -> None:
    photo = await house.visitor.upload((PHOTOS / "cat.jpg").read_bytes(), "cat.jpg")
    await house.visitor.say("", uploads=[photo["id"]])
    document = await at(house, "b").upload(b"%PDF-1.7", "bill.pdf", "application/pdf")
    await at(house, "b").say("", uploads=[document["id"]])
    assert [(each["title"], each["photo"]) for each in await listed(house)] == [
        ("bill.pdf", None),
        ("cat.jpg", photo["url"]),
    ]


async def test_a_press_below_an_answer_is_no_title(house: House, lobby: Channel) -> None:
    photo = await house.visitor.upload((PHOTOS / "cat.jpg").read_bytes(), "cat.jpg")
    await house.visitor.say("", uploads=[photo["id"]])
    post = await house.web.send(lobby, OutgoingPost(text="A cat."))
    await house.visitor.say("/retry 1", key="2", about=post)
    assert await titles(house) == ["cat.jpg"]


async def test_what_only_the_bot_said_is_no_conversation(house: House, lobby: Channel) -> None:
    await house.web.send(lobby, OutgoingPost(text="Forgotten."))
    assert await titles(house) == []


@pytest.mark.parametrize("words", ["whiskers", "WHISKERS", "  cat", "ÄÖ", "called"])
async def test_words_are_found_in_questions_answers_and_titles(house: House, lobby: Channel, words: str) -> None:
    await house.visitor.say("A cat, äöü")
    await house.web.send(lobby, OutgoingPost(text="It has long whiskers."))
    await rename(house, "lobby", "A cat, called Tom")
    await at(house, "b").say("a dog: 100%_")
    assert await titles(house, words) == ["A cat, called Tom"]
    assert await titles(house, "0%_") == ["a dog: 100%_"]
    assert await titles(house, "0%x") == []


async def test_a_title_can_be_chosen_and_taken_back(house: House) -> None:
    await house.visitor.say("hm?")
    assert await rename(house, "lobby", "  Holiday\n2026 ") == 200
    assert await titles(house) == ["Holiday 2026"]
    await rename(house, "lobby", "")
    assert await titles(house) == ["hm?"]
    async with house.visitor.http.post("/api/channels/lobby/title", json={"name": 1}) as response:
        assert response.status == 400


async def test_what_is_deleted_leaves_the_list_and_the_bot_forgets_it_even_after_a_crash(tmp_path: Path) -> None:
    async with House.open(tmp_path, listens=False) as house:
        await house.visitor.say("a secret")
        async with house.visitor.http.delete("/api/channels/lobby") as response:
            assert response.status == 202
        assert await titles(house) == []
        assert await titles(house, "secret") == []
    async with House.open(tmp_path) as house:
        async with asyncio.timeout(10):
            while house.bot.texts != ["a secret", "/forget yes"]:
                await asyncio.sleep(0.01)
        await house.web.forget(Channel("web", "lobby"))
        await house.web.send(Channel("web", "lobby"), OutgoingPost(text="Forgotten."))
        assert await titles(house) == []
        await house.visitor.say("hello again", key="2")
        assert await titles(house) == ["hello again"]


async def test_a_title_is_forgotten_and_expires_with_its_conversation(house: House, lobby: Channel) -> None:
    for channel in ("lobby", "b"):
        await at(house, channel).say("hm?")
        await rename(house, channel, "a secret")
    for entry in await house.web.journal.list_unreceived():
        await house.web.journal.mark_received(entry)
    await house.web.forget(lobby)
    await house.web.expire(2e9, 2e9)
    assert await house.web.journal.read("SELECT * FROM conversations", {}) == []


async def test_the_front_door_leads_to_the_last_conversation(house: House) -> None:
    await at(house, "first").say("one")
    await at(house, "last").say("two")
    async with house.visitor.http.get("/", allow_redirects=False) as response:
        assert response.headers["Location"] == "/c/last"


async def test_linked_conversations_are_marked_and_new_ones_are_like_the_old(tmp_path: Path) -> None:
    started = []

    async def linked() -> Mapping[str, Sequence[str]]:
        return {"lobby": ["telegram", "discord", "telegram"]}

    async def start_like(new: str, like: str) -> None:
        started.append((new, like))

    services = ConversationServices(linked=linked, start_like=start_like)
    async with House.open(tmp_path, listens=False, services=services) as house:
        await house.visitor.say("hm?")
        await at(house, "b").say("hm?")
        assert [each["linked"] for each in await listed(house)] == [[], ["discord", "telegram"]]
        async with house.visitor.http.post("/api/conversations", json={"like": "lobby"}) as response:
            assert (response.status, started) == (201, [((await response.json())["channel"], "lobby")])


async def test_the_list_can_be_read_while_the_store_is_away(tmp_path: Path) -> None:
    async def linked() -> Mapping[str, Sequence[str]]:
        raise ConnectionError

    async with House.open(tmp_path, listens=False, services=ConversationServices(linked=linked)) as house:
        await house.visitor.say("hm?")
        assert await titles(house) == ["hm?"]


async def test_tabs_of_other_conversations_are_told_that_the_list_has_changed(house: House) -> None:
    async with at(house, "elsewhere").looking() as look:
        await look.next("snapshot")
        await house.visitor.say("hm?")
        await look.next("conversations")
        await rename(house, "elsewhere", "a title")
        await look.next("conversations")


async def test_older_entries_come_a_page_at_a_time(house: House) -> None:
    for n in range(450):
        await house.web.journal.add_post("lobby", str(n), None, None)
    page = await house.visitor.snapshot()
    texts = [entry["text"] for entry in page["entries"]]
    while page["more"]:
        before = {"before": page["entries"][0]["id"]}
        async with house.visitor.http.get(house.visitor.path("entries"), params=before) as response:
            page = await response.json()
        texts = [entry["text"] for entry in page["entries"]] + texts
    assert texts == [str(n) for n in range(450)]
    async with house.visitor.http.get(house.visitor.path("entries"), params={"before": "x"}) as response:
        assert response.status == 400

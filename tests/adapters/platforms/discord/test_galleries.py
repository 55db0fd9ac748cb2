"""Several pictures as a gallery with descriptions, and ordinary posts wherever Discord takes none."""

from collections.abc import AsyncIterator

import pytest

from adapters.platforms.discord.adapter import Discord
from adapters.platforms.discord.galleries import GalleryItem, items_in
from adapters.platforms.discord.places import Place
from bot.errors import Refused
from bot.messages import Button, File, OutgoingPost
from bot.ports import Store
from tests.adapters.platforms.discord.conftest import discord_on_loopback, open_bot
from tests.conftest import PHOTOS
from tests.doubles.discord import GENERAL, FakeDiscord
from tests.doubles.discord.faults import Fault
from tests.doubles.discord.world import COMPONENTS_V2, walk

CAT = (PHOTOS / "cat.jpg").read_bytes()
TWO = tuple(
    File(name="my cat.jpg", mime="image/jpeg", data=CAT, about=about, is_spoiler=about == "hidden")
    for about in ("a cat on a sofa", "hidden")
)
HERE = Place(GENERAL).channel


@pytest.fixture
async def server() -> AsyncIterator[FakeDiscord]:
    async with discord_on_loopback(FakeDiscord(message_content=True)) as server:
        yield server


@pytest.fixture
async def bot(server: FakeDiscord, sqlite: Store) -> AsyncIterator[Discord]:
    async with open_bot(server, sqlite) as bot:
        yield bot


def kinds(server: FakeDiscord) -> list[int]:
    return [component["type"] for component in walk(server.posts()[-1].components)]


async def test_pictures_stand_in_a_gallery_each_with_its_description(bot: Discord, server: FakeDiscord) -> None:
    buttons = tuple(Button(f"{n}", f"/ask {n}") for n in range(7))
    id = await bot.send(HERE, OutgoingPost(text="two **cats**", files=TWO, buttons=buttons, key="1"))
    [post] = server.posts()
    assert post.flags & COMPONENTS_V2
    assert post.text == "two **cats**"
    assert kinds(server)[:2] == [10, 12]
    items = post.components[1]["items"]
    assert [(item["description"], item["spoiler"]) for item in items] == [("a cat on a sofa", False), ("hidden", True)]
    assert [file.data for file in post.files] == [CAT, CAT]
    assert await bot.send(HERE, OutgoingPost(text="two **cats**", files=TWO, buttons=buttons, key="1")) == id


async def test_an_edit_keeps_the_pictures_also_after_a_restart(
    bot: Discord, server: FakeDiscord, sqlite: Store
) -> None:
    id = await bot.send(HERE, OutgoingPost(text="two cats", files=TWO))
    async with open_bot(server, sqlite) as another:
        assert await another.edit(HERE, id, OutgoingPost(text="two", buttons=(Button("A", "/a"),))) == id
    [post] = server.posts()
    assert (post.text, len(post.components[1]["items"]), len(post.files)) == ("two", 2, 2)
    assert [item["spoiler"] for item in post.components[1]["items"]] == [False, True]


async def test_a_refusal_brings_the_form_of_before_and_is_remembered(bot: Discord, server: FakeDiscord) -> None:
    server.fails("send", Fault(400, code=50035))
    await bot.send(HERE, OutgoingPost(text="two cats", files=TWO))
    await bot.send(HERE, OutgoingPost(text="more cats", files=TWO))
    assert [post.content for post in server.posts()] == ["two cats", "more cats"]
    assert [file.description for file in server.posts()[-1].files] == ["a cat on a sofa", "hidden"]


async def test_one_picture_other_files_and_what_was_switched_off_stay_ordinary(
    bot: Discord, server: FakeDiscord, sqlite: Store
) -> None:
    await bot.send(HERE, OutgoingPost(text="one", files=TWO[:1]))
    await bot.send(HERE, OutgoingPost(text="a file", files=(TWO[0], File(name="a.txt", mime="text/plain", data=b"x"))))
    async with open_bot(server, sqlite, galleries=False) as without:
        await without.send(HERE, OutgoingPost(text="two", files=TWO))
    assert [post.flags & COMPONENTS_V2 for post in server.posts()] == [0, 0, 0]


async def test_what_any_form_would_meet_is_no_refusal_of_a_gallery(bot: Discord, server: FakeDiscord) -> None:
    server.fails("send", Fault(403, code=50013), times=2)  # with the pictures, and without
    with pytest.raises(Refused):
        await bot.send(HERE, OutgoingPost(text="two cats", files=TWO))
    await bot.send(HERE, OutgoingPost(text="two cats", files=TWO))
    assert server.posts()[-1].flags & COMPONENTS_V2


def test_pictures_are_named_by_their_attachments_whatever_their_links_say() -> None:
    message = {
        "attachments": [{"id": "7", "filename": "photo1.jpg"}],
        "components": [
            {"type": 10, "content": "words"},
            {
                "type": 12,
                "items": [
                    {"media": {"url": "https://cdn/7/other.jpg?ex=1", "attachment_id": "7"}, "description": "a cat"},
                    {"media": {"url": "https://cdn/8/photo2.jpg?ex=1"}, "spoiler": True},
                ],
            },
        ],
    }
    assert list(items_in(message)) == [GalleryItem("photo1.jpg", "a cat"), GalleryItem("photo2.jpg", None, True)]

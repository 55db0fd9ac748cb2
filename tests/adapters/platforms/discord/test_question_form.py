"""The form of a message menu: words, which of several photos, and further files from the asker's device."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.platforms.discord.interactions import FIELD_ID, MORE_ID, PHOTOS_ID
from bot.messages import Message
from bot.ports import Store
from tests.adapters.platforms.discord.conftest import discord_on_loopback
from tests.adapters.platforms.discord.pair import Pair, side_by_side
from tests.conftest import PHOTOS
from tests.doubles.discord import BOB, FakeDiscord, Interaction
from tests.doubles.discord.world import walk

CAT, ROCKET = ((f"{name}.jpg", (PHOTOS / f"{name}.jpg").read_bytes()) for name in ("cat", "rocket"))
ASK = "Ask about this photo"


@pytest.fixture
async def pair(sqlite: Store, tmp_path: Path) -> AsyncIterator[Pair]:
    async with (
        discord_on_loopback(FakeDiscord(message_content=False)) as discord,
        side_by_side(discord, sqlite, tmp_path / "discord") as pair,
    ):
        yield pair


async def opened(pair: Pair, *photos: tuple[str, bytes]) -> Interaction:
    """The form for a question about a message of Bob's, which the bot may not read by itself."""
    message = await pair.discord.says("my photos", by=BOB, files=list(photos))
    return await (await pair.discord.uses_menu(ASK, message)).acknowledged()


async def asked(pair: Pair, form: Interaction, **values: object) -> Message:
    submitted = await pair.discord.submits(form, {FIELD_ID: "what is it?", **values})
    return await pair.hears(submitted)


def fields(form: Interaction) -> list[str]:
    assert form.modal is not None
    return [one["custom_id"] for one in walk(form.modal["components"]) if "custom_id" in one]


async def test_one_photo_needs_no_choice(pair: Pair) -> None:
    form = await opened(pair, CAT)
    assert fields(form) == [FIELD_ID, MORE_ID]
    message = await asked(pair, form)
    assert (message.text, [file.name for file in message.photos]) == ("what is it?", ["cat.jpg"])
    assert message.own_photos == ()


async def test_of_several_photos_those_chosen_are_meant_and_else_all(pair: Pair) -> None:
    form = await opened(pair, CAT, ROCKET)
    assert fields(form) == [FIELD_ID, PHOTOS_ID, MORE_ID]
    assert form.modal is not None
    [choice] = [one for one in walk(form.modal["components"]) if one.get("custom_id") == PHOTOS_ID]
    assert [option["label"] for option in choice["options"]] == ["1. cat.jpg", "2. rocket.jpg"]
    assert [file.name for file in (await asked(pair, form)).photos] == ["cat.jpg", "rocket.jpg"]
    message = await asked(pair, await opened(pair, CAT, ROCKET), **{PHOTOS_ID: ["1"]})
    assert [file.name for file in message.photos] == ["rocket.jpg"]
    assert [file.name for reference in message.references for file in reference.attachments] == []
    data = await pair.speaker.download(message.photos[0], 10**7)
    assert data == ROCKET[1]


async def test_uploaded_files_are_asked_about_together_with_the_message(pair: Pair) -> None:
    form = await opened(pair, CAT)
    message = await asked(pair, form, **{MORE_ID: [ROCKET]})
    assert [file.name for file in message.own_photos] == ["cat.jpg", "rocket.jpg"]
    assert [await pair.speaker.download(file, 10**7) for file in message.own_photos] == [CAT[1], ROCKET[1]]
    assert message.about is not None
    assert message.about.text == "my photos"

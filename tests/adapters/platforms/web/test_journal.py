"""What the page deletes, and what it keeps all the same."""

import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from adapters.platforms.web.entries import Entry, SubmittedMessage, Upload
from adapters.platforms.web.journal import Journal

DAY = 24 * 3600.0


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    async with Journal(tmp_path / "web.db") as journal:
        yield journal


async def upload(journal: Journal, id: str, channel: str = "lobby") -> str:
    await journal.add_upload(
        Upload(id=id, name=f"{id}.jpg", mime="image/jpeg", kind="image/jpeg", size=1), channel, b"x"
    )
    return id


async def ask(journal: Journal, text: str, *uploads: str, channel: str = "lobby", received: bool = True) -> Entry:
    entry, _ = await journal.add_message(channel, SubmittedMessage(text=text, uploads=uploads, key=text))
    if received:
        await journal.mark_received(entry)
    return entry


async def answer(journal: Journal, entry: Entry, text: str, *files: str) -> Entry:
    sent = [(Upload(id=id, name=f"{id}.png", mime="image/png", kind="image/png", size=1), b"y") for id in files]
    return await journal.add_post(entry.channel, text, entry.id, None, files=sent)


async def shown(journal: Journal, channel: str = "lobby") -> dict[str, list[str]]:
    """What a channel shows: the ids of the files by the words they came with."""
    return {e.text: [photo.id for photo in e.photos] for e in await journal.list_last_entries(channel, 100)}


async def held(journal: Journal, *ids: str) -> list[str]:
    return [id for id in ids if await journal.get_data(id) is not None]


def age(journal: Journal, days: float) -> None:
    """Let all that is there be so much older."""
    with closing(sqlite3.connect(journal.path)) as database, database:
        database.execute("UPDATE entries SET time = time - ?", (days * DAY,))
        database.execute("UPDATE uploads SET time = time - ?", (days * DAY,))


async def expire(journal: Journal, days: float, photo_days: float) -> None:
    now = time.time()
    await journal.expire(now - days * DAY, now - photo_days * DAY)


async def test_a_forgotten_channel_is_empty_and_its_files_are_gone(journal: Journal) -> None:
    asked = await ask(journal, "what is this?", await upload(journal, "cat"))
    await answer(journal, asked, "a cat, and a chart", "chart")
    await upload(journal, "unsent")
    await journal.forget("lobby")
    assert await shown(journal) == {}
    assert await held(journal, "cat", "chart", "unsent") == []


async def test_what_the_bot_is_yet_to_hear_is_not_forgotten(journal: Journal) -> None:
    await ask(journal, "heard", await upload(journal, "old"))
    await ask(journal, "not heard", await upload(journal, "new"), received=False)
    await journal.forget("lobby")
    assert await shown(journal) == {"not heard": ["new"]}
    assert await held(journal, "old", "new") == ["new"]
    assert [entry.text for entry in await journal.list_unreceived()] == ["not heard"]


async def test_a_file_that_came_with_both_stays_with_the_one_that_is_yet_to_be_heard(journal: Journal) -> None:
    photo = await upload(journal, "cat")
    await ask(journal, "heard", photo)
    await ask(journal, "not heard", photo, received=False)
    await journal.forget("lobby")
    assert await shown(journal) == {"not heard": ["cat"]}


async def test_other_channels_keep_their_words_and_files(journal: Journal) -> None:
    await ask(journal, "here", await upload(journal, "cat"))
    asked = await ask(journal, "there", await upload(journal, "dog", "garden"), channel="garden")
    await answer(journal, asked, "a dog", "chart")
    await upload(journal, "unsent", "garden")
    await journal.forget("lobby")
    assert await shown(journal, "garden") == {"there": ["dog"], "a dog": ["chart"]}
    assert await held(journal, "cat", "dog", "chart", "unsent") == ["dog", "chart", "unsent"]


async def test_photos_expire_before_words(journal: Journal) -> None:
    asked = await ask(journal, "what is this?", await upload(journal, "cat"))
    await answer(journal, asked, "a cat", "chart")
    age(journal, 8)
    await ask(journal, "and this?", await upload(journal, "dog"))
    await expire(journal, days=30, photo_days=7)
    assert await shown(journal) == {"what is this?": [], "a cat": [], "and this?": ["dog"]}
    assert await held(journal, "cat", "chart", "dog") == ["dog"]
    age(journal, 23)
    await expire(journal, days=30, photo_days=7)
    assert await shown(journal) == {"and this?": []}


async def test_words_may_expire_before_photos(journal: Journal) -> None:
    await ask(journal, "what is this?", await upload(journal, "cat"))
    age(journal, 2)
    await expire(journal, days=1, photo_days=7)
    assert await shown(journal) == {}
    assert await held(journal, "cat") == ["cat"]
    age(journal, 6)
    await expire(journal, days=1, photo_days=7)
    assert await held(journal, "cat") == []


async def test_what_the_bot_is_yet_to_hear_does_not_expire_and_keeps_its_photos(journal: Journal) -> None:
    await ask(journal, "not heard", await upload(journal, "cat"), received=False)
    age(journal, 90)
    await expire(journal, days=30, photo_days=7)
    [waiting] = await journal.list_unreceived()
    assert (waiting.text, [photo.id for photo in waiting.photos]) == ("not heard", ["cat"])
    assert await journal.get_data("cat") == b"x"
    await journal.mark_received(waiting)
    await expire(journal, days=30, photo_days=7)
    assert await shown(journal) == {}
    assert await held(journal, "cat") == []


async def test_every_channel_expires(journal: Journal) -> None:
    await ask(journal, "here")
    await ask(journal, "there", channel="garden")
    age(journal, 31)
    await expire(journal, days=30, photo_days=7)
    assert (await shown(journal), await shown(journal, "garden")) == ({}, {})


async def test_an_edit_reaches_the_bot_once_even_when_it_comes_while_the_message_is_passed_on(journal: Journal) -> None:
    passed_on = await ask(journal, "a dog?", received=False)
    await journal.revise_message("lobby", passed_on.id, "a cat?")
    assert [(each.text, each.revised) for each in await journal.list_unreceived()] == [("a cat?", 0)]
    await journal.mark_received(passed_on)  # as it was before
    [edit] = await journal.list_unreceived()
    assert (edit.text, edit.revised) == ("a cat?", 1)
    await journal.mark_received(edit)
    assert await journal.list_unreceived() == []
    await journal.revise_message("lobby", passed_on.id, "a cow?")
    assert [(each.text, each.revised) for each in await journal.list_unreceived()] == [("a cow?", 2)]

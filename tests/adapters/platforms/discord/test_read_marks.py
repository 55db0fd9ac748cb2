"""How far each channel has been heard is noted: soon enough to lose nothing, and seldom enough to cost nothing."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection, connect

import pytest

from adapters.platforms.discord.places import NAME, Place
from adapters.platforms.discord.read_marks import ReadMarks
from bot.messages import Channel
from bot.ports import Store

A, B, DIRECT = Place(1).channel, Place(2).channel, Place(3, private=True).channel


@pytest.fixture
def marks(sqlite: Store) -> ReadMarks:
    return ReadMarks(sqlite.channels)


@pytest.fixture
def database(sqlite: Store, tmp_path: Path) -> Iterator[Connection]:
    """The store's own database, to do things to it."""
    with closing(connect(tmp_path / "bot.db")) as database:
        yield database


async def written(store: Store) -> dict[Channel, str]:
    return dict(await store.channels.list_read_marks(NAME))


async def test_the_first_note_of_a_channel_is_written_at_once(marks: ReadMarks, sqlite: Store) -> None:
    await marks.note(A, 100)
    assert await written(sqlite) == {A: "100"}
    await marks.note(DIRECT, 200)
    assert await written(sqlite) == {A: "100", DIRECT: "200"}


async def test_later_notes_are_written_together(marks: ReadMarks, sqlite: Store) -> None:
    await marks.note(A, 100)
    await marks.note(B, 100)
    for message in range(101, 200):
        await marks.note(A, message)
        await marks.note(B, message)
    assert await written(sqlite) == {A: "100", B: "100"}
    await marks.save()
    assert await written(sqlite) == {A: "199", B: "199"}


async def test_a_channel_that_the_store_knows_is_not_written_at_once_after_a_fresh_start(sqlite: Store) -> None:
    await ReadMarks(sqlite.channels).note(A, 100)
    later = ReadMarks(sqlite.channels)
    assert await later.get_all() == {A: 100}
    await later.note(A, 101)
    assert await written(sqlite) == {A: "100"}
    assert await later.get_all() == {A: 101}


async def test_an_older_message_never_overwrites_a_newer_one(marks: ReadMarks, sqlite: Store) -> None:
    for message in (99, 1000, 100, 999):
        await marks.note(A, message)
    await marks.save()
    assert await written(sqlite) == {A: "1000"}
    await marks.note(A, 998)
    await marks.save()
    await marks.begin({A: 997, B: 5})
    assert await written(sqlite) == {A: "1000", B: "5"}
    await ReadMarks(sqlite.channels).note(A, 1)  # as another process would
    assert await written(sqlite) == {A: "1000", B: "5"}


async def test_channels_that_nothing_was_heard_of_are_noted_together(marks: ReadMarks, sqlite: Store) -> None:
    channels = {Place(id).channel: id for id in range(1, 1001)}
    await marks.begin(channels)
    assert await marks.get_all() == channels
    assert len(await written(sqlite)) == 1000


async def test_nothing_is_lost_while_the_store_fails(marks: ReadMarks, sqlite: Store, database: Connection) -> None:
    await marks.note(A, 100)
    database.execute("ALTER TABLE heard RENAME TO away")
    database.commit()
    await marks.note(A, 101)
    await marks.note(B, 7)
    await marks.begin({DIRECT: 9})
    failing = asyncio.create_task(marks.save())
    await asyncio.sleep(0)
    await marks.note(A, 102)  # while the older note is on its way
    await failing
    database.execute("ALTER TABLE away RENAME TO heard")
    database.commit()
    assert await written(sqlite) == {A: "100"}
    await marks.note(B, 8)  # the first one of its channel has not been written yet
    assert await written(sqlite) == {A: "102", B: "8", DIRECT: "9"}


async def test_notes_are_written_again_and_again_and_a_last_time_at_the_end(
    marks: ReadMarks, sqlite: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.platforms.discord.read_marks.SAVE_SECONDS", 0.02)
    await marks.note(A, 100)
    keeping = asyncio.create_task(marks.keep_saving())
    for message in ("101", "102"):
        await marks.note(A, int(message))
        async with asyncio.timeout(30):
            while await written(sqlite) != {A: message}:
                await asyncio.sleep(0.005)
    await marks.note(A, 103)
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    assert await written(sqlite) == {A: "103"}


async def test_marks_of_other_platforms_are_left_alone(marks: ReadMarks, sqlite: Store) -> None:
    await sqlite.channels.save_read_marks({Channel("elsewhere", "1"): "5"})
    await marks.note(A, 100)
    assert await marks.get_all() == {A: 100}

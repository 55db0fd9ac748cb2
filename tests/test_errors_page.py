"""Everything that can go wrong, made to go wrong; docs/errors.md is this test's output: the sentence the chat shows.

After a change of words: python -m tests.test_errors_page > docs/errors.md
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import structlog

from adapters.providers.onemin.provider import OneMin
from bot.app import build_job_context
from bot.asking.failover import Failover
from bot.configuration import read_settings
from bot.errors import FailureCode
from bot.files.photos import PhotoIntake
from bot.messages import Attachment, Message
from bot.operations.metrics import Metrics
from bot.store import open_store
from bot.store.sql import SqlStore
from bot.turns.stops import Stops
from bot.util.retry import ASK_AGAIN
from bot.words import LANGUAGES
from emulator import Emulator
from tests.conftest import PHOTOS, PICTURES, said
from tests.doubles.platform import FakePlatform
from tests.doubles.work import Worker

PAGE = Path(__file__).parents[1] / "docs" / "errors.md"

# What happens at the provider: our words for it, the emulator's fault, and where it happens.
FAULTS = [
    ("The key is wrong", "wrong_key", "chat"),
    ("The key was deleted", "key_deleted", "chat"),
    ("No credits are left (HTTP 406)", "no_credits_406", "chat"),
    ("No credits are left (HTTP 200 with the error inside)", "no_credits_200", "chat"),
    ("No credits are left (said in the stream)", "no_credits_event", "chat"),
    ("Too many requests (HTTP 429), again and again", "rate_limited", "chat"),
    ("The provider is down (HTTP 500), again and again", "server_error", "chat"),
    ("The provider is down (HTTP 502, an HTML page), again and again", "bad_gateway", "chat"),
    ("The provider is overloaded upstream, again and again", "upstream_busy", "chat"),
    ("The connection is cut before the first words, again and again", "cut_before", "chat"),
    ("The connection is cut in mid-answer", "cut_stream", "chat"),
    ("The model fails in mid-answer", "stream_error", "chat"),
    ("The model fails", "failed_record", "chat"),
    ("The answer is empty", "nothing", "chat"),
    ("The provider never answers, again and again", "hang", "chat"),
    ("The model does not exist", "unsupported_model", "chat"),
    ("The question is not accepted", "prompt_invalid", "chat"),
    ("Cloudflare turns the bot away", "cloudflare_challenge", "chat"),
    ("The provider sends a packed bomb", "gzip_bomb", "chat"),
    ("The provider does not take the file", "file_type", "assets"),
    ("The provider finds the photo too large", "too_large", "assets"),
]
BAD_PHOTOS = ["bomb-20000x20000.png", "truncated.jpg", "empty.jpg", "not-an-image.jpg"]


@dataclass
class Chat:
    """A channel with a bot in it, and an emulator of the provider behind that."""

    worker: Worker
    store: SqlStore
    platform: FakePlatform
    emulator: Emulator

    async def ask(self, message: Message) -> str:
        """Say something, let the bot try as often as it wants, and return what its newest post reads."""
        await self.store.intake.add(message)
        while await self.store.queue.count_waiting():
            await self.store.db.write(lambda execute: execute("UPDATE turns SET due = 0 WHERE finished IS NULL"))
            for turn in await self.store.queue.claim(1):
                await self.worker.take(turn)
        return self.platform.reads()[-1]


@asynccontextmanager
async def chat(silence: float = 30.0) -> AsyncIterator[Chat]:
    platform = FakePlatform()
    for name in PICTURES:
        platform.files[name] = (PHOTOS / name).read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/bot.db", "onemin/gpt-4o")
        assert isinstance(store, SqlStore)
        async with (
            store,
            PhotoIntake() as photos,
            Emulator(pace=0.001) as emulator,
            OneMin(
                "a-key", emulator.url, "unified", store.blobs, acquire=store.coordination.acquire, silence=silence
            ) as provider,
        ):
            settings = read_settings(_env_file=None)
            crew = build_job_context(
                settings,
                store,
                {"web": platform.as_platform()},
                {"onemin": provider},
                photos,
                Stops(),
                Failover(),
                consoles=frozenset({"web"}),
            )
            worker = Worker(crew, store=store, metrics=Metrics())
            yield Chat(worker, store, platform, emulator)


def with_photos(*names: str, text: str = "what is this?") -> Message:
    return replace(said(text), attachments=tuple(Attachment(ref=name, name=name) for name in names))


async def after_fault(fault: str, at: str) -> str:
    async with chat(silence=0.3 if fault == "hang" else 30.0) as here:
        here.emulator.faults.add(fault, times=int(ASK_AGAIN.attempts), at=at)
        return await here.ask(with_photos("cat.jpg"))


async def after_forgetting(fault: str) -> str:
    async with chat() as here:
        await here.ask(with_photos("cat.jpg"))
        here.emulator.faults.add(fault)
        return await here.ask(with_photos("cat.jpg"))


async def after_photos(*names: str) -> str:
    async with chat() as here:
        return await here.ask(with_photos(*names))


async def when_unreachable() -> str:
    async with chat() as here:
        await here.emulator.__aexit__(None, None, None)
        return await here.ask(with_photos("cat.jpg"))


def warning(text: str) -> str:
    """The sentence alone, without the words of the answer around it."""
    lines = [line for line in text.splitlines() if line.startswith(("⚠️", "_"))]
    return " … ".join(lines).replace("_", "") if lines else text


async def page() -> str:
    lines = [
        "# What the chat shows when something goes wrong",
        "",
        "Each line comes from a test that made it happen (`tests/test_errors_page.py`) with our emulator of 1min.ai.",
        f'"Again and again" means that the bot tried {ASK_AGAIN.attempts} times, with pauses, before it said anything.',
        "",
        "| what happens | what the chat shows |",
        "|---|---|",
    ]
    for what, fault, at in FAULTS:
        lines.append(f"| {what} | {warning(await after_fault(fault, at))} |")
    lines.append(f"| The provider cannot be reached, again and again | {warning(await when_unreachable())} |")
    forgotten = warning(await after_forgetting("forget_conversation"))
    lines.append(f"| The provider lost the conversation | {forgotten} |")
    lines += [f"| Only `{name}` is sent | {warning(await after_photos(name))} |" for name in BAD_PHOTOS]
    mixed = warning(await after_photos("cat.jpg", "truncated.jpg", "cat.heic", "not-an-image.jpg"))
    lines.append(f"| Two good photos and two bad ones are sent | {mixed} |")
    return "\n".join(lines) + "\n"


@pytest.mark.timeout(120)
async def test_the_page_of_errors_says_what_the_chat_shows_and_gives_nothing_away() -> None:
    text = await page()
    assert PAGE.read_text() == text
    for secret in ("a-key", "127.0.0.1", "http", "Team", "team"):
        assert secret not in text


def test_the_readme_counts_failures_and_languages_as_they_are() -> None:
    readme = (PAGE.parents[1] / "README.md").read_text("utf-8")
    shown = sum(line.startswith("| ") for line in PAGE.read_text("utf-8").splitlines()) - 1  # but for the head
    assert f"{len(FailureCode)} kinds of failure have a sentence in eleven languages" in readme
    assert f"[{shown} of a provider's](docs/errors.md)" in readme
    assert len(LANGUAGES) == 11
    assert all(name in readme for name in LANGUAGES.values())


async def test_a_lost_photo_is_uploaded_again_and_nobody_notices() -> None:
    answer = await after_forgetting("forget_asset")
    assert "⚠️" not in answer
    assert "451 × 300" in answer


@pytest.mark.parametrize("name", PICTURES)
async def test_every_test_photo_is_answered_or_refused_by_name(name: str) -> None:
    answer = await after_photos(name)
    if name in BAD_PHOTOS:
        assert answer.startswith(f"⚠️ I couldn't read {name}: ")
    else:
        assert "No metadata was left in it." in answer
        assert "⚠️" not in answer


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    print(asyncio.run(page()), end="")

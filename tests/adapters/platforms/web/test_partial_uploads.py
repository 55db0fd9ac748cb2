"""Uploads that broke off keep what has arrived of them until the rest comes, also after a restart."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from adapters.platforms.web import partial_uploads
from adapters.platforms.web.partial_uploads import Overtaken, PartialUploads, WrongOffset

MOST = 10 * partial_uploads.PIECE
WHOLE = os.urandom(3 * partial_uploads.PIECE + 5)


@pytest.fixture
def uploads(tmp_path: Path) -> Iterator[PartialUploads]:
    uploads = PartialUploads(tmp_path)
    yield uploads
    uploads.close()


async def sent(data: bytes, *, breaks_off: bool = False, goes_on: asyncio.Event | None = None) -> AsyncIterator[bytes]:
    """The chunks of a request's body."""
    for start in range(0, len(data), 64 * 1024):
        yield data[start : start + 64 * 1024]
    if goes_on:
        await goes_on.wait()
        yield b""
    if breaks_off:
        raise ConnectionResetError


async def break_off(uploads: PartialUploads, key: str, data: bytes) -> None:
    with pytest.raises(ConnectionResetError):
        await uploads.receive(key, 0, sent(data, breaks_off=True), MOST)
    assert await uploads.count_received(key) == len(data)


async def test_what_broke_off_goes_on_after_a_restart(uploads: PartialUploads, tmp_path: Path) -> None:
    await break_off(uploads, "cat", WHOLE[:600_000])
    assert await uploads.count_received("cat") == 600_000
    uploads.close()
    again = PartialUploads(tmp_path)
    assert await again.count_received("cat") == 600_000
    assert await again.receive("cat", 600_000, sent(WHOLE[600_000:]), MOST) == WHOLE
    assert await again.count_received("cat") == 0
    assert list(tmp_path.iterdir()) == []
    again.close()


async def test_it_goes_on_only_where_it_ended(uploads: PartialUploads) -> None:
    await break_off(uploads, "cat", WHOLE[:1000])
    for offset in (0, 999, 1001):
        with pytest.raises(WrongOffset):
            await uploads.receive("cat", offset, sent(b"x"), MOST)
    assert await uploads.receive("cat", 1000, sent(WHOLE[1000:]), MOST) == WHOLE
    assert await uploads.receive("dog", 0, sent(b""), MOST) == b""


async def test_two_requests_never_mix(uploads: PartialUploads) -> None:
    goes_on = asyncio.Event()
    first = asyncio.create_task(uploads.receive("cat", 0, sent(WHOLE[:1000], goes_on=goes_on), MOST))
    second = asyncio.create_task(uploads.receive("cat", 0, sent(WHOLE), MOST))
    assert await second == WHOLE
    goes_on.set()
    with pytest.raises(Overtaken):
        await first
    assert await uploads.count_received("cat") == 0


async def test_of_a_frozen_request_all_that_came_counts(uploads: PartialUploads) -> None:
    thaws = asyncio.Event()
    first = asyncio.create_task(uploads.receive("cat", 0, sent(WHOLE[:1000], goes_on=thaws), MOST))
    async with asyncio.timeout(30):
        while await uploads.count_received("cat") != 1000:
            await asyncio.sleep(0.01)
    assert await uploads.receive("cat", 1000, sent(WHOLE[1000:]), MOST) == WHOLE
    thaws.set()
    with pytest.raises(Overtaken):
        await first


async def test_what_is_too_long_is_not_kept(uploads: PartialUploads, tmp_path: Path) -> None:
    assert await uploads.receive("cat", 0, sent(bytes(MOST + 1)), MOST) is None
    assert list(tmp_path.iterdir()) == []


async def test_what_is_old_or_too_much_is_deleted(uploads: PartialUploads, tmp_path: Path) -> None:
    await break_off(uploads, "old", b"x")
    long_ago = time.time() - partial_uploads.PATIENCE - 1
    [old] = tmp_path.iterdir()
    os.utime(old, (long_ago, long_ago))
    for n in range(partial_uploads.MOST_HELD + 1):
        await break_off(uploads, f"new {n}", b"x")
        newest = max(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, (time.time() + n - 60,) * 2)
    await uploads.drop_old()
    assert not old.exists()
    assert len(list(tmp_path.iterdir())) == partial_uploads.MOST_HELD
    assert await uploads.count_received("new 0") == 0

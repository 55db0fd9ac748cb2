"""Files of millions of tiny parts are refused soon, take little memory, and keep nobody waiting."""

import asyncio
import os
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.errors import Unreadable
from bot.files.decoders.strip import strip
from bot.files.isolation import client
from bot.files.photos import PhotoIntake
from tests.files.isolation.test_confinement import descendants
from tests.files.photos import file, scene, written

SIZE = 20_000_000
MEBIBYTE = 1024 * 1024


def filled(before: bytes, part: bytes, after: bytes) -> bytes:
    """Put so many parts in between that it becomes 20 MB."""
    return before + part * ((SIZE - len(before) - len(after)) // len(part)) + after


def jpeg(segment: bytes) -> bytes:
    whole = written(scene(), "JPEG")
    return filled(whole[:2], segment, whole[2:])


def png(kind: bytes, body: bytes) -> bytes:
    whole = written(scene(), "PNG")
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return filled(whole[:33], chunk, whole[33:])


def webp() -> bytes:
    """Every chunk is of another kind."""
    chunks = b"".join(struct.pack("<II", 0x20202020 + n, 0) for n in range(SIZE // 8))
    whole = written(scene(), "WEBP")
    body = whole[8:] + chunks
    return b"RIFF" + struct.pack("<I", len(body)) + body


def gif(block: bytes) -> bytes:
    whole = written(scene(), "GIF")
    start = 13 + (3 << (whole[10] & 7) + 1)
    return filled(whole[:start], block, whole[start:])


def tiff(kind: int, count: int, tags: range) -> bytes:
    """Each entry has the same large value, which is the rest of the file."""
    entries = b"".join(struct.pack("<HHII", tag, kind, count, 4096) for tag in tags)
    head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)
    return head + bytes(SIZE - len(head))


FLOODS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "JPEG, restart intervals": ("JPEG", lambda: jpeg(b"\xff\xdd\0\4\0\0")),
    "JPEG, comments": ("JPEG", lambda: jpeg(b"\xff\xfe\0\2")),
    "JPEG, tables": ("JPEG", lambda: jpeg(b"\xff\xdb\0\2")),
    "PNG, gamma": ("PNG", lambda: png(b"gAMA", b"\0\0\xb1\x8f")),
    "PNG, unknown chunks": ("PNG", lambda: png(b"abCd", b"")),
    "PNG, empty data": ("PNG", lambda: png(b"IDAT", b"")),
    "WebP, unknown chunks": ("WEBP", webp),
    "HEIF, free boxes": ("HEIF", lambda: filled(file("cat.heic"), b"\0\0\0\x08free", b"")),
    "AVIF, free boxes": ("AVIF", lambda: filled(file("cat.avif"), b"\0\0\0\x08free", b"")),
    "GIF, comments": ("GIF", lambda: gif(b"\x21\xfe\1c\0")),
    "GIF, one comment": ("GIF", lambda: gif(b"\x21\xfe" + b"\1c" * 9_000_000 + b"\0")),
    "TIFF, one value many times": ("TIFF", lambda: tiff(7, SIZE - 4096, range(40000, 40500))),
    "TIFF, entries": ("TIFF", lambda: tiff(7, 4, range(256, 60_000))),
    "TIFF, strips": ("TIFF", lambda: tiff(3, 4_000_000, range(273, 274))),
}


@pytest.mark.parametrize(("kind", "flood"), FLOODS.values(), ids=FLOODS.keys())
def test_a_flood_is_refused_for_what_it_is_after_a_bounded_walk(kind: str, flood: Callable[[], bytes]) -> None:
    data = flood()
    tracemalloc.start()
    try:
        with pytest.raises(Unreadable) as refused:
            strip(kind, data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refused.value.code == "photo_too_many_parts"
    assert peak < 32 * MEBIBYTE


async def test_floods_take_little_memory_and_others_are_answered_meanwhile() -> None:
    floods = [flood() for _, flood in FLOODS.values()]
    async with PhotoIntake() as photos:
        await photos.read("warm", file("cat.jpg"))
        before = memory_in_use()
        reading = [asyncio.create_task(refusal(photos, data)) for data in floods]
        peak, answered = 0, 0
        while not all(task.done() for task in reading):
            async with asyncio.timeout(20):
                await photos.read("cat.jpg", file("cat.jpg"), "another")
            answered += not all(task.done() for task in reading)
            peak = max(peak, memory_in_use())
    assert {await task for task in reading} == {"photo_too_many_parts"}
    assert answered >= 3
    assert peak - before < 150 * MEBIBYTE


async def test_a_gif_with_a_long_comment_in_long_pieces_is_read_without_it() -> None:
    whole = written(scene(), "GIF")
    start = 13 + (3 << (whole[10] & 7) + 1)
    comment = b"\x21\xfe" + (b"\xff" + b"c" * 255) * 60_000 + b"\0"
    async with PhotoIntake() as photos:
        photo = await photos.read("long.gif", whole[:start] + comment + whole[start:])
    assert (photo.width, photo.height) == scene().size


async def test_a_photo_that_takes_too_long_or_breaks_the_worker_is_named_for_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for reason, key in (("slow", "photo_slow"), ("memory", "photo_bomb"), ("crashed", "photo_broken")):

        async def fail(*_: object, reason: client.Failure = reason, **__: object) -> None:  # type: ignore[assignment]
            raise client.WorkerFailed(reason)

        monkeypatch.setattr("bot.files.photos.run", fail)
        async with PhotoIntake() as photos:
            assert await refusal(photos, file("cat.jpg")) == key


async def refusal(photos: PhotoIntake, data: bytes) -> str:
    with pytest.raises(Unreadable) as refused:
        await photos.read("flood", data, "one")
    return refused.value.code


def memory_in_use() -> int:
    """Bytes of this process and of those below it, what they share counted once."""
    return sum(proportional_memory(pid) for pid in [os.getpid(), *descendants(os.getpid())])


def proportional_memory(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:  # it has ended
        return 0
    return sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) * 1024

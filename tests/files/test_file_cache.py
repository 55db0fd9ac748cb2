"""What people showed lies in files: within bounds, for our eyes alone, and for as long as somebody holds it."""

import asyncio
import gc
import hashlib
import os
import re
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import thread as thread_pools
from pathlib import Path

import pytest

from bot.files.file_cache import FileCache
from bot.files.photos import PhotoIntake
from bot.messages import DOCUMENTS, Document, Photo
from tests.doubles.work import until
from tests.files.photos import file

SIZE = (40, 30)
MANY = 1_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "photos"


@pytest.fixture
def keep(folder: Path) -> FileCache:
    """Holds three photos of ten bytes."""
    return FileCache(folder, 30)


def bytes_of(n: int) -> bytes:
    return b"photo %04d" % n


def hash_of(n: int) -> str:
    return hashlib.sha256(bytes_of(n)).hexdigest()


def put(keep: FileCache, n: int) -> Photo:
    return keep.put_photo(f"{n}.heic", "image/jpeg", bytes_of(n), SIZE)


def there(keep: FileCache, *numbers: int) -> list[int]:
    """Which of these can be recalled."""
    return [n for n in numbers if keep.recall(hash_of(n), "again")]


SCRAP = re.compile(r"\.[0-9a-f]{8}\.part$")  # is being deleted


def names(folder: Path) -> list[str]:
    """What lies in the folder, as soon as nothing is on its way out."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and any(SCRAP.search(path.name) for path in folder.iterdir()):
        time.sleep(0.001)
    return sorted(path.name for path in folder.iterdir())


def name(n: int) -> str:
    return f"{hash_of(n)}-40x30.jpg"


def grow_older(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_one_person_s_flood_drives_out_their_own_photos(keep: FileCache) -> None:
    keep.put_photo("1.heic", "image/jpeg", bytes_of(1), SIZE, "telegram:bob")
    for n in range(2, 10):
        keep.put_photo(f"{n}.heic", "image/jpeg", bytes_of(n), SIZE, "telegram:ann")
    assert there(keep, *range(1, 10)) == [1, 8, 9]


def test_a_photo_is_told_by_its_file_alone(keep: FileCache, folder: Path) -> None:
    photo = put(keep, 1)
    assert photo == Photo(
        name="1.heic", mime="image/jpeg", file=folder / name(1), size=10, sha256=hash_of(1), width=40, height=30
    )
    assert photo.file.read_bytes() == bytes_of(1)


@pytest.mark.parametrize("mime", ["image/jpeg", "image/png", "image/webp"])
def test_it_is_recalled_under_another_name_also_after_a_restart(keep: FileCache, folder: Path, mime: str) -> None:
    photo = keep.put_photo("a.heic", mime, bytes_of(1), SIZE)
    for each in (keep, FileCache(folder, 30)):
        recalled = each.recall(photo.sha256, "b.heic")
        assert recalled == Photo(
            name="b.heic", mime=mime, file=photo.file, size=10, sha256=photo.sha256, width=40, height=30
        )


@pytest.mark.parametrize(("mime", "ending"), DOCUMENTS.items())
def test_a_document_is_kept_likewise(keep: FileCache, folder: Path, mime: str, ending: str) -> None:
    document = keep.put_document("a.bin", mime, bytes_of(1))
    assert document == Document(
        name="a.bin", mime=mime, file=folder / f"{hash_of(1)}.{ending}", size=10, sha256=hash_of(1)
    )
    for each in (keep, FileCache(folder, 30)):
        recalled = each.recall(document.sha256, "b.bin")
        assert recalled == Document(name="b.bin", mime=mime, file=document.file, size=10, sha256=document.sha256)


def test_the_same_text_under_two_endings_is_one_file(keep: FileCache, folder: Path) -> None:
    first = keep.put_document("a.md", "text/markdown", bytes_of(1))
    again = keep.put_document("a.txt", "text/plain", bytes_of(1))
    assert (again.name, again.mime, again.file) == ("a.txt", "text/markdown", first.file)
    assert names(folder) == [f"{hash_of(1)}.md"]


def test_photos_and_documents_share_the_room(keep: FileCache, folder: Path) -> None:
    for n in (1, 2):
        keep.put_document(f"{n}.txt", "text/plain", bytes_of(n))
    put(keep, 3)
    put(keep, 4)
    assert there(keep, 1, 2, 3, 4) == [2, 3, 4]
    keep.drop([hash_of(2)])
    keep.expire(time.time() + 1)
    assert names(folder) == []


def test_what_was_never_there_is_none(keep: FileCache) -> None:
    assert keep.recall(hash_of(1), "1.heic") is None


def test_the_same_bytes_twice_are_one_file_and_as_old_as_the_first(keep: FileCache, folder: Path) -> None:
    first = put(keep, 1)
    grow_older(first.file, 100)
    before = first.file.stat()
    again = put(keep, 1)
    assert again == first
    assert names(folder) == [name(1)]
    after = again.file.stat()
    assert (before.st_ino, before.st_mtime) == (after.st_ino, after.st_mtime)


def test_the_same_bytes_in_many_threads_are_one_file(keep: FileCache, folder: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        photos = list(threads.map(lambda _: put(keep, 1), range(50)))
    assert len(set(photos)) == 1
    assert names(folder) == [name(1)]
    assert photos[0].file.read_bytes() == bytes_of(1)


def test_nobody_else_may_look(folder: Path) -> None:
    old = os.umask(0)
    try:
        photo = put(FileCache(folder, 30), 1)
    finally:
        os.umask(old)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(photo.file.stat().st_mode) == 0o600


# bounds


def test_the_longest_unused_ones_make_room(keep: FileCache, folder: Path) -> None:
    for n in (1, 2, 3):
        put(keep, n)
    keep.recall(hash_of(1), "used")
    put(keep, 4)
    assert names(folder) == sorted(map(name, (1, 3, 4)))
    assert there(keep, 1, 2, 3, 4) == [1, 3, 4]


def test_what_somebody_holds_stays_beyond_all_bounds_until_it_is_let_go(keep: FileCache, folder: Path) -> None:
    held = [put(keep, n) for n in range(9)]
    assert len(names(folder)) == 9
    del held[:6]
    assert names(folder) == sorted(map(name, (6, 7, 8)))
    assert [photo.file.read_bytes() for photo in held] == [bytes_of(n) for n in (6, 7, 8)]


def test_who_holds_the_last_of_several_keeps_the_file(keep: FileCache) -> None:
    held = [put(keep, 1), put(keep, 1), keep.recall(hash_of(1), "too")]
    for _ in range(3):
        for n in (2, 3, 4, 5):
            put(keep, n)
        assert there(keep, 1) == [1]
        held.pop()
    for n in (2, 3, 4, 5):
        put(keep, n)
    assert there(keep, 1) == []


def test_a_photo_larger_than_all_room_is_there_while_it_is_held(keep: FileCache, folder: Path) -> None:
    photo = keep.put_photo("large.jpg", "image/jpeg", bytes(100), SIZE)
    assert photo.file.read_bytes() == bytes(100)
    del photo
    assert names(folder) == []


def test_after_a_restart_the_oldest_make_room(folder: Path) -> None:
    first = FileCache(folder, MANY)
    for n, age in ((1, 10), (2, 30), (3, 20), (4, 40)):
        grow_older(put(first, n).file, age)
    again = FileCache(folder, 30)
    assert names(folder) == sorted(map(name, (1, 2, 3)))
    put(again, 5)
    assert names(folder) == sorted(map(name, (1, 3, 5)))


def test_letting_go_in_the_middle_of_something_stops_nobody(folder: Path) -> None:
    """The collector finds out at any moment, such as while the drawer is being looked through."""
    keep = FileCache(folder, 30)

    class Knot:
        def __init__(self, photo: Photo) -> None:
            self.photo, self.self = photo, self

    old = gc.get_threshold()
    gc.set_threshold(1, 1, 1)
    try:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda n: Knot(put(keep, n % 20)) and keep.recall(hash_of(n % 7), "it"), range(400)))
    finally:
        gc.set_threshold(*old)
    gc.collect()
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 30


# deleting


def test_what_is_dropped_is_gone_and_nothing_else(keep: FileCache, folder: Path) -> None:
    for n in (1, 2, 3):
        put(keep, n)
    keep.drop([hash_of(1), hash_of(3), "0" * 64])
    assert names(folder) == [name(2)]
    assert there(keep, 1, 2, 3) == [2]


def test_what_is_dropped_while_it_is_held_is_known_no_more_and_goes_when_let_go(keep: FileCache, folder: Path) -> None:
    photo = put(keep, 1)
    keep.drop([photo.sha256])
    assert there(keep, 1) == []
    assert photo.file.read_bytes() == bytes_of(1)
    del photo
    assert names(folder) == []


def test_what_is_dropped_and_then_sent_again_stays(keep: FileCache) -> None:
    photo = put(keep, 1)
    keep.drop([photo.sha256])
    put(keep, 1)
    del photo
    assert there(keep, 1) == [1]


def test_what_is_dropped_takes_no_room(keep: FileCache) -> None:
    for n in (1, 2, 3):
        put(keep, n)
    keep.drop([hash_of(2)])
    put(keep, 4)
    assert there(keep, 1, 3, 4) == [1, 3, 4]


def test_what_was_written_too_long_ago_expires_however_lately_it_was_used(keep: FileCache, folder: Path) -> None:
    for n, age in ((1, 100), (2, 50), (3, 100)):
        grow_older(put(keep, n).file, age)
    held = keep.recall(hash_of(1), "used")
    keep.expire(time.time() - 75)
    assert there(keep, 1, 2, 3) == [2]
    assert names(folder) == sorted([name(1), name(2)])
    del held
    assert names(folder) == [name(2)]


# somebody else's doings


def test_another_process_on_the_folder_disturbs_nobody(folder: Path) -> None:
    one, other = FileCache(folder, 30), FileCache(folder, 30)
    put(one, 1)
    put(other, 1)
    put(other, 2)
    for n in (1, 2):
        other.drop([hash_of(n)])
    assert there(one, 1, 2) == []
    assert put(one, 1).file.read_bytes() == bytes_of(1)


def test_what_another_process_wrote_is_deleted_when_it_is_unwanted_or_old(folder: Path) -> None:
    one, other = FileCache(folder, 30), FileCache(folder, 30)
    put(one, 1)
    grow_older(put(one, 2).file, 100)
    other.drop([hash_of(1)])
    other.expire(time.time() - 75)
    assert names(folder) == []


def test_a_file_that_somebody_deleted_is_written_again(keep: FileCache) -> None:
    put(keep, 1).file.unlink()
    assert there(keep, 1) == []
    put(keep, 2).file.unlink()
    assert put(keep, 2).file.read_bytes() == bytes_of(2)


def test_a_folder_that_somebody_deleted_is_made_again(keep: FileCache, folder: Path) -> None:
    put(keep, 1).file.unlink()
    folder.rmdir()
    keep.drop([hash_of(1)])
    keep.expire(time.time())
    assert put(keep, 2).file.read_bytes() == bytes_of(2)


@pytest.mark.parametrize("left", [b"", b"phot", b"other 0001"])
def test_what_a_power_cut_left_of_a_file_is_no_photo(folder: Path, left: bytes) -> None:
    put(FileCache(folder, 30), 1).file.write_bytes(left)
    keep = FileCache(folder, 30)
    assert there(keep, 1) == []
    assert names(folder) == []
    (folder / name(2)).write_bytes(left)
    assert put(FileCache(folder, 30), 2).file.read_bytes() == bytes_of(2)


def test_what_a_crash_left_half_written_is_swept_away(folder: Path) -> None:
    keep = FileCache(folder, 30)
    for each, age in ((f"{name(1)}.x_y1.part", 7200), (f"{name(2)}.abc.part", 5), ("mine.part", 7200)):
        (folder / each).write_bytes(b"half")
        grow_older(folder / each, age)
    FileCache(folder, 30)
    assert names(folder) == sorted([f"{name(2)}.abc.part", "mine.part"])
    grow_older(folder / f"{name(2)}.abc.part", 7200)
    keep.expire(0)
    assert names(folder) == ["mine.part"]


def test_what_cannot_be_written_leaves_nothing_behind(keep: FileCache, folder: Path) -> None:
    (folder / name(1)).mkdir()
    with pytest.raises(OSError, match="directory"):
        put(keep, 1)
    assert names(folder) == [name(1)]
    assert there(keep, 1) == []


def test_what_is_not_ours_stays(folder: Path) -> None:
    folder.mkdir(parents=True)
    for each in ("bot.db", "12.jpg", f"{hash_of(1)}.jpg", f"{hash_of(1)}-40x30.gif", f"{hash_of(1).upper()}-1x1.jpg"):
        (folder / each).write_bytes(b"somebody's")
        grow_older(folder / each, 9_999_999)
    before = names(folder)
    keep = FileCache(folder, 0)
    put(keep, 2)
    keep.drop([hash_of(1)])
    keep.expire(time.time())
    assert names(folder) == before


# in the darkroom


async def test_what_was_read_can_be_recalled_dropped_and_expires(folder: Path) -> None:
    async with PhotoIntake(folder=folder) as photos:
        photo = await photos.read("rocket.jpg", file("rocket.jpg"))
        assert photo.file.parent == folder
        assert await photos.recall(photo.sha256, "../again.jpg") == Photo(
            name="again.jpg",
            mime=photo.mime,
            file=photo.file,
            size=photo.size,
            sha256=photo.sha256,
            width=photo.width,
            height=photo.height,
        )
        await photos.drop([photo.sha256])
        assert await photos.recall(photo.sha256, "again.jpg") is None
        await photos.read("rocket.jpg", file("rocket.jpg"))
        await photos.expire(time.time() + 1)
        assert await photos.recall(photo.sha256, "again.jpg") is None


def test_letting_go_waits_for_no_lock_of_the_thread_in_which_the_collector_runs(keep: FileCache, folder: Path) -> None:
    held = [put(keep, 1)]
    keep.drop([hash_of(1)])
    letting_go = threading.Thread(target=held.clear, daemon=True)
    with thread_pools._global_shutdown_lock:  # as any other pool has it while it submits
        letting_go.start()
        letting_go.join(20)
        assert not letting_go.is_alive()
    assert names(folder) == []


async def test_what_was_read_outlives_the_process(folder: Path) -> None:
    async with PhotoIntake(folder=folder) as photos:
        photo = await photos.read("rocket.jpg", file("rocket.jpg"))
    async with PhotoIntake(folder=folder) as photos:
        assert await photos.recall(photo.sha256, photo.name) == photo


async def test_without_a_folder_nothing_is_left() -> None:
    async with PhotoIntake() as photos:
        photo = await photos.read("rocket.jpg", file("rocket.jpg"))
        assert photo.file.exists()
    assert not photo.file.parent.exists()


async def test_who_stops_waiting_holds_nothing(folder: Path) -> None:
    async with PhotoIntake(folder=folder, kept_bytes=0) as photos:
        held = await photos.read("cat.jpg", file("cat.jpg"))
        reading = asyncio.create_task(photos.read("large.jpg", file("astronaut-12mp.jpg")))
        await asyncio.sleep(0.01)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await photos.read("rocket.jpg", file("rocket.jpg"))  # in the same thread, after the large one
        await until(lambda: names(folder) == [held.file.name])

"""A cache of photos and documents: a bounded folder of files by their hash, private to the bot's account."""

import hashlib
import os
import re
import secrets
import tempfile
import threading
import time
import weakref
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from bot.messages import DOCUMENTS, ENDINGS, NO_TRACES, PHOTOS, Document, Photo, PhotoTraces, Remark, StoredFile

MIMES = {ending: mime for mime, ending in ENDINGS.items()}
NAME = re.compile(
    r"(?P<sha256>[0-9a-f]{64})(?:"
    rf"-(?P<width>[0-9]{{1,9}})x(?P<height>[0-9]{{1,9}})\.(?P<photo>{'|'.join(PHOTOS.values())})"
    rf"|\.(?P<document>{'|'.join(DOCUMENTS.values())}))"
)
PART = ".part"  # suffix of a file that is being written
WRITTEN = 3600.0  # seconds after which a partly written file is abandoned: its writer has died

Each = TypeVar("Each", bound=StoredFile)

_deletions: SimpleQueue[Callable[[], object]] = SimpleQueue()  # the one queue that a finalizer may put into: no locks


class FileCache:
    """Cache of photos and documents by their hash.

    If they take too many bytes, the least recently used files of the owner with the most bytes are evicted, but none in
    use: a flood from one person evicts only their own files. The methods wait for the
    disk, and may be called in any thread. Several processes may share the folder: each of them bounds the files that it
    found or wrote there, and treats a file that another one deleted as if it had never existed.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        """Create the folder, or index its content; only files of the cache itself are ever removed from it."""
        self.folder, self.most_bytes = folder, most_bytes
        self._kept: dict[str, StoredFile] = {}  # by hash, the least recently used first
        self._total = 0  # bytes of those
        self._owners: dict[str, str] = {}  # owner by hash; unknown for files of an earlier run
        self._brought: Counter[str] = Counter()  # bytes of those, by owner
        self._unproven: set[str] = set()  # from an earlier run: a power cut may have left half a file
        self._holders: Counter[str] = Counter()
        self._doomed: dict[str, Path] = {}  # deleted as soon as they are no longer in use
        self._let_go: deque[str] = deque()
        self._lock = threading.Lock()
        _start_deleting()
        self._open()

    def put_photo(
        self,
        name: str,
        mime: str,
        data: bytes,
        size: tuple[int, int],
        owner: str = "",
        *,
        remarks: tuple[Remark, ...] = (),
        traces: PhotoTraces = NO_TRACES,
    ) -> Photo:
        """Write a photo that `owner` sent to the disk, unless it is there. OSError: it cannot be written."""
        sha256 = hashlib.sha256(data).hexdigest()
        file = self.folder / f"{sha256}-{size[0]}x{size[1]}.{PHOTOS[mime]}"
        photo = Photo(
            name=name,
            mime=mime,
            file=file,
            size=len(data),
            sha256=sha256,
            width=size[0],
            height=size[1],
            remarks=remarks,
            traces=traces,
        )
        return self._put(photo, data, owner)

    def put_document(self, name: str, mime: str, data: bytes, owner: str = "") -> Document:
        """Write a document to the disk likewise."""
        sha256 = hashlib.sha256(data).hexdigest()
        file = self.folder / f"{sha256}.{DOCUMENTS[mime]}"
        return self._put(Document(name=name, mime=mime, file=file, size=len(data), sha256=sha256), data, owner)

    def recall(self, sha256: str, name: str) -> StoredFile | None:
        """Return the file with this hash, under this name; None if it is no longer cached."""
        with self._locked():
            file = self._find(sha256)
            return self._held(file, name) if file else None

    def drop(self, sha256s: Iterable[str]) -> None:
        """Delete these files. One that is in use can no longer be recalled, and is deleted when it is released."""
        unwanted = set(sha256s)
        with self._locked():
            for each in self._files():
                if each.sha256 in unwanted:
                    self._take_out(each)
        _wait_for_deletions()

    def expire(self, before: float) -> None:
        """Delete, as `drop` does, files written before `moment`, in seconds since 1970, by any process."""
        with self._locked():
            for each in self._files():
                if _changed(each.file) < before:
                    self._take_out(each)
            self._sweep()
        _wait_for_deletions()

    # files

    def _put(self, new: Each, data: bytes, owner: str) -> Each:
        with self._locked():
            if existing := self._find(new.sha256):  # the same text may have been stored as Markdown before
                return self._held(replace(new, mime=existing.mime, file=existing.file), new.name)
        with self._written(new.file, data) as part, self._locked():
            part.replace(new.file)
            self._doomed.pop(new.sha256, None)
            self._enter(new, owner)
            held = self._held(new, new.name)
            self._make_room()
        return held

    def _open(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sweep()
        for each in sorted(self._files(), key=lambda each: _changed(each.file)):
            with suppress(FileNotFoundError):  # another process has deleted it already
                self._enter(replace(each, size=each.file.stat().st_size))
                self._unproven.add(each.sha256)
        self._make_room()

    def _files(self) -> Iterator[StoredFile]:
        """Index the files in the folder by their names; their bytes are not counted yet."""
        for path in list(self.folder.iterdir()) if self.folder.is_dir() else ():
            if match := NAME.fullmatch(path.name):
                yield _named(path, **match.groupdict())

    def _sweep(self) -> None:
        for path in self.folder.glob(f"*{PART}"):
            if NAME.fullmatch(path.stem.rpartition(".")[0]) and _changed(path) < time.time() - WRITTEN:
                path.unlink(missing_ok=True)

    @contextmanager
    def _written(self, beside: Path, data: bytes) -> Iterator[Path]:
        """Write a file under a temporary name. It is not flushed: damage by a power cut is detected later."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number, part = tempfile.mkstemp(PART, f"{beside.name}.", self.folder)  # readable for the owner only
        try:
            with os.fdopen(number, "wb") as file:
                file.write(data)
            yield Path(part)
        finally:
            Path(part).unlink(missing_ok=True)  # already renamed, unless something went wrong

    # entries, under the lock

    def _find(self, sha256: str) -> StoredFile | None:
        """Find an entry with an existing, complete file, and mark it as the most recently used one."""
        entry = self._kept.get(sha256)
        if entry is None:
            return None
        if not self._is_whole(entry):
            self._take_out(entry)
            return None
        self._kept[sha256] = self._kept.pop(sha256)
        return entry

    def _is_whole(self, entry: StoredFile) -> bool:
        if entry.sha256 not in self._unproven:
            return entry.file.exists()
        with suppress(FileNotFoundError), entry.file.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == entry.sha256:
                self._unproven.discard(entry.sha256)
                return True
        return False

    def _enter(self, entry: StoredFile, owner: str = "") -> None:
        self._forget(entry.sha256)
        if isinstance(entry, Photo):
            entry = replace(entry, remarks=(), traces=NO_TRACES)
        self._kept[entry.sha256] = replace(entry, name="")
        self._total += entry.size
        self._owners[entry.sha256] = owner
        self._brought[owner] += entry.size

    def _forget(self, sha256: str) -> None:
        self._unproven.discard(sha256)
        if entry := self._kept.pop(sha256, None):
            self._total -= entry.size
            owner = self._owners.pop(sha256)
            self._brought[owner] -= entry.size
            if not self._brought[owner]:
                del self._brought[owner]

    def _take_out(self, entry: StoredFile) -> None:
        self._forget(entry.sha256)
        if entry.sha256 in self._holders:
            self._doomed[entry.sha256] = entry.file
        else:
            self._shred(entry.file)

    def _make_room(self) -> None:
        if self._total <= self.most_bytes:
            return
        unheld: defaultdict[str, deque[StoredFile]] = defaultdict(deque)  # by owner, the least recently used first
        for kept in self._kept.values():
            if kept.sha256 not in self._holders:
                unheld[self._owners[kept.sha256]].append(kept)
        while unheld and self._total > self.most_bytes:
            owner = max(unheld, key=lambda each: self._brought[each])
            self._take_out(unheld[owner].popleft())
            if not unheld[owner]:
                del unheld[owner]

    # holders

    def _held(self, entry: Each, name: str) -> Each:
        """Return the file as its users hold it; it is released when nothing refers to it any more."""
        held = replace(entry, name=name)
        self._holders[held.sha256] += 1
        weakref.finalize(held, self._left, held.sha256).atexit = False
        return held

    def _left(self, sha256: str) -> None:
        """Note a release. Nothing may block here: the garbage collector may call it in a thread that has the lock."""
        self._let_go.append(sha256)
        self._settle()

    def _settle(self) -> None:
        """Process the noted releases, unless another thread has the lock, which then does it."""
        while self._let_go and self._lock.acquire(blocking=False):
            try:
                while self._let_go:
                    self._release(self._let_go.popleft())
                self._make_room()
            finally:
                self._lock.release()

    def _release(self, sha256: str) -> None:
        self._holders[sha256] -= 1
        if not self._holders[sha256]:
            del self._holders[sha256]
            if doomed := self._doomed.pop(sha256, None):
                self._shred(doomed)

    def _shred(self, file: Path) -> None:
        """Rename the file at once, and delete it in a thread: with megabytes that takes a while."""
        scrap = file.with_name(f"{file.name}.{secrets.token_hex(4)}{PART}")
        with suppress(FileNotFoundError):
            file.rename(scrap)
            _deletions.put(partial(scrap.unlink, missing_ok=True))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            with self._lock:
                yield
        finally:
            self._settle()


@cache
def _start_deleting() -> None:
    threading.Thread(target=_delete_in_turn, name="deletions", daemon=True).start()


def _delete_in_turn() -> None:
    while True:
        delete = _deletions.get()
        with suppress(OSError):
            delete()


def _wait_for_deletions() -> None:
    """Wait until all files removed so far are deleted."""
    done = threading.Event()
    _deletions.put(done.set)
    done.wait()


def display_name(name: str, otherwise: str) -> str:
    """Return a name to show for a file: no path, only printable characters, and not too long."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(filter(str.isprintable, last)).strip()[:60].strip() or otherwise


def _named(
    file: Path, sha256: str, width: str | None, height: str | None, photo: str | None, document: str | None
) -> StoredFile:
    if document:
        return Document(name="", mime=MIMES[document], file=file, size=0, sha256=sha256)
    return Photo(
        name="",
        mime=MIMES[photo or ""],
        file=file,
        size=0,
        sha256=sha256,
        width=int(width or 0),
        height=int(height or 0),
    )


def _changed(path: Path) -> float:
    """Return the time when the file was written; infinity if it has been deleted meanwhile."""
    with suppress(FileNotFoundError):
        return path.stat().st_mtime
    return float("inf")

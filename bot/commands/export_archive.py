"""Export of a conversation: a zip with a transcript for people, one for programs, and the files."""

import datetime
import io
import json
import math
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from bot.messages import PHOTOS, File, JobResult, StoredFile, Turn

FORMAT = 1  # of transcript.json
LONGEST_NAME = 40  # characters of a photo's name that its file keeps
PICTURES = tuple(f".{ending}" for ending in PHOTOS.values())  # formats that Markdown can show
LONGEST_TITLE = 200
FIRST_ZIP_TIME = 315_532_800  # 1980: the earliest date in a zip
AS_IT_IS: Mapping[int, str] = MappingProxyType({})
NOTHING: Mapping[int, Sequence[File]] = MappingProxyType({})

Key = str | tuple[int, int]  # the ref of the attachment of a photo; turn and position of a generated file


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """A file to pack; `read` may block on the disk."""

    path: str  # in the zip
    size: int
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportLabels:
    """The texts between the messages of the transcript."""

    times: str = "All times are in UTC."
    gone: str = "no longer stored"
    left_out: str = "left out to keep this file within its limit"
    older: str = "Older messages, left out to keep this file within its limit:"
    unanswered: str = "no answer"


ENGLISH = ExportLabels()


def export_zip(
    turns: Sequence[Turn],
    photos: Mapping[str, StoredFile],
    *,
    title: str,
    when: float,
    made: Mapping[int, Sequence[File]] = NOTHING,
    models: Mapping[int, str] = AS_IT_IS,
    labels: ExportLabels = ENGLISH,
    most_bytes: int = 8_000_000,
) -> bytes:
    """Pack `turns`, oldest first, with the available `photos`, by the `ref` of their attachment.

    Documents are packed like photos. `made` are generated files by the id of their turn; one without data is not
    packed, because the export would become too large.

    `when` is the moment of the export, in seconds since 1970. `models` says by a turn's id who answered it, where that
    is not the model of its conversation; "" where none did. The same input gives the same bytes, at most `most_bytes`
    (4,000 or more): before they become too many, files are left out from the oldest on, then messages, and the
    transcripts say so.

    The zip holds transcript.md, transcript.json, photos/NNN-name.jpg (or pdf ...) and made/NNN-name.png (or mp3 ...).
    The JSON is one object:

    - format: 1
    - title and exported: `title` and `when`; all times are ISO 8601, in UTC
    - older_left_out: how many messages before the first one are not in it
    - turns: each with author (a name), asked (a time), question, photos, model, answer (null: there is none), and made
    - photos and made, of a turn: each with name, mime and size in bytes (of a photo as the sender claimed it), file (a
      path in the zip, or null) and missing (null, "gone": no longer stored, or "left_out": it would have been too much)

    Nothing in it reveals the channel, the people's ids on their platform, or the handles of files there.
    """
    archive = _Archive(_enclosures(turns, photos, made), made, models)
    archive.leave_out(sum(file.size for file in archive.files.values()) - most_bytes)
    older = 0
    while True:
        entries = [archive.told(turn) for turn in turns[older:]]
        book = {"format": FORMAT, "title": title[:LONGEST_TITLE], "exported": _time(when), "older_left_out": older}
        packed = _pack({**book, "turns": entries}, archive.files.values(), when, labels)
        if len(packed) <= most_bytes or not entries:
            return packed
        if archive.files:
            archive.leave_out(len(packed) - most_bytes)
        else:
            older += math.ceil(len(entries) * (1 - most_bytes / len(packed)))


def _enclosures(
    turns: Sequence[Turn], photos: Mapping[str, StoredFile], made: Mapping[int, Sequence[File]]
) -> dict[Key, ArchiveFile]:
    """List the available files, in the order in which they were first shown or made."""
    files_by_key: dict[Key, ArchiveFile] = {}
    for turn in turns:
        for photo in turn.message.photos:
            if photo.ref in photos and photo.ref not in files_by_key:
                stored = photos[photo.ref]
                path = f"photos/{len(files_by_key) + 1:03d}-{_safe(stored.name, stored.filename)}"
                files_by_key[photo.ref] = ArchiveFile(path, stored.size, stored.file.read_bytes)
        for n, file in enumerate(made.get(turn.id, ())):
            path = f"made/{len(files_by_key) + 1:03d}-{_safe(file.name, file.name)}"
            files_by_key[turn.id, n] = ArchiveFile(path, len(file.data), partial(bytes, file.data))
    return files_by_key


def _safe(name: str, right: str) -> str:
    """Return a file name that is safe on any system: letters, digits and hyphens, with the extension of `right`."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    stem = last.rpartition(".")[0] or last
    safe = "".join(letter if unicodedata.category(letter)[0] in "LNM" else "-" for letter in stem)
    return f"{re.sub('-+', '-', safe)[:LONGEST_NAME].strip('-') or 'photo'}.{right.rpartition('.')[2]}"


class _Archive:
    """The available files, the packed ones, and the entries about them."""

    def __init__(
        self, held: Mapping[Key, ArchiveFile], made: Mapping[int, Sequence[File]], models: Mapping[int, str]
    ) -> None:
        self.held, self.made, self.models = held, made, models
        self.files = {key: file for key, file in held.items() if file.size}

    def leave_out(self, excess: int) -> None:
        """Remove the oldest files, of `excess` bytes or a little more."""
        for key in list(self.files):
            if excess <= 0:
                return
            excess -= self.files.pop(key).size

    def told(self, turn: Turn) -> dict[str, Any]:
        """Return the entry of the turn in transcript.json."""
        made = enumerate(self.made.get(turn.id, ()))
        return {
            "author": turn.message.author.name,
            "asked": _time(turn.message.sent),
            "question": turn.shown_words,
            "photos": [self._file(each.ref, each.name, each.mime, each.size) for each in turn.message.photos],
            "model": self.models.get(turn.id, turn.conversation.model) or None,
            "answer": _shown(turn.result),
            "made": [self._file((turn.id, n), each.name, each.mime, len(each.data) or None) for n, each in made],
        }

    def _file(self, key: Key, name: str, mime: str, size: int | None) -> dict[str, Any]:
        file = self.files.get(key)
        missing = None if file else "left_out" if key in self.held else "gone"
        return {"name": name, "mime": mime, "size": size, "file": file and file.path, "missing": missing}


def _shown(result: JobResult | None) -> str | None:
    """Return what people read: each of several models by its name, or what was said of generated files."""
    if result is None:
        return None
    lanes = (f"**{lane.answer.model}**\n\n{lane.answer.shown}" for lane in result.lanes)
    return "\n\n".join(filter(None, (result.shown, *lanes, result.caption)))


def _pack(book: dict[str, Any], files: Iterable[ArchiveFile], when: float, labels: ExportLabels) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for path, text in (
            ("transcript.md", "\n".join(_markdown(book, labels))),
            ("transcript.json", json.dumps(book, ensure_ascii=False, indent=2)),
        ):
            # Unpaired surrogates, which a platform may have passed on, become question marks.
            packed.writestr(_entry(path, when), text.encode("utf-8", "replace"), zipfile.ZIP_DEFLATED)
        for each in files:
            packed.writestr(_entry(each.path, when), each.read())  # stored: pictures do not get smaller
    return file.getvalue()


def _entry(path: str, when: float) -> zipfile.ZipInfo:
    moment = datetime.datetime.fromtimestamp(max(when, FIRST_ZIP_TIME), datetime.UTC)
    entry = zipfile.ZipInfo(path, moment.timetuple()[:6])
    entry.create_system, entry.external_attr = 3, 0o100644 << 16  # the same on every system: readable for everybody
    return entry


def _markdown(book: dict[str, Any], labels: ExportLabels) -> Iterator[str]:
    """Yield the lines of the transcript. Messages are quoted, so that no heading or fence in them affects the rest."""
    yield from (f"# {_line(book['title'])}", "", f"{_minute(book['exported'])} · {labels.times}", "")
    if book["older_left_out"]:
        yield from (f"*{labels.older} {book['older_left_out']}*", "")
    for turn in book["turns"]:
        yield from (f"## {_line(turn['author'])} · {_minute(turn['asked'])}", "")
        if turn["question"]:
            yield from (*_quote(turn["question"]), "")
        yield from _items(turn["photos"], labels)
        if turn["model"]:
            yield from (f"**{_line(turn['model'])}**", "")
        yield from (*(_quote(turn["answer"]) if turn["answer"] else [f"*{labels.unanswered}*"]), "")
        yield from _items(turn["made"], labels)


def _items(files: Sequence[Mapping[str, Any]], labels: ExportLabels) -> list[str]:
    return [*(_item(file, labels) for file in files), ""] if files else []


def _item(file: Mapping[str, Any], labels: ExportLabels) -> str:
    name, path = _line(file["name"]) or "photo", file["file"]
    if path is None:
        return f"- {name} ({labels.gone if file['missing'] == 'gone' else labels.left_out})"
    return f"- {'!' if path.endswith(PICTURES) else ''}[{name}]({path})"


def _quote(text: str) -> list[str]:
    return [f"> {line}".rstrip() for line in re.split(r"\r\n|\r|\n", text)]


def _line(text: str) -> str:
    """Return a text as one line, with everything that Markdown would interpret escaped."""
    printable = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
    return re.sub(r"[\\`*_\[\]<>&]", r"\\\g<0>", printable)


def _time(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="seconds")


def _minute(time: str) -> str:
    return time[:16].replace("T", " ")

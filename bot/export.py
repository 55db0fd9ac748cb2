"""A conversation to take along: a zip with a transcript for people, one for programs, and the files."""

import datetime
import io
import json
import math
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bot.messages import DOCUMENTS, Attachment, Kept, Turn

FORMAT = 1  # of transcript.json
LONGEST_NAME = 40  # characters of a photo's name that its file keeps
DOCUMENT_ENDINGS = tuple(f".{ending}" for ending in DOCUMENTS.values())  # what cannot be shown as a picture
LONGEST_TITLE = 200
FIRST_ZIP_TIME = 315_532_800  # 1980: a zip knows nothing earlier
AS_IT_IS: Mapping[int, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Labels:
    """The words between those of the conversation."""

    times: str = "All times are in UTC."
    gone: str = "no longer held"
    left_out: str = "left out, or else this file would be too large"
    older: str = "Older messages that are left out, or else this file would be too large:"
    unanswered: str = "no answer"


ENGLISH = Labels()


def export_zip(
    turns: Sequence[Turn],
    photos: Mapping[str, Kept],
    *,
    title: str,
    when: float,
    models: Mapping[int, str] = AS_IT_IS,
    labels: Labels = ENGLISH,
    most_bytes: int = 8_000_000,
) -> bytes:
    """Pack `turns`, oldest first, with those `photos` that are still held, by the `ref` of their attachment.

    Documents are packed as photos are.

    `when` is the moment of the export, in seconds since 1970. `models` says by a turn's id who answered it, where that
    is not the model of its conversation. The same input gives the same bytes, at most `most_bytes` (4,000 or more):
    before they become too many, photos are left out from the oldest on, then messages, and the transcripts say so.

    The zip holds transcript.md, transcript.json and photos/NNN-name.jpg (or pdf ...). The JSON is one object:

    - format: 1
    - title and exported: `title` and `when`; all times are ISO 8601, in UTC
    - older_left_out: how many messages before the first one are not in it
    - turns: each with author (a name), asked (a time), question, photos, model, and answer (null: there is none)
    - photos, of a turn: each with name, mime and size in bytes (as the sender claimed it), file (a path in the zip, or
      null) and missing (null, "gone": no longer held, or "left_out": it would have been too much)

    Nothing in it says in which channel it was said, who people are on their platform, or how to fetch a file there.
    """
    files = _files(turns, photos)
    _leave_out(files, photos, sum(photos[ref].size for ref in files) - most_bytes)
    older = 0
    while True:
        told = [_told(turn, files, photos, models) for turn in turns[older:]]
        book = {"format": FORMAT, "title": title[:LONGEST_TITLE], "exported": _time(when), "older_left_out": older}
        packed = _pack({**book, "turns": told}, {path: photos[ref] for ref, path in files.items()}, when, labels)
        if len(packed) <= most_bytes or not told:
            return packed
        if files:
            _leave_out(files, photos, len(packed) - most_bytes)
        else:
            older += math.ceil(len(told) * (1 - most_bytes / len(packed)))


def _files(turns: Sequence[Turn], photos: Mapping[str, Kept]) -> dict[str, str]:
    """The path of every photo that is held, by its ref, in the order in which they were first looked at."""
    refs = dict.fromkeys(shown.ref for turn in turns for shown in turn.message.photos if shown.ref in photos)
    return {ref: f"photos/{n:03d}-{_filename(photos[ref])}" for n, ref in enumerate(refs, 1)}


def _filename(photo: Kept) -> str:
    """A name that no system takes amiss: letters, digits and hyphens, of whatever script, and the right extension."""
    last = unicodedata.normalize("NFC", photo.name).replace("\\", "/").rpartition("/")[2]
    stem = last.rpartition(".")[0] or last
    safe = "".join(letter if unicodedata.category(letter)[0] in "LNM" else "-" for letter in stem)
    return f"{re.sub('-+', '-', safe)[:LONGEST_NAME].strip('-') or 'photo'}.{photo.filename.rpartition('.')[2]}"


def _leave_out(files: dict[str, str], photos: Mapping[str, Kept], excess: int) -> None:
    """Take out the oldest photos, of so many bytes together or a few more."""
    for ref in list(files):
        if excess <= 0:
            return
        excess -= photos[ref].size
        del files[ref]


def _told(
    turn: Turn, files: Mapping[str, str], photos: Mapping[str, Kept], models: Mapping[int, str]
) -> dict[str, Any]:
    return {
        "author": turn.message.author.name,
        "asked": _time(turn.message.sent),
        "question": turn.message.text,
        "photos": [_shown(attachment, files, photos) for attachment in turn.message.photos],
        "model": models.get(turn.id, turn.conversation.model),
        "answer": turn.answer,
    }


def _shown(attachment: Attachment, files: Mapping[str, str], photos: Mapping[str, Kept]) -> dict[str, Any]:
    file = files.get(attachment.ref)
    missing = None if file else "left_out" if attachment.ref in photos else "gone"
    return {
        "name": attachment.name,
        "mime": attachment.mime,
        "size": attachment.size,
        "file": file,
        "missing": missing,
    }


def _pack(book: dict[str, Any], photos: Mapping[str, Kept], when: float, labels: Labels) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for path, text in (
            ("transcript.md", "\n".join(_markdown(book, labels))),
            ("transcript.json", json.dumps(book, ensure_ascii=False, indent=2)),
        ):
            # Half a surrogate, which a platform may have handed on, becomes a question mark.
            packed.writestr(_entry(path, when), text.encode("utf-8", "replace"), zipfile.ZIP_DEFLATED)
        for path, photo in photos.items():
            packed.writestr(_entry(path, when), photo.file.read_bytes())  # stored: pictures do not get smaller
    return file.getvalue()


def _entry(path: str, when: float) -> zipfile.ZipInfo:
    moment = datetime.datetime.fromtimestamp(max(when, FIRST_ZIP_TIME), datetime.UTC)
    entry = zipfile.ZipInfo(path, moment.timetuple()[:6])
    entry.create_system, entry.external_attr = 3, 0o100644 << 16  # the same on every system: a file for everybody
    return entry


def _markdown(book: dict[str, Any], labels: Labels) -> Iterator[str]:
    """The lines of the transcript. What was said is quoted, so that no heading or fence in it reaches beyond it."""
    yield from (f"# {_line(book['title'])}", "", f"{_minute(book['exported'])} · {labels.times}", "")
    if book["older_left_out"]:
        yield from (f"*{labels.older} {book['older_left_out']}*", "")
    for turn in book["turns"]:
        yield from (f"## {_line(turn['author'])} · {_minute(turn['asked'])}", "")
        if turn["question"]:
            yield from (*_quote(turn["question"]), "")
        for photo in turn["photos"]:
            name = _line(photo["name"]) or "photo"
            why = labels.gone if photo["missing"] == "gone" else labels.left_out
            shown = "" if photo["file"] and photo["file"].endswith(DOCUMENT_ENDINGS) else "!"
            yield f"- {shown}[{name}]({photo['file']})" if photo["file"] else f"- {name} ({why})"
        yield from ("", f"**{_line(turn['model'])}**", "")
        yield from (*(_quote(turn["answer"]) if turn["answer"] else [f"*{labels.unanswered}*"]), "")


def _quote(text: str) -> list[str]:
    return [f"> {line}".rstrip() for line in re.split(r"\r\n|\r|\n", text)]


def _line(text: str) -> str:
    """Somebody's words as one line, in which nothing means anything to Markdown."""
    printable = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
    return re.sub(r"[\\`*_\[\]<>&]", r"\\\g<0>", printable)


def _time(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="seconds")


def _minute(time: str) -> str:
    return time[:16].replace("T", " ")

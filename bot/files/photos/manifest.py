"""The list of a series' pictures, hidden in the picture that stands for all of them.

So the hash of that picture, by which a photo is known, stands for the whole series, and a cached photo needs nothing
beside its own file. Decoders skip such a part of a file.
"""

import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from bot.messages import SeriesKind

_MARK = b"snapthread series\n"
_JPEG = b"\xff\xd8\xff\xef"  # the beginning, and the marker of an application's data
_JPEG_AT = 6  # bytes before the list
_CHUNK = b"snTs"  # of a PNG: ancillary, private, safe to copy
_PNG_HEADER = 33  # bytes of signature and IHDR
_MOST = 65_000  # bytes


@dataclass(frozen=True, slots=True)
class Manifest:
    """The pictures of a series, by their hashes."""

    kind: SeriesKind
    sha256s: tuple[str, ...]
    times: tuple[float, ...] = ()


def with_manifest(mime: str, data: bytes, manifest: Manifest) -> bytes:
    """Return a JPEG or PNG with the list in it."""
    fields = {"kind": manifest.kind, "sha256s": manifest.sha256s, "times": manifest.times}
    body = _MARK + json.dumps(fields).encode()
    if mime == "image/jpeg":
        return _JPEG + struct.pack(">H", len(body) + 2) + body + data[2:]
    chunk = struct.pack(">I", len(body)) + _CHUNK + body + struct.pack(">I", zlib.crc32(_CHUNK + body))
    return data[:_PNG_HEADER] + chunk + data[_PNG_HEADER:]


def read_manifest(file: Path) -> Manifest | None:
    """Return the list in a cached photo; None if it is no series. FileNotFoundError: it is gone."""
    with file.open("rb") as opened:
        head = opened.read(_PNG_HEADER + 8 + len(_MARK))
        for start, size in _places(head):
            if head[start : start + len(_MARK)] == _MARK and size <= _MOST:
                opened.seek(start + len(_MARK))
                return _parsed(opened.read(size - len(_MARK)))
    return None


def _places(head: bytes) -> Sequence[tuple[int, int]]:
    """Return the places where a list may begin, and its size there."""
    if head.startswith(_JPEG):
        return [(_JPEG_AT, int.from_bytes(head[4:6]) - 2)]
    if head[_PNG_HEADER + 4 : _PNG_HEADER + 8] == _CHUNK:
        return [(_PNG_HEADER + 8, int.from_bytes(head[_PNG_HEADER : _PNG_HEADER + 4]))]
    return []


def _parsed(body: bytes) -> Manifest:
    fields = json.loads(body)
    sha256s: Sequence[str] = fields["sha256s"]
    times: Sequence[float] = fields["times"]
    return Manifest(cast("SeriesKind", fields["kind"]), tuple(sha256s), tuple(times))

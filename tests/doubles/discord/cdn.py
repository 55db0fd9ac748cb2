"""Files that were uploaded, behind signed links that expire."""

import hashlib
import hmac
import mimetypes
import secrets
import time
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

from PIL import Image

TYPES = {"heic": "image/heic", "heif": "image/heif", "avif": "image/avif", "webp": "image/webp", "jfif": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class File:
    """An attachment. `folder` is where its link leads to."""

    id: int
    name: str
    data: bytes
    folder: str  # attachments/{channel} or ephemeral-attachments/{application}
    content_type: str = ""
    size: tuple[int, int] | None = None  # width and height of a picture
    description: str | None = None
    seconds: float | None = None  # of a voice message
    waveform: str | None = None
    gone: float | None = None  # seconds since 1970

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.id}/{self.name}"

    @property
    def ephemeral(self) -> bool:
        return self.folder.startswith("ephemeral")


class Cdn:
    """Keeps files and makes links to them. `link_seconds` and `ephemeral_seconds` may be changed at any time."""

    def __init__(self) -> None:
        self.base = ""  # http://host:port
        self.link_seconds = 86_400.0
        self.ephemeral_seconds = 3_600.0
        self._files: dict[str, File] = {}
        self._plain: dict[str, bytes] = {}
        self._key = secrets.token_bytes()

    def keep(self, id: int, name: str, data: bytes, folder: str, *, type: str = "", about: str | None = None) -> File:
        """Take a file in; its name and its kind become what Discord would make of them."""
        name = name.replace(" ", "_")
        file = File(id, name, data, folder, type or _type(name), _size(data), about)
        if file.ephemeral:
            file = replace(file, gone=time.time() + self.ephemeral_seconds)
        self._files[file.path] = file
        return file

    def copy(self, file: File, id: int, folder: str) -> File:
        """The same file at another place, as a forward has it."""
        copy = self.keep(id, file.name, file.data, folder, type=file.content_type, about=file.description)
        return self.change(copy, seconds=file.seconds, waveform=file.waveform)

    def change(self, file: File, **fields: Any) -> File:
        """Say something else of a file that is kept."""
        changed = self._files[file.path] = replace(file, **fields)
        return changed

    def forget(self, file: File) -> None:
        self._files.pop(file.path, None)

    def keep_plain(self, path: str, data: bytes) -> str:
        """A file whose link never expires: a proxied picture, a sticker."""
        self._plain[path] = data
        return f"{self.base}/{path}"

    def expire(self) -> None:
        """No link that was made before leads anywhere any more."""
        self._key = secrets.token_bytes()

    def link(self, file: File) -> str:
        """A fresh link."""
        now = time.time()
        ends = f"{int(now + self.link_seconds):x}"
        return f"{self.base}/{file.path}?ex={ends}&is={int(now):x}&hm={self._sign(file.path, ends)}"

    def open(self, path: str, ends: str, signature: str) -> File | None:
        """The file behind a link; None when the link is wrong or old, or the file gone."""
        file = self._files.get(path)
        if file is None or not hmac.compare_digest(signature, self._sign(path, ends)):
            return None
        now = time.time()
        return None if now >= int(ends, 16) or (file.gone is not None and now >= file.gone) else file

    def open_plain(self, path: str) -> bytes | None:
        return self._plain.get(path)

    def _sign(self, path: str, ends: str) -> str:
        return hmac.new(self._key, f"{path}?{ends}".encode(), hashlib.sha256).hexdigest()


def _type(name: str) -> str:
    return TYPES.get(name.rpartition(".")[2].lower()) or mimetypes.guess_type(name)[0] or ""


def _size(data: bytes) -> tuple[int, int] | None:
    try:
        with Image.open(BytesIO(data)) as image:
            return image.size
    except Exception:  # what people upload breaks Pillow in many ways
        return None

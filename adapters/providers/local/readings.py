"""Words and codes in a photo, read by a worker process where the extra `local` is installed."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from adapters.providers.local.measurements import KINDS
from bot.files.isolation.client import WorkerFailed, run


@dataclass(frozen=True, slots=True)
class Reading:
    """The words of one photo, row by row, and the contents of its QR and bar codes with the names of their formats."""

    rows: tuple[str, ...] = ()
    codes: tuple[tuple[str, str], ...] = ()


def can_read() -> bool:
    """Tell whether the extra is installed."""
    return find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


async def read(file: Path, owner: str = "") -> Reading:
    """Read a photo. Raise Unreadable or WorkerFailed for one that cannot be decoded, FileNotFoundError for none."""
    value, _ = await run("read_photo", file, owner=owner, kinds=KINDS)
    return _parse(value)


def _parse(value: Any) -> Reading:
    """Parse what a worker read. Raise WorkerFailed where that is no reading."""
    try:
        codes = tuple((str(code["format"]), str(code["text"])) for code in value["codes"])
        return Reading(tuple(str(row) for row in value["rows"]), codes)
    except (LookupError, TypeError):
        raise WorkerFailed("crashed") from None

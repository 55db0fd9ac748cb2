"""The result of a worker process that cleaned a photo. It is foreign, so everything in it is checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

from bot.files.isolation.client import WorkerFailed
from bot.messages import PHOTOS, Remark, SeriesKind

REMARKS = frozenset({"photo_partly", "photo_coarse", "photo_shrunk", "photo_pages"})
"""Keys of the sentences that a worker may choose."""

MOST_PICTURES = 10


@dataclass(frozen=True, slots=True)
class CleanedPicture:
    """An encoded picture."""

    mime: str
    size: tuple[int, int]
    data: bytes


@dataclass(frozen=True, slots=True)
class CleanedSeries:
    """The pictures of a photo that is made of several."""

    kind: SeriesKind
    pictures: tuple[CleanedPicture, ...]
    times: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanedPhoto(CleanedPicture):
    """A photo; its own picture stands for all of a series."""

    remarks: tuple[Remark, ...] = ()
    series: CleanedSeries | None = None


def read_cleaned(value: Any, body: bytes) -> CleanedPhoto:
    """Check the result of a worker. WorkerFailed: it is invalid."""
    try:
        length = int(value.get("bytes", len(body)))
        remarks = tuple(_remark(key, values) for key, values in value.get("remarks", ()))
        series = _series(value["series"], body[length:]) if "series" in value else None
        picture = _picture(value, body[:length])
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise WorkerFailed("crashed") from error
    return CleanedPhoto(mime=picture.mime, size=picture.size, data=picture.data, remarks=remarks, series=series)


def _picture(value: Any, data: bytes) -> CleanedPicture:
    mime, (width, height) = value["mime"], value["size"]
    if mime not in PHOTOS or not data:
        raise ValueError("no picture")
    return CleanedPicture(mime, (int(width), int(height)), data)


def _series(value: Any, body: bytes) -> CleanedSeries:
    pictures, at = list[CleanedPicture](), 0
    for each in value["pictures"]:
        length = int(each["bytes"])
        pictures.append(_picture(each, body[at : at + length]))
        at += length
    times: Sequence[Any] = value["times"]
    kind = value["kind"]
    if kind not in get_args(SeriesKind) or not 1 <= len(pictures) <= MOST_PICTURES or at != len(body):
        raise ValueError("no series")
    return CleanedSeries(cast("SeriesKind", kind), tuple(pictures), tuple(map(float, times)))


def _remark(key: Any, values: Any) -> Remark:
    if key not in REMARKS:
        raise ValueError("no remark")
    return Remark(key, tuple((str(name), int(value)) for name, value in values.items()))

"""Photos in the form that a model takes: as many as it takes at a time, and as large."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.asking.photo_limits import PhotoLimits
from bot.errors import Unreadable
from bot.files.photos import PhotoIntake
from bot.messages import Photo

MOST_PICTURES = 20  # in one question, where nobody knows of a limit


@dataclass(frozen=True, slots=True)
class FittedPhotos:
    """The photos that are sent, and those that are not; `originals` has the hash before a photo was written anew.

    Of those `reduced`, only an overview is sent.
    """

    photos: tuple[Photo, ...]
    left_out: tuple[Photo, ...]
    originals: Mapping[str, str]
    reduced: tuple[Photo, ...] = ()


async def fit_photos(
    intake: PhotoIntake, limits: PhotoLimits, model: str, photos: Sequence[Photo], listed: int | None = None
) -> FittedPhotos:
    """Return the newest photos, as many as the model takes, written anew where it needs that.

    `listed` is the number of photos that its list of models allows.
    """
    most = limits.most(model, listed)
    count = len(photos) if most is None else min(most, len(photos))
    kept = photos[len(photos) - count :]
    held = reduce_series(kept, MOST_PICTURES if most is None else min(most, MOST_PICTURES))
    fitted, originals = list[Photo](), dict[str, str]()
    for photo in held:
        written = await _written_anew(intake, photo, limits, model)
        fitted.append(written)
        originals[written.sha256] = photo.sha256
    reduced = tuple(before for before, after in zip(kept, held, strict=True) if before.series and not after.series)
    return FittedPhotos(tuple(fitted), tuple(photos[: len(photos) - count]), originals, reduced)


def reduce_series(photos: Sequence[Photo], most_pictures: int) -> Sequence[Photo]:
    """Replace the oldest series by their overviews, as long as there are more pictures than that."""
    held = list(photos)
    for n, photo in enumerate(photos):
        if _count(held) <= most_pictures:
            break
        held[n] = photo.overview
    return held


def _count(photos: Iterable[Photo]) -> int:
    return sum(len(photo.pictures) for photo in photos)


async def _written_anew(intake: PhotoIntake, photo: Photo, limits: PhotoLimits, model: str) -> Photo:
    if photo.series:
        pictures = [await _written_anew(intake, each, limits, model) for each in photo.pictures]
        return replace(photo, series=replace(photo.series, pictures=tuple(pictures)))
    longest_side = limits.longest_side(model, photo)
    if longest_side is None:
        return photo
    try:
        return await intake.reencode(photo, longest_side)
    except Unreadable:  # the service may take it as it is all the same
        return photo

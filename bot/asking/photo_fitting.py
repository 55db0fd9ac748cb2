"""Photos in the form that a model takes: as many as it takes at a time, and as large."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.asking.photo_limits import PhotoLimits
from bot.errors import Unreadable
from bot.files.photos import PhotoIntake
from bot.messages import Photo


@dataclass(frozen=True, slots=True)
class FittedPhotos:
    """The photos that are sent, and those that are not; `originals` has the hash before a photo was written anew."""

    photos: tuple[Photo, ...]
    left_out: tuple[Photo, ...]
    originals: Mapping[str, str]


async def fit_photos(
    intake: PhotoIntake, limits: PhotoLimits, model: str, photos: Sequence[Photo], listed: int | None = None
) -> FittedPhotos:
    """Return the newest photos, as many as the model takes, written anew where it needs that.

    `listed` is the number of photos that its list of models allows.
    """
    most = limits.most(model, listed)
    count = len(photos) if most is None else min(most, len(photos))
    fitted, originals = list[Photo](), dict[str, str]()
    for photo in photos[len(photos) - count :]:
        written = await _written_anew(intake, photo, limits.longest_side(model, photo))
        fitted.append(written)
        originals[written.sha256] = photo.sha256
    return FittedPhotos(tuple(fitted), tuple(photos[: len(photos) - count]), originals)


async def _written_anew(intake: PhotoIntake, photo: Photo, longest_side: int | None) -> Photo:
    if longest_side is None:
        return photo
    try:
        return await intake.reencode(photo, longest_side)
    except Unreadable:  # the service may take it as it is all the same
        return photo

"""Photos in a form that the model takes: its limits are remembered, and photos sent smaller, fewer, or as frames."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from bot.errors import Unreadable
from bot.files.photos import PhotoIntake
from bot.messages import Photo

log = structlog.get_logger(__name__)

SMALLER = 1024  # longest side in pixels of a photo for a model that refused a larger one
MOST_PICTURES = 20  # in one question, where nobody knows of a limit


class PhotoLimits:
    """The limits of models, named `provider/model`, as long as this process lives."""

    def __init__(self) -> None:
        self._most: dict[str, int] = {}
        self._longest_side: dict[str, int] = {}
        self._blind: set[str] = set()

    def most(self, model: str, listed: int | None = None) -> int | None:
        """Return how many photos the model takes at a time; `listed` is what its list says. None: nobody knows."""
        return self._most.get(model, listed)

    def learn_most(self, model: str, most: int) -> None:
        """Remember that the model takes no more photos at a time."""
        log.info("the number of photos is limited", model=model, most=most)
        self._most[model] = most

    def learn_smaller(self, model: str) -> None:
        """Remember that the model wants smaller photos."""
        log.info("photos are made smaller from now on", model=model, longest_side=SMALLER)
        self._longest_side[model] = SMALLER

    def learn_blind(self, model: str) -> None:
        """Remember that the model sees nothing, as its service said."""
        self._blind.add(model)

    def is_blind(self, model: str) -> bool:
        """Return whether the service said that the model sees nothing."""
        return model in self._blind

    def longest_side(self, model: str, photo: Photo) -> int | None:
        """Return the longest side with which the photo has to be written anew for the model; None: it is fine."""
        side = self._longest_side.get(model)
        is_large = side is not None and max(photo.width, photo.height) > side
        return side if is_large else None


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

"""The photos that each model takes: how many at a time, and how large. Learnt from its refusals."""

import structlog

from bot.messages import Photo

log = structlog.get_logger(__name__)

SMALLER = 1024  # longest side in pixels of a photo for a model that refused a larger one


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

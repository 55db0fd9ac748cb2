"""The search for the reason why photos are refused. No photo is blamed without proof.

A photo is bad where the same question without any photo passes, the photo fails by itself, and others pass.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.errors import BotError, FailureCode
from bot.messages import Photo

MAY_BE_A_PHOTO = frozenset(
    {
        FailureCode.PROVIDER_BAD_REQUEST,
        FailureCode.PROVIDER_PHOTO_REFUSED,
        FailureCode.PROVIDER_PHOTO_TOO_LARGE,
        FailureCode.PROVIDER_TOO_LARGE,
    }
)
"""Refusals that one photo, or one word of the history, may have caused."""

TOO_LARGE = frozenset(
    {
        FailureCode.PROVIDER_CONTEXT_TOO_LONG,
        FailureCode.PROVIDER_MINUTE_LIMIT,
        FailureCode.PROVIDER_PHOTO_TOO_LARGE,
        FailureCode.PROVIDER_TOO_LARGE,
    }
)
"""Refusals for which smaller photos may help: of bytes, pixels or tokens."""

Takes = Callable[[Sequence[Photo]], Awaitable[bool]]
"""Tells whether the provider accepts these photos together."""

Fault = Literal["question", "bad photos", "every photo", "too many", "together"]
"""The thing that is at fault; "together": the photos pass by themselves, but not with this question."""


@dataclass(frozen=True, slots=True)
class TrialResult:
    """The result of a trial."""

    fault: Fault
    bad: tuple[Photo, ...] = ()
    most: int = 0  # photos that passed at the same time


def may_be_photo_fault(error: BotError) -> bool:
    """Tell whether the refusal may be about one part of the question."""
    return error.code in MAY_BE_A_PHOTO


class PhotoTrial:
    """A trial of the photos of a question that was refused, at the expense of a few short answers."""

    def __init__(self, takes: Takes, control: Photo) -> None:
        """`takes` sends a short question with photos; `control` is a picture that any model takes that sees."""
        self._ask, self._control = takes, control
        self._most = 0

    async def run(self, photos: Sequence[Photo], question_passes: Callable[[], Awaitable[bool]]) -> TrialResult:
        """Find the fault. `question_passes` asks the same question without any photo."""
        if not await question_passes():
            return TrialResult("question")
        bad = await find_bad_photos(photos, self._takes)
        if len(bad) == len(photos) and not await self._ask([self._control]):
            return TrialResult("every photo")
        if bad:
            return TrialResult("bad photos", tuple(bad))
        return TrialResult("too many", most=self._most) if self._most < len(photos) else TrialResult("together")

    async def _takes(self, photos: Sequence[Photo]) -> bool:
        passes = await self._ask(photos)
        if passes:
            self._most = max(self._most, len(photos))
        return passes


async def find_bad_photos(photos: Sequence[Photo], takes: Takes, *, suspect: bool = False) -> list[Photo]:
    """Find the photos that are rejected by themselves. For one among n it takes about log n tries.

    `suspect`: they were rejected together with others that pass.
    """
    if not photos or ((not suspect or len(photos) == 1) and await takes(photos)):
        return []
    if len(photos) == 1:
        return list(photos)
    half = len(photos) // 2
    first = await find_bad_photos(photos[:half], takes)
    return first + await find_bad_photos(photos[half:], takes, suspect=not first)

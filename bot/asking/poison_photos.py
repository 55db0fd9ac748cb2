"""Search for a bad photo among good ones by bisection, so that the others are answered."""

from collections.abc import Awaitable, Callable, Sequence

from bot.errors import BotError, FailureCode
from bot.messages import Photo

MAY_BE_A_PHOTO = frozenset(
    {FailureCode.PROVIDER_BAD_REQUEST, FailureCode.PROVIDER_PHOTO_REFUSED, FailureCode.PROVIDER_TOO_LARGE}
)
"""Refusals that one photo, or one word of the history, may have caused."""

Takes = Callable[[Sequence[Photo]], Awaitable[bool]]
"""Tells whether the provider accepts these photos together."""


def may_be_photo_fault(error: BotError) -> bool:
    """Tell whether the refusal may be about one part of the question."""
    return error.code in MAY_BE_A_PHOTO


async def find_bad_photos(photos: Sequence[Photo], takes: Takes, *, suspect: bool = False) -> list[Photo]:
    """Find the rejected photos. For a bad one among n it takes about log n tries; `suspect`: there is one."""
    if not photos or (not suspect and await takes(photos)):
        return []
    if len(photos) == 1:
        return list(photos)
    half = len(photos) // 2
    first = await find_bad_photos(photos[:half], takes)
    return first + await find_bad_photos(photos[half:], takes, suspect=not first)

"""The bad photo among good ones is found, with few tries."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.asking.poison_photos import PhotoTrial, find_bad_photos, may_be_photo_fault
from bot.errors import Busy, Refused
from bot.messages import Photo


def photos(n: int) -> list[Photo]:
    return [
        Photo(name=f"{each}.jpg", mime="image/jpeg", file=Path("a"), size=1, sha256=f"hash-{each}", width=1, height=1)
        for each in range(n)
    ]


class Picky:
    """Takes all but some."""

    def __init__(self, *bad: Photo) -> None:
        self.bad, self.asked = bad, 0

    async def __call__(self, photos: Sequence[Photo]) -> bool:
        self.asked += 1
        return not any(photo in self.bad for photo in photos)


@given(st.integers(1, 18), st.sets(st.integers(0, 17)))
async def test_exactly_the_bad_ones_are_found(n: int, bad: set[int]) -> None:
    shown = photos(n)
    picky = Picky(*(shown[each] for each in bad if each < n))
    assert set(await find_bad_photos(shown, picky)) == set(picky.bad)


async def test_one_among_sixteen_takes_few_tries() -> None:
    shown = photos(16)
    picky = Picky(shown[11])
    assert await find_bad_photos(shown, picky) == [shown[11]]
    assert picky.asked <= 7  # the last one proves it


@pytest.mark.parametrize(
    ("error", "may"),
    [
        (Refused("provider_bad_request", status=400), True),
        (Refused("provider_photo_refused"), True),
        (Refused("provider_wrong_key"), False),
        (Refused("provider_filtered"), False),
        (Busy("provider_down", status=500), False),
    ],
)
def test_only_some_refusals_may_be_about_one_photo(error: Exception, may: bool) -> None:
    assert isinstance(error, Refused | Busy)
    assert may_be_photo_fault(error) is may


CONTROL = photos(100)[99]


async def verdict(shown: list[Photo], takes: Picky, *, question_passes: bool = True) -> tuple[str, int]:
    async def passes() -> bool:
        return question_passes

    found = await PhotoTrial(takes, CONTROL).run(shown, passes)
    return found.fault, found.most


async def test_no_photo_is_tried_where_the_question_fails_without_any() -> None:
    picky = Picky()
    assert await verdict(photos(3), picky, question_passes=False) == ("question", 0)
    assert picky.asked == 0


async def test_where_a_plain_picture_fails_too_no_photo_is_to_blame() -> None:
    shown = photos(2)
    assert await verdict(shown, Picky(*shown, CONTROL)) == ("every photo", 0)
    assert await verdict(shown, Picky(*shown)) == ("bad photos", 0)


async def test_photos_that_pass_by_themselves_are_too_many() -> None:
    class AtMostTwo(Picky):
        async def __call__(self, some: Sequence[Photo]) -> bool:
            return len(some) <= 2

    assert await verdict(photos(5), AtMostTwo()) == ("too many", 2)
    assert await verdict(photos(2), AtMostTwo()) == ("together", 0)

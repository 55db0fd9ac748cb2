"""A place is written as a channel's id, and read back as the same place."""

import pytest

from adapters.platforms.discord.places import NAME, Place
from bot.messages import Channel

WRITTEN = [
    ("123", Place(123)),
    ("@123", Place(123, private=True)),
    ("123~42", Place(123, visitor=42)),
    (str(2**63), Place(2**63)),
]


@pytest.mark.parametrize(("id", "place"), WRITTEN)
def test_a_place_is_written_and_read(id: str, place: Place) -> None:
    assert str(place) == id
    assert place.channel == Channel(NAME, id)
    assert Place.of(place.channel) == place


@pytest.mark.parametrize(("id", "place"), WRITTEN)
def test_a_place_survives_being_written_down_as_the_store_does(id: str, place: Place) -> None:
    assert Place.of(Channel.parse(str(place.channel))) == place


def test_two_visitors_of_a_channel_are_in_two_places() -> None:
    assert len({Place(1).channel, Place(1, visitor=2).channel, Place(1, visitor=3).channel}) == 3


@pytest.mark.parametrize("id", ["", "lobby", "12a", "@", "1~you"])
def test_what_is_no_place_is_not_taken_for_one(id: str) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        Place.of(Channel(NAME, id))

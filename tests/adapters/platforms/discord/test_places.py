"""A place is written as a channel's id, and read back as the same place."""

from dataclasses import replace

import pytest

from adapters.platforms.discord.places import NAME, Place, address_of
from bot.messages import Channel
from tests.conftest import said

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


@pytest.mark.parametrize(
    ("channel", "server", "address"),
    [
        ("discord:123", "discord:9", "https://discord.com/channels/9/123/77"),
        ("discord:@123", None, "https://discord.com/channels/@me/123/77"),
        ("discord:123~42", None, None),
    ],
)
def test_a_message_has_an_address_where_the_bot_is_a_member(
    channel: str, server: str | None, address: str | None
) -> None:
    assert address_of(replace(said(channel=channel, id="77"), server=server)) == address


def test_a_command_has_no_address_because_its_id_is_that_of_no_message() -> None:
    assert address_of(replace(said("/describe", "discord:123", id="77"), server="discord:9")) is None

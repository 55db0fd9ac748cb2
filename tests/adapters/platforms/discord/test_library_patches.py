"""What is changed in discord.py does what it is there for, and no more."""

import discord
import pytest
from discord.http import Route

from adapters.platforms.discord import library_patches


@pytest.fixture(autouse=True)
def unpatched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Route, "BASE", "")
    monkeypatch.setattr(discord.Asset, "BASE", "https://cdn.discordapp.com")


@pytest.mark.parametrize(
    ("url", "pictures"),
    [
        (library_patches.OFFICIAL_API, "https://cdn.discordapp.com"),
        ("http://127.0.0.1:9/api/v10/", "http://127.0.0.1:9"),
    ],
)
def test_calls_go_to_the_address_and_pictures_to_where_they_lie(url: str, pictures: str) -> None:
    library_patches.set_api_address(url)
    assert Route("GET", "/gateway").url == f"{url.rstrip('/')}/gateway"
    assert pictures == discord.Asset.BASE


async def test_rate_limits_are_cleared_away_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    async with discord.Client(intents=discord.Intents.none()) as client:
        cleared: list[float] = []
        now = 1000.0
        monkeypatch.setattr(client.http, "_try_clear_expired_ratelimits", lambda: cleared.append(now))
        monkeypatch.setattr("time.monotonic", lambda: now)
        library_patches.clear_rate_limits_rarely(client)
        for step in range(200):
            now = 1000.0 + step
            client.http.get_ratelimit(f"channel {step}")
    assert cleared == [1061.0, 1122.0, 1183.0]

"""Every no of Discord's means something to the bot: a server on loopback says it, and discord.py raises it."""

import json
from collections.abc import AsyncIterator

import aiohttp
import discord
import pytest
from aiohttp import web
from discord.http import Route

from adapters.platforms.discord.errors import HistoryForbidden, InteractionExpired, ThreadArchived, map_discord_errors
from bot.errors import BotError, Busy, Refused

TOKEN = "a token"

# The status and Discord's code, the class, and the key.
MEANINGS: list[tuple[int, int, type[BotError], str]] = [
    (404, 10003, Refused, "channel_lost"),
    (404, 10004, Refused, "channel_lost"),
    (404, 10008, Refused, "discord_post_gone"),
    (404, 10015, InteractionExpired, "discord_interaction_over"),
    (404, 10062, InteractionExpired, "discord_interaction_over"),
    (400, 30046, Busy, "discord_slow_down"),
    (413, 40005, Refused, "discord_refused"),
    (403, 50001, Refused, "channel_lost"),
    (403, 50005, Refused, "discord_post_gone"),
    (403, 50007, Refused, "channel_lost"),
    (403, 50013, Refused, "channel_lost"),
    (401, 50027, InteractionExpired, "discord_interaction_over"),
    (400, 50035, Refused, "discord_refused"),
    (400, 50083, ThreadArchived, "discord_locked"),
    (403, 50278, Refused, "channel_lost"),
    (400, 130000, Busy, "discord_unreachable"),
    (400, 160002, HistoryForbidden, "discord_refused"),
    (400, 160005, Refused, "discord_locked"),
    (400, 999999, Refused, "discord_refused"),
    (403, 999999, Refused, "discord_refused"),
    (403, 0, Refused, "channel_lost"),
    (404, 0, Refused, "discord_refused"),
    (401, 0, Refused, "discord_wrong_token"),
    (413, 0, Refused, "discord_refused"),
    (429, 0, Busy, "discord_slow_down"),
    (503, 0, Busy, "discord_unreachable"),
]


class Sayer:
    """A Discord that lets the bot in, and answers everything else in one way."""

    def __init__(self) -> None:
        self.status, self.kind, self.body = 200, "application/json", b"{}"
        self.headers: dict[str, str] = {}
        self.hangs_up = False

    def says(self, status: int, headers: dict[str, str] | None = None, **body: object) -> None:
        self.status, self.body, self.headers = status, json.dumps(body).encode(), headers or {}

    async def answer(self, request: web.Request) -> web.Response:
        if self.hangs_up:
            assert request.transport is not None
            request.transport.abort()
        if request.headers.get("Authorization") != f"Bot {TOKEN}":
            return web.Response(status=401, body=b"{}", content_type="application/json")
        if request.path.endswith("/@me"):
            me = {"id": "1", "username": "bot", "discriminator": "0", "avatar": None}
            return web.Response(body=json.dumps(me).encode(), content_type="application/json")
        return web.Response(status=self.status, body=self.body, headers=self.headers, content_type=self.kind)


@pytest.fixture
async def sayer(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sayer]:
    sayer = Sayer()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", sayer.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setattr(Route, "BASE", f"http://127.0.0.1:{runner.addresses[0][1]}/api/v10")
    yield sayer
    await runner.cleanup()


@pytest.fixture
async def client(sayer: Sayer) -> AsyncIterator[discord.Client]:
    """A client whose token is good."""
    client = discord.Client(intents=discord.Intents.none(), max_ratelimit_timeout=30)
    await client.http.static_login(TOKEN)
    yield client
    await client.http.close()


async def ask(client: discord.Client) -> BotError:
    """What the bot makes of an answer to some request."""
    with pytest.raises(BotError) as caught, map_discord_errors():
        await client.http.send_typing(1)
    return caught.value


@pytest.mark.parametrize(("status", "code", "kind", "key"), MEANINGS)
async def test_a_no_has_a_meaning(
    sayer: Sayer, client: discord.Client, status: int, code: int, kind: type[BotError], key: str
) -> None:
    sayer.says(status, code=code, message="No")
    error = await ask(client)
    assert (type(error), error.code) == (kind, key)


async def test_what_discord_did_not_like_is_logged(
    sayer: Sayer, client: discord.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = {"content": {"_errors": [{"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 2000 or fewer in length."}]}}
    sayer.says(400, code=50035, message="Invalid Form Body", errors=wrong)
    await ask(client)
    logged = capsys.readouterr().out
    assert "Must be 2000 or fewer in length." in logged
    assert "50035" in logged


async def test_a_limit_says_how_long_it_holds(sayer: Sayer, client: discord.Client) -> None:
    sayer.says(429, {"Retry-After": "7.5"})  # without Via, discord.py leaves the waiting to us
    error = await ask(client)
    assert isinstance(error, Busy)
    assert error.retry_after == 7.5


async def test_a_limit_that_says_nothing_sensible_is_a_limit(sayer: Sayer, client: discord.Client) -> None:
    sayer.says(429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"})
    error = await ask(client)
    assert isinstance(error, Busy)
    assert (error.code, error.retry_after) == ("discord_slow_down", None)


async def test_a_long_wait_is_left_to_the_bot(sayer: Sayer, client: discord.Client) -> None:
    sayer.says(429, {"Via": "1.1 google"}, retry_after=60.5, message="You are being rate limited.")
    error = await ask(client)
    assert isinstance(error, Busy)
    assert (error.code, error.retry_after) == ("discord_slow_down", 60.5)


@pytest.mark.parametrize("kind", ["text/html", "application/json"])
async def test_a_page_in_place_of_json_is_a_hiccup(sayer: Sayer, client: discord.Client, kind: str) -> None:
    sayer.status, sayer.kind, sayer.body = 503, kind, b"<html><h1>503 Service Unavailable</h1></html>"
    error = await ask(client)
    assert (type(error), error.code) == (Busy, "discord_unreachable")


async def test_a_token_that_discord_does_not_know_is_refused(sayer: Sayer) -> None:
    client = discord.Client(intents=discord.Intents.none())
    with pytest.raises(Refused) as caught, map_discord_errors():
        await client.login("another token")
    await client.close()
    assert caught.value.code == "discord_wrong_token"


async def test_a_connection_that_breaks_is_busy(sayer: Sayer, client: discord.Client) -> None:
    sayer.hangs_up = True
    error = await ask(client)
    assert (type(error), error.code) == (Busy, "discord_unreachable")


async def test_nobody_there_is_busy(client: discord.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Route, "BASE", "http://127.0.0.1:9/api/v10")
    error = await ask(client)
    assert (type(error), error.code) == (Busy, "discord_unreachable")


async def test_a_session_that_was_closed_meanwhile_is_busy(client: discord.Client) -> None:
    await client.http.close()
    error = await ask(client)
    assert (type(error), error.code) == (Busy, "discord_unreachable")


@pytest.mark.parametrize("error", [TimeoutError(), aiohttp.ServerDisconnectedError(), ConnectionResetError(104, "x")])
def test_a_hiccup_of_the_network_is_busy(error: Exception) -> None:
    with pytest.raises(Busy) as caught, map_discord_errors():
        raise error
    assert caught.value.code == "discord_unreachable"


def test_a_bug_stays_a_bug() -> None:
    with pytest.raises(RuntimeError, match="a bug"), map_discord_errors():
        raise RuntimeError("a bug")


def test_what_already_has_a_meaning_keeps_it() -> None:
    with pytest.raises(HistoryForbidden), map_discord_errors(), map_discord_errors():
        raise HistoryForbidden("channel_lost")

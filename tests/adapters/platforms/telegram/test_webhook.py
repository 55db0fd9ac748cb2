"""Telegram comes to us, and is told that we have it only when we do."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import aiohttp
import pytest

from adapters.platforms.telegram.adapter import Telegram
from adapters.platforms.telegram.webhook import HEADER, Webhook, derive_secret
from bot.chat_platform import HealthState
from bot.web.server import WebServer
from tests.adapters.platforms.telegram.conftest import Client, Inbox, listening, until
from tests.doubles.telegram import BAD_GATEWAY, TOKEN, Fault, TelegramBed, flood

SECRET = derive_secret(TOKEN)


@dataclass
class Second:
    """A process of its own."""

    telegram: Telegram
    server: WebServer


@pytest.fixture
async def server(unused_tcp_port: int) -> WebServer:
    return WebServer("127.0.0.1", unused_tcp_port)


@pytest.fixture
async def telegram(client: Client, server: WebServer) -> AsyncIterator[Telegram]:
    webhook = Webhook(server, f"{server.url}/hooks/telegram", SECRET)
    async with server, client(webhook=webhook) as telegram:
        yield telegram


async def post(server: WebServer, secret: str | None, body: bytes = b'{"update_id": 1}') -> int:
    headers = {} if secret is None else {HEADER: secret}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server.url}/hooks/telegram", data=body, headers=headers) as reply,
    ):
        return reply.status


async def test_messages_come_in_order_with_the_backlog_first(
    telegram: Telegram, bed: TelegramBed, inbox: Inbox
) -> None:
    for n in range(5):
        await bed.says(str(n))
    async with listening(telegram, inbox):
        await until(lambda: len(inbox.messages) == 5)
        await bed.says("5")
        await until(lambda: len(inbox.messages) == 6)
    assert inbox.texts == ["0", "1", "2", "3", "4", "5"]
    assert not bed.called("getUpdates")


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET[:-1], "é"])
async def test_nobody_but_telegram_comes_in(
    telegram: Telegram, server: WebServer, inbox: Inbox, secret: str | None
) -> None:
    async with listening(telegram, inbox):
        assert await post(server, secret) == 403


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b"\xff", b"[" * 100_000])
async def test_what_is_no_update_is_a_bad_request(
    telegram: Telegram, bed: TelegramBed, server: WebServer, inbox: Inbox, body: bytes
) -> None:
    async with listening(telegram, inbox):
        await until(lambda: bed.called("setWebhook"))
        assert await post(server, SECRET, body) == 400


async def test_an_update_that_makes_no_sense_does_not_come_again(
    telegram: Telegram, bed: TelegramBed, inbox: Inbox
) -> None:
    await bed.arrives({"message": {"message_id": "x"}})
    await bed.says("hello")
    async with listening(telegram, inbox):
        await until(lambda: inbox.texts == ["hello"])
        await until(lambda: bed.pending() == 0)


async def test_telegram_keeps_what_could_not_be_stored(telegram: Telegram, bed: TelegramBed, inbox: Inbox) -> None:
    inbox.troubles = [OSError("the disk is full")] * 2
    await bed.says("hello")
    async with listening(telegram, inbox):
        await until(lambda: len(inbox.troubles) < 2)
        assert bed.pending() == 1
        await until(lambda: inbox.texts == ["hello"])
        await until(lambda: bed.pending() == 0)


async def test_telegram_is_told_only_after_the_message_was_taken_in(
    telegram: Telegram, bed: TelegramBed, inbox: Inbox
) -> None:
    stored = asyncio.Event()

    async def slow(message: object) -> None:
        await stored.wait()

    inbox.receive = slow  # type: ignore[method-assign]
    async with listening(telegram, inbox):
        await until(lambda: bed.called("setWebhook"))
        saying = asyncio.create_task(bed.says("hello"))
        await asyncio.sleep(0.1)
        assert bed.pending() == 1
        stored.set()
        await saying
        await until(lambda: bed.pending() == 0)


async def test_before_anybody_listens_telegram_is_asked_to_come_again(telegram: Telegram, server: WebServer) -> None:
    assert await post(server, SECRET) == 503


async def test_the_bot_sets_its_webhook_whatever_it_takes(telegram: Telegram, bed: TelegramBed, inbox: Inbox) -> None:
    bed.fails("setWebhook", BAD_GATEWAY, times=3)
    await bed.says("hello")
    async with listening(telegram, inbox):
        await until(lambda: inbox.texts == ["hello"])
    assert telegram.health.state is HealthState.UP


async def test_polling_removes_a_webhook_that_was_left_behind(
    telegram: Telegram, client: Client, bed: TelegramBed, inbox: Inbox
) -> None:
    async with listening(telegram, inbox):
        await until(lambda: bed.called("setWebhook"))
    await bed.says("nobody is at home")
    async with client() as polling, listening(polling, inbox):
        await until(lambda: inbox.texts == ["nobody is at home"])


def test_an_address_without_a_path_gets_one() -> None:
    server = WebServer("127.0.0.1", 0)
    assert Webhook(server, "https://bot.example.org/", "s").url == "https://bot.example.org/telegram"
    assert Webhook(server, "https://bot.example.org/x/y", "s").url == "https://bot.example.org/x/y"


def test_every_process_comes_to_the_same_secret_that_telegram_takes() -> None:
    assert SECRET == derive_secret(TOKEN) != derive_secret("other")
    assert SECRET.isalnum()
    assert 1 <= len(SECRET) <= 256


@pytest.fixture
async def second(
    client: Client, server: WebServer, unused_tcp_port_factory: Callable[[], int]
) -> AsyncIterator[Second]:
    """Another process behind the same public address, which leads to the first one."""
    own = WebServer("127.0.0.1", unused_tcp_port_factory())
    webhook = Webhook(own, f"{server.url}/hooks/telegram", SECRET)
    async with own, client(webhook=webhook) as telegram:
        yield Second(telegram, own)


async def test_several_listeners_start_at_once_and_each_takes_what_it_is_sent(
    telegram: Telegram, second: Second, bed: TelegramBed, server: WebServer, inbox: Inbox
) -> None:
    bed.fails("setWebhook", Fault(409, description="Conflict: terminated by other setWebhook"))
    bed.fails("setWebhook", flood(1))
    theirs = Inbox()
    async with listening(telegram, inbox), listening(second.telegram, theirs):
        await until(lambda: [call.status for call in bed.called("setWebhook")].count(200) == 2)
        await bed.says("one")
        await until(lambda: inbox.texts == ["one"])
        update = {"update_id": 7, "message": bed.message({"text": "two"})}
        assert await post(second.server, SECRET, json.dumps(update).encode()) == 200
        assert theirs.texts == ["two"]


async def test_a_listener_that_goes_leaves_the_webhook_to_the_others(
    telegram: Telegram, second: Second, bed: TelegramBed, inbox: Inbox
) -> None:
    async with listening(telegram, inbox):
        async with listening(second.telegram, Inbox()):
            await until(lambda: len(bed.called("setWebhook")) == 2)
        assert await post(second.server, SECRET) == 503
        await bed.says("still here?")
        await until(lambda: inbox.texts == ["still here?"])
    assert not bed.called("deleteWebhook")
    assert len(bed.called("setWebhook")) == 2


async def test_a_listener_takes_updates_in_before_telegram_lets_it_do_anything_else(
    telegram: Telegram, server: WebServer, bed: TelegramBed, inbox: Inbox
) -> None:
    bed.fails("setWebhook", flood(30))
    bed.fails("setMyCommands", flood(30))
    async with listening(telegram, inbox):
        await until(lambda: bed.called("setWebhook"))
        update = {"update_id": 7, "message": bed.message({"text": "hello"})}
        assert await post(server, SECRET, json.dumps(update).encode()) == 200
    assert inbox.texts == ["hello"]

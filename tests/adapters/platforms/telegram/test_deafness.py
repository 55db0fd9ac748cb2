"""A bot that hears nothing says so to whoever runs it, and a group is told how the bot hears."""

import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
import structlog
from aiohttp import web

from adapters.platforms.telegram import adapter, webhook_watch
from adapters.platforms.telegram.adapter import Telegram
from adapters.platforms.telegram.webhook import Webhook, derive_secret
from bot.chat_platform import HealthState
from bot.operations.metrics import Metrics
from bot.ports import Store
from bot.web.server import WebServer
from tests.adapters.platforms.telegram.conftest import Client, Inbox, Menus, listening, until
from tests.doubles.telegram import GROUP, TOKEN, TelegramBed

SECRET = derive_secret(TOKEN)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The webhook is looked at all the time."""
    monkeypatch.setattr(adapter, "CHECK_SECONDS", 0.05)


@pytest.fixture
async def server(unused_tcp_port: int) -> WebServer:
    return WebServer("127.0.0.1", unused_tcp_port)


@pytest.fixture
async def proxied(client: Client, unused_tcp_port_factory: "object") -> AsyncIterator[tuple[Telegram, str]]:
    """A bot behind a proxy that strips headers it does not know."""
    ports = [unused_tcp_port_factory() for _ in range(2)]  # type: ignore[operator]
    own = WebServer("127.0.0.1", ports[0])
    public = f"http://127.0.0.1:{ports[1]}"
    webhook = Webhook(own, f"{public}/telegram", SECRET)

    async def strip(request: web.Request) -> web.Response:
        async with aiohttp.ClientSession() as session, session.post(own.url + request.path) as reply:
            return web.Response(status=reply.status)

    app = web.Application()
    app.router.add_post("/{rest:.*}", strip)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", ports[1]).start()
    async with own, client(webhook=webhook) as telegram:
        yield telegram, public
    await runner.cleanup()


async def test_a_proxy_that_strips_the_secret_is_noticed(
    proxied: tuple[Telegram, str], bed: TelegramBed, inbox: Inbox
) -> None:
    telegram, _ = proxied
    with structlog.testing.capture_logs() as lines:
        async with listening(telegram, inbox):
            await until(lambda: bed.called("setWebhook"))
            await bed.says("hello")
            await until(lambda: telegram.health.state is HealthState.DOWN)
            assert "X-Telegram-Bot-Api-Secret-Token" in telegram.health.detail
    assert any("X-Telegram-Bot-Api-Secret-Token" in line.get("reason", "") for line in lines)
    assert SECRET not in str(lines)


@pytest.fixture
async def telegram(client: Client, server: WebServer) -> AsyncIterator[Telegram]:
    webhook = Webhook(server, f"{server.url}/hooks/telegram", SECRET)
    async with server, client(webhook=webhook) as telegram:
        yield telegram


def is_well(telegram: Telegram) -> bool:
    return telegram.health.state is HealthState.UP


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        ("SSL error {error:0A000086:SSL routines::certificate verify failed}", "certificate"),
        ("Connection timed out", "Connection timed out"),
        ("Wrong response from the webhook: 502 Bad Gateway", "502"),
    ],
)
async def test_what_telegram_says_of_the_webhook_is_passed_on(
    telegram: Telegram, bed: TelegramBed, inbox: Inbox, error: str, hint: str
) -> None:
    inbox.troubles = [OSError("for now")] * 1000  # so that an update waits
    async with listening(telegram, inbox):
        await until(lambda: bed.called("setWebhook"))
        assert is_well(telegram)
        bed.delivery_fails_for = error
        await bed.says("hello")
        await until(lambda: hint in telegram.health.detail)
        assert not is_well(telegram)
        inbox.troubles = []
        await until(lambda: is_well(telegram))


async def test_updates_that_never_come_are_noticed_without_a_word_of_telegrams(
    telegram: Telegram, bed: TelegramBed, inbox: Inbox
) -> None:
    async with listening(telegram, inbox):
        await until(lambda: bed.called("setWebhook"))
        bed.webhook_stands_still = True
        await bed.says("hello")
        await until(lambda: telegram.health.state is HealthState.DOWN)
        assert "TELEGRAM_WEBHOOK_URL" in telegram.health.detail


async def test_somebody_elses_webhook_is_noticed_and_replaced(
    telegram: Telegram, bed: TelegramBed, inbox: Inbox, server: WebServer
) -> None:
    with structlog.testing.capture_logs() as lines:
        async with listening(telegram, inbox):
            await until(lambda: bed.called("setWebhook"))
            await bed.set_webhook_of_another(f"{server.url}/other")
            await until(lambda: len(bed.called("setWebhook")) == 2)
            await until(lambda: telegram.health.state is HealthState.UP)
            await bed.says("hello")
            await until(lambda: inbox.texts == ["hello"])
    assert any("another program" in line.get("reason", "") for line in lines)


async def test_a_webhook_that_is_set_while_we_poll_is_taken_back(
    client: Client, bed: TelegramBed, inbox: Inbox, server: WebServer
) -> None:
    async with client() as polling, listening(polling, inbox):
        await until(lambda: bed.called("getUpdates"))
        await bed.set_webhook_of_another(f"{server.url}/other")
        await until(lambda: len(bed.called("deleteWebhook")) == 2)
        await bed.says("hello")
        await until(lambda: inbox.texts == ["hello"])


async def test_a_failure_of_polling_is_told_with_its_reason(client: Client, inbox: Inbox, bed: TelegramBed) -> None:
    async with client() as polling, listening(polling, inbox):
        await until(lambda: bed.called("getUpdates"))
        assert polling._poller is not None
        polling._poller.trouble, polling._poller.last_success = "Conflict: another poller", time.monotonic() - 60
        assert polling.health.state is HealthState.DOWN
        assert "another poller" in polling.health.detail


# updates that cannot be read


async def test_an_update_that_cannot_be_read_is_counted(client: Client, bed: TelegramBed, inbox: Inbox) -> None:
    metrics = Metrics()
    async with client(metrics=metrics) as telegram, listening(telegram, inbox):
        await bed.arrives({"message": {"message_id": "x"}})
        await bed.says("hello")
        await until(lambda: inbox.texts == ["hello"])
    name = "snapthread_set_aside_total"
    assert metrics.registry.get_sample_value(name, {"platform": "telegram", "kind": "update"}) == 1


async def test_a_part_that_cannot_be_read_costs_nothing_else(client: Client, bed: TelegramBed, inbox: Inbox) -> None:
    async with client() as telegram, listening(telegram, inbox):
        await bed.sends({"text": "what is this?", "reply_markup": {"inline_keyboard": "odd"}})
        replied = await bed.sends({"poll": {"id": "1", "question": "Tea?", "options": []}})
        await bed.says("and this?", reply_to=replied)
        await until(lambda: inbox.texts == ["what is this?", "and this?"])


# how to be heard


async def test_a_group_is_told_once_how_the_bot_hears(client: Client, bed: Menus, inbox: Inbox, sqlite: Store) -> None:
    for _ in range(2):  # also by another process
        async with client(blobs=sqlite.blobs) as telegram, listening(telegram, inbox):
            await bed.adds_bot()
            await until(lambda: bed.pending() == 0 and bed.reads(GROUP))
    [line] = bed.reads(GROUP)
    assert "@snapthread_bot" in line
    assert "@BotFather" in line
    assert "\n" not in line


@pytest.mark.parametrize("how", ["admin", "privacy off"])
async def test_a_group_in_which_the_bot_hears_everything_is_told_nothing(
    client: Client, bed: Menus, inbox: Inbox, how: str
) -> None:
    bed.reads_all = how == "privacy off"
    async with client() as telegram, listening(telegram, inbox):
        await bed.adds_bot(as_admin=how == "admin")
        await bed.says("hello")
        await until(lambda: inbox.texts == ["hello"])
    assert bed.reads(GROUP) == []


def test_the_operator_hears_of_it_within_two_minutes() -> None:
    assert webhook_watch.CHECK_SECONDS * (webhook_watch.MOST_STUCK + 2) <= 120


# clocks that are wrong


async def test_a_message_that_comes_at_once_is_not_late_whatever_its_date_says(
    client: Client, bed: TelegramBed, inbox: Inbox
) -> None:
    async with client() as polling, listening(polling, inbox):
        await until(lambda: len(bed.called("getUpdates")) > 1)
        await bed.says("hello", sent=time.time() - 3600)
        await until(lambda: inbox.texts == ["hello"])
    assert time.time() - inbox.messages[0].sent < 60


async def test_a_message_that_waited_for_us_keeps_its_date(client: Client, bed: TelegramBed, inbox: Inbox) -> None:
    await bed.says("hello", sent=time.time() - 3600)
    async with client() as polling, listening(polling, inbox):
        await until(lambda: inbox.texts == ["hello"])
    assert time.time() - inbox.messages[0].sent > 3500


async def test_a_message_by_webhook_is_not_late_either(telegram: Telegram, bed: TelegramBed, inbox: Inbox) -> None:
    async with listening(telegram, inbox):
        await until(lambda: bed.called("getWebhookInfo"))
        await bed.says("hello", sent=time.time() - 3600)
        await until(lambda: inbox.texts == ["hello"])
    assert time.time() - inbox.messages[0].sent < 60

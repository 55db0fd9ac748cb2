"""The check tells what a bot hears in groups, and what keeps Telegram from calling its webhook."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest
from telegram import User, WebhookInfo

from adapters.platforms.telegram.setup_check import describe_privacy, describe_webhook, find_webhook_faults
from adapters.platforms.telegram.webhook import Webhook, derive_secret
from bot.web.server import WebServer

OFFICIAL = "https://api.telegram.org"
PUBLIC = "https://bot.example.org/telegram"


class Routes:
    """As much of a web server as a webhook needs."""

    def add_public(self, *route: Any) -> None: ...


def webhook(url: str = PUBLIC, secret: str = derive_secret("1:token")) -> Webhook:
    return Webhook(cast(WebServer, Routes()), url, secret)


def info(url: str = PUBLIC, pending: int = 0, error: str | None = None) -> WebhookInfo:
    at = datetime.now(UTC) if error else None
    return WebhookInfo(url, False, pending, last_error_date=at, last_error_message=error)


@pytest.mark.parametrize(
    ("reads_all", "told"),
    [(True, "in groups it hears everything that is said"), (False, "in groups it hears only commands, mentions")],
)
def test_it_tells_what_is_heard_in_groups(reads_all: bool, told: str) -> None:
    remark = describe_privacy(User(1, "Snap", True, can_read_all_group_messages=reads_all))

    assert remark.sentence.startswith(told)
    assert remark.weight == "note"
    assert ("/setprivacy" in remark.sentence) is not reads_all


@pytest.mark.parametrize("url", [PUBLIC, "https://bot.example.org:8443/telegram", "https://93.184.216.34:88/x"])
def test_a_good_webhook_is_not_remarked_on(url: str) -> None:
    assert list(find_webhook_faults(webhook(url), OFFICIAL)) == []


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://bot.example.org/telegram", "Telegram calls only https:// addresses."),
        ("https://bot.example.org:8080/telegram", "Telegram does not call port 8080. Write 443, 80, 88 or 8443"),
        ("https://localhost/telegram", "Telegram cannot reach localhost. Write the public address"),
        ("https://192.168.1.5/telegram", "Telegram cannot reach 192.168.1.5."),
        ("https://bot.local/telegram", "Telegram cannot reach bot.local."),
    ],
)
def test_an_address_that_telegram_does_not_call_is_wrong(url: str, told: str) -> None:
    [remark] = find_webhook_faults(webhook(url), OFFICIAL)

    assert remark.sentence.startswith(told)
    assert "TELEGRAM_WEBHOOK_URL" in remark.sentence
    assert remark.weight == "wrong"
    assert list(find_webhook_faults(webhook(url), "http://127.0.0.1:8081")) == [], "a server of one's own calls it"


@pytest.mark.parametrize("secret", ["with blanks", "ümlaut", "a" * 257, "dots.too"])
def test_a_secret_that_telegram_does_not_take_is_wrong(secret: str) -> None:
    [remark] = find_webhook_faults(webhook(secret=secret), OFFICIAL)

    assert remark.sentence.startswith("TELEGRAM_WEBHOOK_SECRET may hold only A-Z a-z 0-9 _ -")
    assert secret not in remark.sentence
    assert remark.weight == "wrong"


@pytest.mark.parametrize(
    ("set_there", "ours", "told", "weight"),
    [
        (info(url=""), None, "", ""),
        (info(), None, "Telegram still has a webhook set. The bot takes it away when it starts", "note"),
        (info(), webhook(), "", ""),
        (info(url=""), webhook(), "", ""),
        (info(url="https://other.example/x?secret=1"), webhook(), "another webhook is set, at other.example.", "warn"),
        (
            info(pending=7, error="Wrong response from the webhook: 502"),
            webhook(),
            "7 updates wait at Telegram.",
            "warn",
        ),
        (info(error="Connection timed out"), webhook(), "", ""),
    ],
)
def test_what_telegram_tells_of_the_webhook_is_said(
    set_there: WebhookInfo, ours: Webhook | None, told: str, weight: str
) -> None:
    remarks = list(describe_webhook(set_there, ours))

    assert [remark.weight for remark in remarks] == ([weight] if told else [])
    assert all(remark.sentence.startswith(told) for remark in remarks)
    assert not any("secret" in remark.sentence for remark in remarks)

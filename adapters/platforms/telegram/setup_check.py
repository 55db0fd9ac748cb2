"""Remarks about a bot's set-up at Telegram: what it hears in groups, and whether Telegram can call its webhook."""

import ipaddress
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from telegram import User, WebhookInfo

from adapters.platforms.telegram.webhook import Webhook
from bot.chat_platform import SetupRemark

API_HOST = "api.telegram.org"  # a server of one's own calls any address
PORTS = (443, 80, 88, 8443)  # https://core.telegram.org/bots/webhooks
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")  # https://core.telegram.org/bots/api#setwebhook


def describe_privacy(user: User) -> SetupRemark:
    """Tell what the bot hears in groups."""
    if user.can_read_all_group_messages:
        return SetupRemark("in groups it hears everything that is said (privacy mode is off)")
    return SetupRemark(
        "in groups it hears only commands, mentions and replies to it (privacy mode is on). To let it hear everything, "
        "switch that off at BotFather (/setprivacy) and add it to the group again, or make it an admin there"
    )


def describe_guest_mode(user: User, *, is_on: bool) -> Iterator[SetupRemark]:
    """Tell whether people can call the bot in chats where it is no member, if BotFather and the setting differ."""
    if user.supports_guest_queries and not is_on:
        yield SetupRemark("BotFather has guest mode on, but TELEGRAM_GUESTS=false: calls from other chats stay unheard")
    elif user.supports_guest_queries:
        yield SetupRemark("it can be called in chats where it is no member (guest mode is on)")


def find_webhook_faults(webhook: Webhook, api_url: str) -> Iterator[SetupRemark]:
    """Yield what keeps Telegram from calling the webhook, as far as its address and its secret tell."""
    if not SECRET.fullmatch(webhook.secret):
        sentence = (
            "TELEGRAM_WEBHOOK_SECRET may hold only A-Z a-z 0-9 _ -, up to 256 of them. Leave it out and one is made"
        )
        yield SetupRemark(sentence, "wrong")
    if urlsplit(api_url).hostname == API_HOST:
        yield from _address_faults(webhook.url)


def _address_faults(url: str) -> Iterator[SetupRemark]:
    parts = urlsplit(url)
    if parts.scheme != "https":
        yield SetupRemark("Telegram calls only https:// addresses. Write one in TELEGRAM_WEBHOOK_URL", "wrong")
    if (parts.port or PORTS[0]) not in PORTS:
        sentence = (
            f"Telegram does not call port {parts.port}. Write 443, 80, 88 or 8443 in TELEGRAM_WEBHOOK_URL, or none"
        )
        yield SetupRemark(sentence, "wrong")
    if not _is_public(parts.hostname or ""):
        sentence = f"Telegram cannot reach {parts.hostname}. Write the public address in TELEGRAM_WEBHOOK_URL"
        yield SetupRemark(sentence, "wrong")


def _is_public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".local", ".localhost", ".internal", ".lan"))


def describe_webhook(info: WebhookInfo, webhook: Webhook | None) -> Iterator[SetupRemark]:
    """Yield what Telegram tells of the webhook that is set there now."""
    if webhook is None:
        if info.url:
            yield SetupRemark("Telegram still has a webhook set. The bot takes it away when it starts, and polls")
        return
    if info.url and info.url != webhook.url:
        host = urlsplit(info.url).hostname
        sentence = f"another webhook is set, at {host}. If another program uses this token, give it one of its own"
        yield SetupRemark(sentence, "warn")
    elif info.url and info.last_error_message and info.pending_update_count:
        sentence = f"{info.pending_update_count} updates wait at Telegram. Check TELEGRAM_WEBHOOK_URL and its proxy"
        yield SetupRemark(f"{sentence}: {info.last_error_message}", "warn")

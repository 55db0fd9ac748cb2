"""Telegram: photos of every kind in, answers growing in the right thread, no update ever lost."""

import hashlib
from functools import partial

from adapters.platforms.telegram.adapter import Telegram
from adapters.platforms.telegram.send_pacing import SendPacing
from adapters.platforms.telegram.webhook import Webhook, secret_of
from bot.adapter_context import AdapterContext
from bot.commands import ASK, LISTED, QUESTIONS
from bot.settings import Settings
from bot.words import ENGLISH, LANGUAGES, catalogue

__all__ = ["Telegram", "open_telegram"]


def open_telegram(house: AdapterContext) -> Telegram:
    """Make the adapter with the operator's settings; its webhook, if there is to be one, is added to the server."""
    settings = house.settings
    token = settings.telegram_token.get_secret_value() if settings.telegram_token else ""
    name = f"telegram {hashlib.sha256(token.encode()).hexdigest()[:12]}"  # tells bots apart, and no token
    return Telegram(
        token,
        settings.telegram_api_url,
        commands={"" if language == ENGLISH else language: _described(language) for language in LANGUAGES},
        moved=house.store.channels.migrate_channel,
        alone=partial(house.store.coordination.run_exclusively, name),
        drafts=settings.telegram_drafts,
        webhook=_webhook(house, settings, token),
        pace=SendPacing(admit=house.store.coordination.acquire, name=name),
    )


def _described(language: str) -> dict[str, str]:
    """What each command does, in Telegram's menu of them."""
    sentences = catalogue(language)
    return {name: sentences[f"help_{name}"] for name in ("start", *LISTED, ASK, *QUESTIONS)}


def _webhook(house: AdapterContext, settings: Settings, token: str) -> Webhook | None:
    if settings.telegram_webhook_url is None:
        return None
    secret = settings.telegram_webhook_secret
    return Webhook(house.web, settings.telegram_webhook_url, secret.get_secret_value() if secret else secret_of(token))

"""The try-out page: a chat platform of our own, so that the bot can be met with a browser and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from adapters.platforms.web.adapter import WebPage
from bot.adapter_context import AdapterContext
from bot.commands.model_choice import known_models
from bot.messages import Channel
from bot.words import say

__all__ = ["WebPage", "open_web"]


def open_web(house: AdapterContext) -> WebPage:
    """Make the page, with the operator's settings and the models of all providers."""
    settings = house.settings

    async def models() -> Sequence[Mapping[str, Any]]:
        return [asdict(model) | {"id": name} for name, model in (await known_models(house.providers)).items()]

    async def model_of(channel: str) -> str:
        conversation = await house.store.conversations.find_conversation(Channel(WebPage.name, channel))
        return conversation.model if conversation else settings.bot_model

    return WebPage(
        house.web,
        Path(settings.bot_data),
        most_bytes=max(settings.bot_photo_mb, settings.bot_document_mb) * 1024 * 1024,
        banner=lambda: say("page_local") if settings.bot_model.startswith("local/") else "",
        model_of=model_of,
        models=models,
    )

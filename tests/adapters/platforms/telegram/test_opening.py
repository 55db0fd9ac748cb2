"""The adapter comes up from the operator's settings, and its token stays with it."""

import logging

import pytest

from adapters.platforms.telegram.adapter import Telegram, open_telegram
from bot.adapter_context import AdapterContext
from bot.commands import ASK, FOR_FEW, LISTED, QUESTIONS
from bot.configuration import read_settings
from bot.errors import BotError
from bot.messages import Attachment, Channel, OutgoingPost
from bot.store import open_store
from bot.web.server import WebServer
from tests.adapters.platforms.telegram.conftest import Inbox, Menus, listening, until
from tests.doubles.telegram import ANN, BAD_GATEWAY, TOKEN, Fault, TelegramBed


def house(bed: TelegramBed, **more: str) -> AdapterContext:
    settings = read_settings(telegram_token=TOKEN, telegram_api_url=bed.url, **more)
    return AdapterContext(
        settings=settings,
        store=open_store("sqlite:///never-opened.db", settings.bot_model),
        web=WebServer("127.0.0.1", 0),
    )


async def test_it_is_an_adapter_with_the_commands_of_the_bot_in_all_its_languages(bed: Menus, inbox: Inbox) -> None:
    adapter = open_telegram(house(bed))
    async with adapter:
        telegram = adapter.as_platform()
        assert isinstance(adapter, Telegram)
        assert (telegram.forgets, telegram.expires) == (None, None)
        async with listening(adapter, inbox):
            await until(lambda: len(bed.told) == 11)
    assert {language: told["help"] for language, told in bed.told.items()} == {
        "": "what I can do",
        "zh": "我能做什么",
        "es": "lo que sé hacer",
        "de": "was ich kann",
        "ru": "что я умею",
        "hi": "मैं क्या कर सकता हूँ",
        "pt": "o que eu sei fazer",
        "fr": "ce que je sais faire",
        "uk": "що я вмію",
        "ja": "できること",
        "fa": "چه کارهایی از من برمی‌آید",
    }
    assert bed.told["de"].keys() == bed.told[""].keys() == {"start", *LISTED, ASK, *QUESTIONS} - FOR_FEW


async def test_a_public_address_makes_it_a_webhook(bed: TelegramBed) -> None:
    with_webhook = house(bed, telegram_webhook_url="https://bot.example.org/hook")
    open_telegram(with_webhook)
    assert "/hook" in {resource.canonical for resource in with_webhook.web.router.resources()}


async def test_it_opens_and_closes_without_telegram(bed: TelegramBed) -> None:
    bed.revoked = True
    async with open_telegram(house(bed)):
        pass
    assert not bed.calls


@pytest.mark.parametrize("fault", [Fault(401, description="Unauthorized"), Fault(404), BAD_GATEWAY, None])
async def test_no_error_and_no_log_line_shows_the_token(
    bed: TelegramBed, fault: Fault | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # as bot.operations.logs does
    telegram = open_telegram(house(bed))
    async with telegram:
        if fault is None:
            await bed.__aexit__()
        for call in ("sendMessage", "getFile", "file"):
            bed.fails(call, fault or BAD_GATEWAY)
        with pytest.raises(BotError) as caught:
            await telegram.send(Channel("telegram", str(ANN)), OutgoingPost(text="hi"))
        with pytest.raises(BotError) as missed:
            await telegram.download(Attachment(ref="ref", name="photo.jpg"), 1000)
    for error in (caught.value, missed.value):
        chain = [error, error.__cause__, error.__cause__.__cause__ if error.__cause__ else None]
        assert TOKEN not in " ".join(map(repr, chain))
    assert TOKEN not in caplog.text

"""Whatever reads the words of people, models and services does so in time that grows no faster than they do.

What is measured is the processor's time, which others on the machine take nothing of. `make fuzz` tries other texts.
"""

import asyncio
import importlib
import json
import pkgutil
import re
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from functools import partial
from itertools import chain
from types import FrameType, SimpleNamespace
from typing import Any

import pytest

import adapters
import bot
from adapters.platforms.discord import formatting as discord
from adapters.platforms.discord import translate as discord_translate
from adapters.platforms.telegram import formatting as telegram
from adapters.platforms.telegram import translate as telegram_translate
from adapters.platforms.web.post_elements import post_elements
from adapters.providers.answer_stream import Frames
from adapters.providers.error_rules import ServiceFailure, parse_failure, read_retry_delay
from adapters.providers.onemin import errors as onemin_refusals
from adapters.providers.onemin import reply_reader as noise
from adapters.providers.onemin import reply_reader as onemin_wire
from adapters.providers.onemin import result_files as onemin_results
from adapters.providers.onemin import speech_params as sound
from adapters.providers.openai import completion_reader as openai_wire
from adapters.providers.openai import errors as openai_refusals
from bot.asking import mentions as videos
from bot.asking.mentions import named
from bot.commands import export_archive as export
from bot.commands import parse as parse_command
from bot.commands.generation import WISH
from bot.errors import BotError
from bot.operations import logs
from bot.replies.markdown import hidden_host, is_formula, leads_somewhere, parse, spoken, to_unicode
from bot.replies.pages import pages
from bot.store.fields_from_text import COMPARISON, _lane
from tests.doubles.hostile import LONGEST, PIECES, SECONDS, SIGNS, hostile_texts

COUNT = 20  # texts for each reader, besides the examples
MOST = 2.0  # seconds of the processor for one text; the slowest reader takes a tenth of that
ME: Any = SimpleNamespace(id=7, username="a_bot", commands=frozenset({"model"}))


def frames_of(read: Callable[[str, AsyncIterator[bytes]], Frames], content_type: str) -> Callable[[str], object]:
    """A reader of replies, fed with a text in pieces of a thousand bytes."""

    async def drain(text: str) -> int:
        data = text.encode()

        async def body() -> AsyncIterator[bytes]:
            for start in range(0, len(data), 1_000):
                yield data[start : start + 1_000]

        return len([frame async for frame in read(content_type, body())])

    return lambda text: asyncio.run(drain(text))


def failures(text: str) -> list[ServiceFailure]:
    """What a service may mean that answers with this, as it is and as the message of an error."""
    bodies = (text, json.dumps({"error": {"message": text, "code": text[:100]}}))
    return [parse_failure(400, body.encode()) for body in bodies]


def words_on_discord(text: str) -> str:
    said: Any = SimpleNamespace(content=text, mentions=[])
    return discord_translate._readable_text(said, 1, [2, 3])


READERS: Mapping[str, Callable[[str], object]] = {
    "Telegram's posts": lambda text: [
        telegram.render(page) for page in pages(text, telegram.MAX_LENGTH, measure=telegram.rendered_length)
    ],
    "Telegram's renderer": telegram.render,
    "Discord's posts": lambda text: [
        discord.render(page) for page in pages(text, discord.MAX_LENGTH, measure=discord.rendered_length)
    ],
    "a post that grows": lambda text: pages(text, telegram.MAX_LENGTH, measure=telegram.rendered_length, ending=" ▌"),
    "the page's posts": post_elements,
    "Discord's renderer": discord.render,
    "Markdown": lambda text: parse(text[:8_000]),
    "speech": spoken,
    "speech in parts": sound.truncate_for_speech,
    "formulas": to_unicode,
    "formulas or not": lambda text: (is_formula(text), is_formula(text, in_brackets="\\(")),
    "a formula in a post": lambda text: (telegram.render(f"${text[:4_000]}$"), discord.render(f"${text[:1_900]}$")),
    "links": lambda text: (leads_somewhere(text), hidden_host(text, "https://a.example")),
    "small pages": lambda text: pages(text, 64),
    "videos": lambda text: (videos.links(text), videos.without_videos(text), videos.latest(text, 2)),
    "photos by number": named,
    "notes of older versions": lambda text: (_lane(text, {}), COMPARISON.match(text)),
    "commands": parse_command,
    "wishes": lambda text: WISH.sub("", text),
    "an export": lambda text: (export._quote(text), export._line(text), export._safe(text, "a.png")),
    "log lines": lambda text: logs.SHAPES.sub("", text),
    "words on Telegram": lambda text: (
        telegram_translate._without_bot_name(text, ME),
        telegram_translate._commands_me(text, ME),
    ),
    "words on Discord": words_on_discord,
    "1min.ai's noise": noise.clean,
    "1min.ai's addresses": lambda text: onemin_results._is_ours(f"https://{text}", "https://api.1min.ai"),
    "what 1min.ai's refusals show": onemin_refusals.mask_private,
    "1min.ai's refusals": lambda text: [onemin_refusals.to_bot_error(each, "m") for each in failures(text)],
    "OpenAI's refusals": lambda text: [openai_refusals.to_bot_error(each, "m", "s") for each in failures(text)],
    "pauses": lambda text: read_retry_delay({"retry-after": text[:1_000], "x-ratelimit-reset": text}, text),
    "1min.ai's events": frames_of(onemin_wire.read_frames, "text/event-stream"),
    "1min.ai's text": frames_of(onemin_wire.read_frames, "text/plain"),
    "OpenAI's events": frames_of(openai_wire.read_frames, "text/event-stream"),
    "OpenAI's JSON": frames_of(openai_wire.read_frames, "application/json"),
}


class TooMuch(Exception):
    """A reader took more of the processor than it may."""


def within(seconds: float, read: Callable[[Any], object], text: Any) -> None:
    """Let a reader read; TooMuch as soon as it has had so much of the processor. Regular expressions are ended, too."""

    def end(number: int, frame: FrameType | None) -> None:
        raise TooMuch

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        with suppress(BotError):
            read(text)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.mark.timeout(60 + 2 * SECONDS)
@pytest.mark.parametrize("reader", READERS)
def test_no_text_holds_up_a_reader(reader: str) -> None:
    for text in hostile_texts(COUNT):
        try:
            within(MOST, READERS[reader], text)
        except Exception as error:
            error.add_note(f"{reader}: {len(text)} characters, {text[:60]!r} ... {text[-20:]!r}")
            raise


def expressions() -> dict[str, re.Pattern[Any]]:
    """Every regular expression that a module of the bot keeps, by name."""
    found: dict[str, re.Pattern[Any]] = {}
    for package in (bot, adapters):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            kept = vars(importlib.import_module(info.name)) if not info.name.endswith("__main__") else {}
            found |= {f"{info.name}.{name}": value for name, value in kept.items() if isinstance(value, re.Pattern)}
    return found


@pytest.mark.timeout(180 + 2 * SECONDS)
def test_no_text_holds_up_an_expression() -> None:
    kept = expressions()
    assert len(kept) > 40
    for text in chain((sign * 10_000 for sign in (*SIGNS, *PIECES)), hostile_texts(COUNT)):
        for name, expression in kept.items():
            subject: Any = text.encode() if isinstance(expression.pattern, bytes) else text
            try:
                within(MOST, partial(expression.sub, subject[:0]), subject[:LONGEST])
                within(MOST, expression.fullmatch, subject[:LONGEST])
            except TooMuch as error:
                error.add_note(f"{name}: {len(text)} characters, {text[:60]!r} ... {text[-20:]!r}")
                raise


def test_the_limit_ends_an_expression_that_backtracks() -> None:
    with pytest.raises(TooMuch):
        within(0.2, re.compile(r"(a|a)*b").match, "a" * 60)

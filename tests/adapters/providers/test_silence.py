"""Slow models answer: silence before the first words, between words and while connecting have limits of their own."""

import pytest

from adapters.providers.openai.silence import SilenceLimits
from bot.asking import growing_answer
from bot.errors import FailureCode
from bot.files.photos import PhotoIntake
from bot.ports import Store
from bot.util.http import is_private
from bot.words import say
from tests.doubles.quirky import Answer, chunk, talking, words
from tests.doubles.work import until


@pytest.mark.parametrize(
    ("url", "nearby"),
    [
        ("http://127.0.0.1:11434/v1", True),
        ("http://localhost:1234/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://192.168.1.20:8000/v1", True),
        ("http://10.0.0.5/v1", True),
        ("http://ollama:11434/v1", True),
        ("http://host.docker.internal:11434/v1", True),
        ("http://box.local/v1", True),
        ("https://api.openai.com/v1", False),
        ("https://8.8.8.8/v1", False),
    ],
)
def test_a_model_nearby_gets_ten_minutes_for_its_first_words(url: str, nearby: bool) -> None:
    assert is_private(url) is nearby
    assert SilenceLimits.at(url).first_words == (600 if nearby else 120)
    assert SilenceLimits.at(url, 5).first_words == 5
    assert SilenceLimits.at(url).between_words == 120


async def test_a_cold_model_answers_and_the_chat_reads_that_it_is_being_loaded(
    sqlite: Store, photos: PhotoIntake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing_answer, "LOADING", 0.2)  # a hundredth of the real time, as all here
    cold = Answer(words("It is a cat.").body, hold=1.5)
    async with talking(sqlite, photos, lambda asked: cold, bot_silence_seconds="1.2") as talk:
        assert await talk.say("what is it?", "cat.jpg") == "It is a cat."
        assert len(talk.asked) == 1
        sentence = say("model_loading", model="gpt-4o")
        assert any(sentence in text for _, text in talk.platform.calls)
        await until(lambda: not any(sentence in text for text in talk.platform.reads()))


async def test_silence_between_words_is_shorter(sqlite: Store, photos: PhotoIntake) -> None:
    halves = iter([Answer(chunk("It is a cat.") + b": still here\n\n", hang=True), words("It sleeps.")])
    async with talking(sqlite, photos, lambda asked: next(halves), bot_silence_seconds="0.3") as talk:
        assert await talk.say("what is it?", "cat.jpg") == "It is a cat. It sleeps."


async def test_too_long_a_silence_before_the_first_words_is_named(sqlite: Store, photos: PhotoIntake) -> None:
    cold = Answer(words("It is a cat.").body, hold=5)
    settings = {"bot_first_words_seconds": "0.2", "bot_silence_seconds": "0.2"}
    async with talking(sqlite, photos, lambda asked: cold, **settings) as talk:
        await talk.say("what is it?", "cat.jpg")
        [waiting] = [text for text in talk.platform.reads() if text.startswith("⏳")] or [""]
        slow = say(FailureCode.PROVIDER_SLOW, service="The endpoint")
        assert not waiting or slow in waiting
        assert await talk.worker.store.queue.count_waiting() == 1

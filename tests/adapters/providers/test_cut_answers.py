"""An answer that is not all says so, and the rest can be asked for; what comes once is shown once."""

import gzip
import json
from collections.abc import Iterator
from typing import Any, cast

import pytest

from adapters.providers.onemin.provider import OneMin
from bot.files.photos import PhotoIntake
from bot.ports import Store
from bot.words import say
from emulator import Emulator
from tests.conftest import PHOTOS, said
from tests.doubles.platform import FakePlatform
from tests.doubles.quirky import Answer, Asked, chunk, talking, whole, words
from tests.doubles.work import hear, make_worker, pressed, with_files

LONG = " ".join(f"Sentence {n} tells of the fox in the snow." for n in range(40))


@pytest.mark.parametrize(
    ("finish", "key"),
    [
        ("length", "unfinished_length"),
        ("max_tokens", "unfinished_length"),
        ("model_length", "unfinished_length"),
        ("insufficient_system_resource", "unfinished_resources"),
    ],
)
@pytest.mark.parametrize("how", [words, whole])
async def test_the_words_stay_and_a_button_asks_for_the_rest(
    sqlite: Store, photos: PhotoIntake, finish: str, key: str, how: object
) -> None:
    answers = iter([how("The picture shows a re", finish=finish), words("d fox.")])  # type: ignore[operator]
    async with talking(sqlite, photos, lambda asked: next(answers)) as talk:
        assert await talk.say("what is it?", "cat.jpg") == f"The picture shows a re\n\n⚠️ {say(key)}"
        [post] = [id for id, commands in talk.platform.buttons.items() if "/more 2" in commands]
        await hear(talk.worker, pressed("/more 2", post))
        assert talk.platform.reads()[-1] == "The picture shows a red fox."
        assert "The picture shows a re" in talk.asked[-1].text
        assert len(talk.asked[-1].images) == 1
        assert "/more 2" not in talk.platform.buttons[post]


async def test_tokens_that_thoughts_used_up_are_named(sqlite: Store, photos: PhotoIntake) -> None:
    answers = iter([words("", finish="length"), words("It is a cat.")])
    async with talking(sqlite, photos, lambda asked: next(answers)) as talk:
        assert await talk.say("what is it?", "cat.jpg") == f"⚠️ {say('only_thoughts')}"
        [post] = [id for id, commands in talk.platform.buttons.items() if "/more 2" in commands]
        await hear(talk.worker, pressed("/more 2", post))
        assert talk.platform.reads()[-1] == "It is a cat."


async def test_what_a_filter_keeps_back_leaves_the_words_and_says_so(sqlite: Store, photos: PhotoIntake) -> None:
    async with talking(sqlite, photos, lambda asked: words("The picture", finish="content_filter")) as talk:
        read = await talk.say("what is it?", "cat.jpg")
        assert read == f"The picture\n\n⚠️ {say('provider_filtered', service='The endpoint')}"
        assert any("/more 2" in commands for commands in talk.platform.buttons.values())


async def test_a_model_that_begins_again_after_a_cut_says_each_word_once(sqlite: Store, photos: PhotoIntake) -> None:
    def answers() -> Iterator[Answer]:
        yield Answer(b"".join(chunk(LONG[at : at + 30]) for at in range(0, 900, 30)), cut=True)
        yield words(*(LONG[at : at + 30] for at in range(0, len(LONG), 30)))

    script = answers()
    async with talking(sqlite, photos, lambda asked: next(script)) as talk:
        assert await talk.say("what is it?", "cat.jpg") == LONG


async def test_so_does_a_model_of_1min_ai(sqlite: Store, photos: PhotoIntake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.answers.CANNED", LONG)
    platform = FakePlatform()
    platform.files["cat.jpg"] = (PHOTOS / "cat.jpg").read_bytes()
    async with (
        Emulator(pace=0, eyes=False) as emulator,
        OneMin("key", emulator.url, "auto", sqlite.blobs, acquire=sqlite.coordination.acquire) as onemin,
    ):
        emulator.faults.add("cut_stream")
        worker = make_worker(sqlite, platform, cast(Any, onemin), photos, bot_model="onemin/gpt-4o")
        await hear(worker, said("/model onemin/gpt-4o"), with_files(said("what is it?"), **{"cat.jpg": "cat.jpg"}))
        assert platform.reads()[-1] == LONG
        assert sum(seen.path == "/api/chat-with-ai" for seen in emulator.seen) == 2


def _repeated(last: object) -> Answer:
    choice = {"index": 0, "delta": {}, "message": {"role": "assistant", "content": last}, "finish_reason": "stop"}
    end = b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\ndata: [DONE]\n\n"
    return Answer(chunk("A cat on ") + chunk("a sofa.") + end)


def _packed(answer: Answer) -> Answer:
    return Answer(gzip.compress(answer.body), type=answer.type, headers={"content-encoding": "gzip"})


@pytest.mark.parametrize(
    "answer",
    [
        _repeated("A cat on a sofa."),
        _repeated("\nA cat on a sofa."),
        _repeated([{"type": "text", "text": "A cat on a sofa."}]),
        _packed(words("A cat on ", "a sofa.")),
        _packed(whole("A cat on a sofa.")),
    ],
    ids=["repeated", "repeated with a blank", "repeated in parts", "packed events", "packed object"],
)
async def test_what_comes_in_an_odd_way_is_said_once(sqlite: Store, photos: PhotoIntake, answer: Answer) -> None:
    def quirk(asked: Asked) -> Answer:
        return answer

    async with talking(sqlite, photos, quirk) as talk:
        assert await talk.say("what is it?", "cat.jpg") == "A cat on a sofa."

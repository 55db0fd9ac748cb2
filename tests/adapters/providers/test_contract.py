"""The same stories with every provider: whoever asks cannot tell one from another."""

import asyncio
import base64
import hashlib
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import cast

import pytest
from structlog.testing import capture_logs

from adapters.providers.openai import completion_reader as wire
from bot.asking.poison_photos import MAY_BE_A_PHOTO, find_bad_photos
from bot.errors import BotError, Refused, Unreadable
from bot.messages import Exchange, Photo, Prompt, Text
from bot.ports import Provider
from emulator import Emulator
from tests.adapters.providers.contract import FAULTS, KEY, NAMES, Fault, Name, Rig, opened
from tests.adapters.providers.onemin.conftest import Told, photo
from tests.doubles.openai import FAULTS as OF_THE_DOUBLE
from tests.doubles.openai import FakeOpenAI
from tests.files.photos import FOLDER

CAT, COFFEE = photo(), photo("coffee.png")
SIZES = {CAT.sha256: "451 × 300", COFFEE.sha256: "600 × 400"}


@pytest.fixture(params=NAMES)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with opened(request.param) as rig:
        yield rig


@pytest.fixture
async def provider(rig: Rig) -> AsyncIterator[Provider]:
    async with rig.make() as provider:
        yield provider


async def told(provider: Provider, asked: Prompt, so_far: Told | None = None) -> Told:
    """Ask and listen to the end. What comes is checked on the way: no empty pieces, and nothing after the usage."""
    answer = so_far or Told()
    async with aclosing(provider.ask(asked)) as pieces:
        async for piece in pieces:
            answer.take(piece)
    return answer


async def asked(rig: Rig, provider: Provider, so_far: Told | None = None) -> Told:
    return await told(provider, await rig.prompt(provider, "What is it?", CAT), so_far)


# an answer


async def test_the_answer_grows_and_the_usage_comes_last(rig: Rig, provider: Provider) -> None:
    answer = await asked(rig, provider)

    assert "What is it?" in answer.text
    assert answer.pieces > 5
    assert answer.usage is not None
    if rig.name == "aimlapi":  # it tells what matters, the money, without being asked
        assert answer.usage.dollars
    elif rig.name != "vapi":  # which need not tell
        assert answer.usage.input_tokens
        assert answer.usage.output_tokens
    assert bool(answer.usage.credits) == (rig.name == "onemin")
    assert rig.questions == 1


async def test_the_pieces_are_the_whole(rig: Rig, provider: Provider) -> None:
    grown = await told(provider, await rig.prompt(provider, "long answer please", CAT))
    rig.add(FAULTS["JSON instead of a stream"])
    whole = await told(provider, await rig.prompt(provider, "long answer please", CAT))

    assert grown.text == whole.text
    assert grown.pieces > 20
    assert whole.pieces == 1
    assert whole.usage is not None
    assert whole.usage.output_tokens, "a whole answer tells it everywhere"


async def test_without_a_photo_it_is_talk(rig: Rig, provider: Provider) -> None:
    answer = await told(provider, await rig.prompt(provider, "Hello! 猫 👩‍🚀"))

    assert "Hello! 猫 👩‍🚀" in answer.text
    assert rig.photos == []


async def test_half_an_emoji_can_be_asked_about(rig: Rig, provider: Provider) -> None:
    assert (await told(provider, await rig.prompt(provider, "What is \ud83d?"))).text


async def test_thirty_people_ask_at_the_same_time(rig: Rig, provider: Provider) -> None:
    async def one(n: int) -> str:
        return (await told(provider, await rig.prompt(provider, f"Question {n}?", CAT))).text

    answers = await asyncio.gather(*map(one, range(30)))

    assert all(f"Question {n}?" in answer for n, answer in enumerate(answers))


# photos


async def test_a_photo_arrives_byte_for_byte(rig: Rig, provider: Provider) -> None:
    answer = await asked(rig, provider)

    assert rig.photos == [hashlib.sha256((FOLDER / "cat.jpg").read_bytes()).hexdigest()]
    assert SIZES[CAT.sha256] in answer.text


@pytest.mark.parametrize("order", [(CAT, COFFEE), (COFFEE, CAT)], ids=["cat first", "coffee first"])
async def test_several_photos_arrive_in_their_order(rig: Rig, provider: Provider, order: tuple[Photo, ...]) -> None:
    answer = await told(provider, await rig.prompt(provider, "Which?", *order))

    assert rig.photos == [each.sha256 for each in order]
    first, second = (answer.text.index(SIZES[each.sha256]) for each in order)
    assert first < second
    assert "Photo 1" in answer.text
    assert "Photo 2" in answer.text


async def test_a_follow_up_is_about_the_earlier_photo(rig: Rig, provider: Provider) -> None:
    first = await rig.prompt(provider, "What is it?", CAT)
    said = await told(provider, first)
    if first.conversation.remote_id is not None:  # it keeps the history, photos and all
        follow_up = Prompt(conversation=first.conversation, text="And how large?")
    else:
        history = (Exchange(author="Ann", question=first.text, answer=said.text, turn=1),)
        follow_up = Prompt(
            conversation=first.conversation,
            text="And how large?",
            photos=(CAT,),
            history=history,
            numbers=first.numbers,
        )
    answer = await told(provider, follow_up)

    assert "And how large?" in answer.text
    assert SIZES[CAT.sha256] in answer.text
    assert first.conversation.remote_id is not None or "Before it came 2 messages" in answer.text


async def test_what_is_no_photo_for_the_provider_is_refused_before_it_is_sent(rig: Rig, provider: Provider) -> None:
    gif = Photo(
        name="cat.gif",
        mime="image/gif",
        file=FOLDER / "cat-animated.gif",
        size=10_000,
        sha256="0" * 64,
        width=96,
        height=64,
    )
    with pytest.raises(Unreadable) as raised:
        await provider.capabilities.upload(gif)

    assert raised.value.code == "photo_refused"
    assert rig.photos == []


async def test_a_photo_that_the_service_does_not_take_is_found_among_good_ones(rig: Rig, provider: Provider) -> None:
    photos = (CAT, COFFEE, photo("rocket.jpg"))
    assert [each.name for each in await _not_taken(rig, provider, photos)] == ["coffee.png"]


async def _not_taken(rig: Rig, provider: Provider, photos: tuple[Photo, ...]) -> list[Photo]:
    """The photos among these that are not taken, as the bot finds out, when the service cannot take the second."""
    if isinstance(rig.server, Emulator):  # it says so at once, of each
        found = []
        for each in photos:
            if each is COFFEE:
                rig.server.faults.add("file_type")
            try:
                await provider.capabilities.upload(each)
            except Unreadable:
                found.append(each)
        return found
    rig.server.faults.add("poison", sha256=COFFEE.sha256)

    async def takes(some: object) -> bool:
        try:
            await told(provider, await rig.prompt(provider, "What is it?", *some))  # type: ignore[misc]
        except Refused as error:
            assert error.code in MAY_BE_A_PHOTO
            return False
        return True

    return await find_bad_photos(photos, takes)


# leaving


async def test_closing_the_answer_closes_the_connection(rig: Rig, provider: Provider) -> None:
    rig.server.pace = 0.05
    question = await rig.prompt(provider, "long answer please")
    async with aclosing(provider.ask(question)) as pieces:
        assert isinstance(await anext(pieces), Text)

    await _until_left(rig)


async def test_a_cancelled_question_closes_the_connection(rig: Rig, provider: Provider) -> None:
    rig.add(FAULTS["silence"])
    asking = asyncio.create_task(told(provider, await rig.prompt(provider)))
    while not (rig.server.seen and rig.server.seen[-1].fault):
        await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    await _until_left(rig)


async def _until_left(rig: Rig) -> None:
    async with asyncio.timeout(30):
        while not rig.left:
            await asyncio.sleep(0.01)


# models and keys


async def test_models_are_listed_with_eyes_and_price(rig: Rig, provider: Provider) -> None:
    models = {model.id: model for model in await provider.models()}

    assert models["gpt-4o"].sees
    assert models["gpt-4o-mini"].sees
    assert not models["o3-mini"].sees
    assert models["gpt-4o"].name
    assert bool(models["gpt-4o"].price) == (rig.name != "vapi"), "V-API tells no prices"
    assert "dall-e-3" not in models, "it cannot be talked with"
    for dollars in ("2.5", "10") if rig.name in ("aimlapi", "openai") else ():
        assert dollars in models["gpt-4o"].price.replace("/", " ").split()


async def test_models_are_asked_for_once(rig: Rig, provider: Provider) -> None:
    for _ in range(3):
        await provider.models()

    assert sum(seen.path.endswith("/models") for seen in rig.server.seen) == 1


async def test_a_list_that_cannot_be_had_is_no_error(rig: Rig, provider: Provider) -> None:
    rig.server.faults.add("no_models", times=9)

    assert isinstance(list(await provider.models()), list)


async def test_the_check_is_content_with_the_key(rig: Rig, provider: Provider) -> None:
    await provider.check()

    assert rig.questions == 0, "it costs nothing"


async def test_the_check_tells_a_wrong_key(rig: Rig) -> None:
    async with rig.make(key="sk-stolen-from-somebody") as provider:
        with pytest.raises(Refused) as refused:
            await provider.check()

    assert refused.value.code == "provider_wrong_key"


def only(name: Name) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("rig", [name], indirect=True)


@only("vapi")
@pytest.mark.parametrize("how", ["bearer", "x-api-key", "x-goog-api-key"])
async def test_v_api_takes_the_key_in_three_ways(rig: Rig, how: str) -> None:
    async with rig.make(vapi_auth=how) as provider:
        await provider.check()
        await asked(rig, provider)

    # The list is asked for without a key as well, to find out whether it proves the key.
    auths = {seen.auth for seen in cast(FakeOpenAI, rig.server).seen if seen.status == 200}
    assert auths == {"Authorization" if how == "bearer" else how}


@only("aimlapi")
async def test_aiml_api_is_also_there_without_v1(rig: Rig) -> None:
    async with rig.make(aimlapi_api_url=cast(FakeOpenAI, rig.server).host) as provider:
        await provider.check()
        assert (await asked(rig, provider)).text
        assert await provider.models()

    assert [seen.path for seen in rig.server.seen] == ["/v2/billing", "/chat/completions", "/models"]


@only("aimlapi")
async def test_the_check_tells_an_empty_purse(rig: Rig, provider: Provider) -> None:
    cast(FakeOpenAI, rig.server).balance = 0
    with pytest.raises(Refused) as refused:
        await provider.check()

    assert refused.value.code == "provider_no_credits"


async def test_there_is_nothing_to_forget_that_was_not_begun(rig: Rig, provider: Provider) -> None:
    await provider.capabilities.forget((await rig.prompt(provider)).conversation)


# faults

STORIES = [(name, fault) for fault, entry in FAULTS.items() for name in NAMES if entry.happens_to(name)]


def stories(*, noticed: bool) -> pytest.MarkDecorator:
    """Every fault that is noticed, or not, with every provider whose service can do it."""
    found = [(name, fault) for name, fault in STORIES if bool(FAULTS[fault].error) == noticed]
    return pytest.mark.parametrize(("rig", "fault"), found, indirect=["rig"], ids=[f"{n}-{f}" for n, f in found])


@stories(noticed=True)
async def test_a_fault_means_the_same_everywhere(rig: Rig, fault: str) -> None:
    expected, so_far = FAULTS[fault], Told()
    rig.add(expected)
    async with rig.make(silence=0.3 if "silence" in fault else 30.0) as provider:
        with pytest.raises(BotError) as raised:
            await asked(rig, provider, so_far)

    assert expected.error
    assert (type(raised.value), raised.value.code) == _meaning(rig.name, fault, expected)
    assert expected.retry_after in (None, getattr(raised.value, "retry_after", None))
    assert bool(so_far.text) == expected.words
    assert so_far.usage is None
    assert rig.questions <= 1, "who asks again is the bot, not the client"


def _meaning(name: Name, fault: str, expected: Fault) -> tuple[type[BotError], str]:
    """1min.ai takes photos apart from the question, and says of each what is wrong with it."""
    if name == "onemin" and fault.startswith("photo "):
        return Unreadable, {"photo refused": "photo_refused", "photo too large": "photo_too_large"}[fault]
    assert expected.error
    return expected.error, expected.key


@stories(noticed=False)
async def test_nobody_notices(rig: Rig, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "USAGE_TIMEOUT", 0.2)  # seconds that only who keeps the connection open takes
    async with rig.make() as provider:
        expected = await asked(rig, provider)
        rig.add(FAULTS[fault])
        answer = await asked(rig, provider)

    assert answer.text == expected.text
    assert answer.usage is not None


@pytest.mark.parametrize(
    ("rig", "fault"),
    [*((name, fault) for name in NAMES[1:] for fault in ("system", "max_tokens")), ("openai", "stream_options")],
    indirect=["rig"],
)
async def test_what_a_model_does_not_take_is_tried_once(rig: Rig, fault: str) -> None:
    rig.server.faults.add(fault)
    async with rig.make(bot_max_tokens="300") as provider:
        question = replace(await rig.prompt(provider, "What is it?", CAT), instructions="Speak of xyzzy.")
        answers = [await told(provider, question) for _ in range(3)]

    assert all(SIZES[CAT.sha256] in answer.text for answer in answers)
    assert [seen.fault for seen in rig.server.seen] == [fault, "", "", ""]
    for seen in cast(FakeOpenAI, rig.server).seen:
        assert "Speak of xyzzy." in " ".join(seen.texts)
        assert 300 in seen.settings.values()


@pytest.mark.parametrize(
    "fault", ["wrong key", "deleted key", "no credits", "rate limited", "invalid question", "down"]
)
async def test_no_secret_is_told(rig: Rig, fault: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    rig.add(FAULTS[fault])
    with capture_logs() as logs:
        async with rig.make() as provider:
            with pytest.raises(BotError) as raised:
                await asked(rig, provider)
            with suppress(BotError):
                await provider.check()
            await provider.models()

    picture = base64.b64encode((FOLDER / "cat.jpg").read_bytes()).decode()
    for secret in (KEY, KEY[-8:], "Singapore", "org-9f8e7d6c5b4a", picture[:40]):
        for told_to_somebody in (str(raised.value), repr(raised.value), str(logs), caplog.text, repr(provider)):
            assert secret not in told_to_somebody
    assert rig.server.url not in str(raised.value)


def test_every_fault_of_the_double_is_in_a_story() -> None:
    """What is left has a story of its own, here or with the client."""
    elsewhere = {
        *("blind", "context", "content_filter", "refusal", "filtered", "filtered_after", "length"),
        *("poison", "poison_text", "no_models", "text_instead", "system", "max_tokens", "stream_options"),
    }
    assert {entry.double for entry in FAULTS.values()} - {None} | elsewhere == set(OF_THE_DOUBLE)

"""Every fault that the emulator can cause, and what it means to whoever asked."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.providers.onemin.provider import OneMin
from bot.errors import BotError, Busy, Cut, Forgotten, Refused, Unreadable
from emulator import Emulator
from emulator.faults import FAULTS
from tests.adapters.providers.onemin.conftest import KEY, Client, Cloakroom, Told, begun, photo, told

Meaning = tuple[type[BotError], str]

NO_CREDITS: Meaning = (Refused, "provider_no_credits")
DOWN: Meaning = (Busy, "provider_down")

# Before the first word: the class and the key of the error.
MEANINGS: dict[str, Meaning] = {
    "wrong_key": (Refused, "provider_wrong_key"),
    "key_inactive": (Refused, "provider_wrong_key"),
    "key_deleted": (Refused, "provider_wrong_key"),
    "no_credits_406": NO_CREDITS,
    "no_credits_200": NO_CREDITS,
    "no_credits_event": NO_CREDITS,
    "rate_limited": (Busy, "provider_rate_limited"),
    "unsupported_model": (Refused, "provider_unknown_model"),
    "bad_request": (Refused, "provider_bad_request"),
    "prompt_invalid": (Refused, "provider_bad_request"),
    "too_large": (Unreadable, "photo_too_large"),
    "file_type": (Unreadable, "photo_refused"),
    "upstream_busy": DOWN,
    "cloudflare_challenge": (Refused, "provider_blocked"),
    "cloudflare_1015": (Busy, "provider_rate_limited"),
    "server_error": DOWN,
    "bad_gateway": DOWN,
    "unavailable": DOWN,
    "hang": (Busy, "provider_slow"),
    "cut_before": (Busy, "provider_unreachable"),
    "gzip_bomb": (Refused, "provider_nonsense"),
    "forget_conversation": (Forgotten, "provider_forgot"),
    "error_first": DOWN,
    "nothing": (Refused, "provider_empty"),
    "failed_record": (Refused, "provider_failed"),
    "unified_unknown": (Refused, "provider_unsupported"),
}
BROKE_OFF = [("stream_error", "unified"), ("cut_stream", "unified"), ("cut_stream", "features")]
HARMLESS = {
    "no_models",
    "slow",
    "forget_asset",
    "no_done",
    "json_instead",
    "result_string",
    "result_object",
    "flat_uuid",
    "repeat_all",
    "crawl_noise",
    "split_utf8",
    "no_event_names",
}
OF_FEATURES = {"raw_sse", "features_retired"}


def test_every_fault_has_a_meaning() -> None:
    assert {*MEANINGS, *(name for name, _ in BROKE_OFF), *HARMLESS, *OF_FEATURES} == set(FAULTS)


def _silence(fault: str) -> float:
    """Seconds to wait for words: few where none will come, and else so many that a busy machine is fast enough."""
    return 1.0 if fault == "hang" else 30.0


async def _ask(onemin: OneMin) -> Told:
    return await told(onemin, await begun(onemin, "What is it?", photo()))


@pytest.fixture
def undisturbed(client: Client) -> Any:
    async def asked(api: str) -> str:
        async with client(api) as onemin:
            return (await _ask(onemin)).text

    return asked


@pytest.mark.parametrize("name", MEANINGS)
async def test_before_the_first_word_it_is_an_error_of_ours(client: Client, emulator: Emulator, name: str) -> None:
    emulator.faults.add(name)
    so_far = Told()
    async with client("unified", silence=_silence(name)) as onemin:
        with pytest.raises(BotError) as raised, capture_logs() as logs:
            await told(onemin, await begun(onemin, "What is it?", photo()), so_far)

    assert isinstance(raised.value, MEANINGS[name][0])
    assert raised.value.code == MEANINGS[name][1]
    assert so_far.text == ""
    for told_to_somebody in (str(raised.value), str(logs)):
        assert "Singapore" not in told_to_somebody
        assert KEY not in told_to_somebody
        assert emulator.url not in told_to_somebody


@pytest.mark.parametrize(("name", "api"), BROKE_OFF)
async def test_after_words_the_answer_is_cut(client: Client, emulator: Emulator, name: str, api: str) -> None:
    emulator.faults.add(name)
    so_far = Told()
    async with client(api) as onemin:
        with pytest.raises(Cut) as raised:
            await told(onemin, await begun(onemin), so_far)

    assert raised.value.code == "answer_cut"
    assert so_far.text.startswith("I am the emulator")


@pytest.mark.parametrize("name", sorted(HARMLESS))
async def test_nobody_notices(client: Client, emulator: Emulator, undisturbed: Any, name: str) -> None:
    expected = await undisturbed("unified")
    emulator.faults.add(name, seconds=0.2)  # which only "slow" heeds
    async with client("unified") as onemin:
        await onemin.models()
        answer = await _ask(onemin)

    assert answer.text == expected or (
        name == "split_utf8" and "写真を見ました: naïve café, 12 °C 👩‍🚀." in answer.text
    )
    assert answer.usage is not None
    assert answer.usage.credits


# A raw stream has no frames, so that a repetition cannot be told from the answer there.
@pytest.mark.parametrize("name", ["raw_sse", "json_instead", "crawl_noise", "split_utf8", "forget_asset", "flat_uuid"])
async def test_nobody_notices_with_the_features_api_either(
    client: Client, emulator: Emulator, undisturbed: Any, name: str
) -> None:
    expected = await undisturbed("features")
    emulator.faults.add(name)
    async with client("features") as onemin:
        answer = await _ask(onemin)

    assert answer.text == expected or (
        name == "split_utf8" and "写真を見ました: naïve café, 12 °C 👩‍🚀." in answer.text
    )


async def test_a_retired_features_api_is_named_as_such(client: Client, emulator: Emulator) -> None:
    emulator.faults.add("features_retired")
    async with client("features") as onemin:
        with pytest.raises(Refused, match="current interface") as raised:
            await _ask(onemin)

    assert raised.value.code == "provider_unsupported"


@pytest.mark.parametrize("name", sorted(name for name in MEANINGS if FAULTS[name].portable))
@pytest.mark.parametrize("place", ["assets", "conversations"])
async def test_faults_mean_the_same_while_getting_ready(
    client: Client, emulator: Emulator, name: str, place: str
) -> None:
    emulator.faults.add(name, at=place)
    async with client("unified", silence=_silence(name)) as onemin:
        with pytest.raises(BotError) as raised:
            await _ask(onemin)

    if name in ("too_large", "file_type") and place == "conversations":
        assert isinstance(raised.value, Refused)
        return
    assert isinstance(raised.value, MEANINGS[name][0])
    assert raised.value.code == MEANINGS[name][1]


@pytest.mark.parametrize(("said", "pause"), [(None, 30), ("7", 7), ("0", 1), ("99999999", 3600), ("soon", 30)])
async def test_the_pause_is_the_one_that_was_asked_for(
    client: Client, emulator: Emulator, said: str | None, pause: float
) -> None:
    options: dict[str, Any] = {"retry_after": said} if said else {}
    emulator.faults.add("rate_limited", **options)
    async with client() as onemin:
        with pytest.raises(Busy) as busy:
            await _ask(onemin)

    assert busy.value.retry_after == pause


async def test_the_log_tells_how_many_credits_are_left_but_not_whose(client: Client, emulator: Emulator) -> None:
    emulator.faults.add("no_credits_406")
    async with client() as onemin:
        with pytest.raises(Refused), capture_logs() as logs:
            await _ask(onemin)

    (line,) = [line for line in logs if line["log_level"] == "warning"]
    assert line["code"] == "INSUFFICIENT_CREDITS"
    assert line["message"] == "The feature requires 4800 credits, and 46 are left"


async def test_an_address_where_nobody_listens_is_unreachable() -> None:
    async with OneMin("key", "http://127.0.0.1:9", "auto", Cloakroom(), acquire=Cloakroom().acquire) as onemin:
        with pytest.raises(Busy) as busy:
            await onemin.check()

    assert busy.value.code == "provider_unreachable"

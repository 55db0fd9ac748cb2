"""No message is lost, whatever Telegram, the network or our own store are up to."""

import asyncio
import re

import pytest
from structlog.testing import capture_logs

from adapters.platforms.telegram.adapter import Task, Telegram
from bot.chat_platform import Health, HealthState
from bot.errors import Refused
from bot.messages import Button, Channel, OutgoingPost
from tests.adapters.platforms.telegram.conftest import COMMANDS, PHOTO, Client, Inbox, Menus, listening, until
from tests.doubles.telegram import ANN, BAD_GATEWAY, CUT, GROUP, LOST, TOKEN, Fault, TelegramBed, flood

TROUBLES = {
    "revoked for a moment": Fault(401, description="Unauthorized"),
    "not found": Fault(404, description="Not Found"),
    "two programs": Fault(409, description="Conflict: terminated by other getUpdates request"),
    "flood": Fault(429, retry_after=1, description="Too Many Requests: retry after 1"),
    "500": Fault(500),
    "502": BAD_GATEWAY,
    "garbage": Fault(200, page="<html>maintenance</html>"),
    "another JSON": Fault(200, page="[1, 2, 3]"),
    "no list": Fault(200, page='{"ok": true, "result": {"a": 1}}'),
    "no updates": Fault(200, page='{"ok": true, "result": [1, null, {"update_id": "x"}]}'),
    "cut": CUT,
    "lost": LOST,
}


async def test_what_was_said_while_the_bot_was_away_is_heard_oldest_first(
    telegram: Telegram, bed: TelegramBed, inbox: Inbox
) -> None:
    for n in range(150):  # more than a batch
        await bed.says(str(n))
    async with listening(telegram, inbox):
        await until(lambda: len(inbox.messages) == 150)
    assert inbox.texts == [str(n) for n in range(150)]


@pytest.mark.parametrize("fault", TROUBLES.values(), ids=TROUBLES)
async def test_listening_survives(telegram: Telegram, bed: TelegramBed, inbox: Inbox, fault: Fault) -> None:
    bed.fails("getUpdates", fault, times=2)
    await bed.says("hello")
    async with listening(telegram, inbox):
        await until(lambda: inbox.texts == ["hello"])
        await bed.says("and again")
        await until(lambda: inbox.texts == ["hello", "and again"])


@pytest.mark.parametrize("call", ["getMe", "setMyCommands", "deleteWebhook"])
async def test_the_bot_may_start_before_telegram_can_be_reached(
    telegram: Telegram, bed: TelegramBed, inbox: Inbox, call: str
) -> None:
    bed.fails(call, BAD_GATEWAY, times=3)
    await bed.says("hello")
    async with listening(telegram, inbox):
        await until(lambda: inbox.texts == ["hello"])


async def test_an_outage_is_two_log_lines_without_the_token(client: Client, bed: TelegramBed, inbox: Inbox) -> None:
    bed.fails("getUpdates", BAD_GATEWAY, times=10)
    await bed.says("hello")
    with capture_logs() as lines:
        async with client() as telegram, listening(telegram, inbox):
            await until(lambda: inbox.messages)
    disturbed = [line for line in lines if "disturbed" in line["event"]]
    assert len(disturbed) == 1
    assert [line["failures"] for line in lines if "works again" in line["event"]] == [10]
    assert TOKEN not in str(lines)


async def test_a_revoked_token_stops_the_adapter_with_a_sentence(
    telegram: Telegram, bed: TelegramBed, inbox: Inbox
) -> None:
    async with listening(telegram, inbox) as task:
        await until(lambda: bed.called("deleteWebhook"))
        bed.revoked = True
        await bed.says("wake up")
        with pytest.raises(Refused, match="TELEGRAM_TOKEN") as caught:
            await asyncio.wait_for(task, 30)
    assert TOKEN not in f"{caught.value!r} {caught.value.__cause__!r}"


async def test_a_wrong_token_stops_the_adapter_at_once(client: Client, inbox: Inbox) -> None:
    async with client(token="4242:wrong") as telegram:
        with pytest.raises(Refused) as caught:
            await asyncio.wait_for(telegram.listen(inbox.receive), 30)
    assert caught.value.code == "telegram_wrong_token"


async def test_telegram_keeps_what_could_not_be_stored(telegram: Telegram, bed: TelegramBed, inbox: Inbox) -> None:
    inbox.troubles = [OSError("the disk is full")] * 8
    for text in ("one", "two", "three"):
        await bed.says(text)
    async with listening(telegram, inbox):
        await until(lambda: len(inbox.troubles) < 8)
        assert bed.pending() == 3
        await until(lambda: len(inbox.messages) == 3)
    assert inbox.texts == ["one", "two", "three"]


async def test_an_update_is_forgotten_only_after_it_was_taken_in(
    telegram: Telegram, bed: TelegramBed, inbox: Inbox
) -> None:
    stored = asyncio.Event()

    async def slow(message: object) -> None:
        await stored.wait()

    inbox.receive = slow  # type: ignore[method-assign]
    await bed.says("hello")
    async with listening(telegram, inbox):
        await until(lambda: bed.called("getUpdates"))
        assert bed.pending() == 1
        stored.set()
        await until(lambda: bed.pending() == 0)


async def test_a_message_that_cannot_be_taken_in_does_not_block_the_others(
    telegram: Telegram, bed: TelegramBed, inbox: Inbox
) -> None:
    inbox.unbearable = "poison"
    with capture_logs() as lines:
        async with listening(telegram, inbox):
            await bed.says("poison")
            await bed.says("after it")
            await until(lambda: "after it" in inbox.texts)
            await bed.says("and on")
            await until(lambda: "and on" in inbox.texts)
            await until(lambda: bed.pending() == 0)
    assert inbox.texts == ["after it", "and on"]
    assert any("set aside" in line["event"] for line in lines)


@pytest.mark.parametrize(
    "nonsense",
    [{"message": {}}, {"message": {"message_id": "x", "date": "y", "chat": 3}}, {"callback_query": {"id": "1"}}],
)
async def test_an_update_that_makes_no_sense_is_set_aside(
    telegram: Telegram, bed: TelegramBed, inbox: Inbox, nonsense: dict[str, object]
) -> None:
    await bed.arrives(nonsense)
    await bed.says("hello")
    with capture_logs() as lines:
        async with listening(telegram, inbox):
            await until(lambda: inbox.texts == ["hello"])
    assert [line["update"] for line in lines if "set aside" in line["event"]] == [1]


async def test_nothing_is_heard_twice_when_a_reply_was_lost(telegram: Telegram, bed: TelegramBed, inbox: Inbox) -> None:
    async with listening(telegram, inbox):
        for n in range(5):
            bed.fails("getUpdates", LOST)
            await bed.says(str(n))
            await until(lambda n=n: len(inbox.messages) > n)  # type: ignore[misc]
    assert inbox.texts == ["0", "1", "2", "3", "4"]


async def test_ids_that_jump_back_after_a_quiet_week_are_heard(
    telegram: Telegram, bed: TelegramBed, inbox: Inbox
) -> None:
    async with listening(telegram, inbox):
        await bed.arrives({"update_id": 9_000_000, "message": bed.message({"text": "before"})})
        await until(lambda: inbox.texts == ["before"])
        bed._update_queues._state(TOKEN).next_id = 1
        await until(lambda: bed.pending() == 0)
        await until(lambda: telegram._poller is not None and telegram._poller._offset == 0, 7)
        await bed.says("after")
        await until(lambda: inbox.texts == ["before", "after"])


async def test_commands_are_registered_with_their_descriptions_in_each_language(
    telegram: Telegram, bed: Menus, inbox: Inbox
) -> None:
    async with listening(telegram, inbox):
        await until(lambda: bed.told == COMMANDS)


async def test_where_telegram_refuses_the_commands_of_one_language_it_gets_the_others_and_the_bot_listens(
    telegram: Telegram, bed: Menus, inbox: Inbox
) -> None:
    bed.fails("setMyCommands", Fault(400, description="Bad Request: BOT_COMMAND_DESCRIPTION_INVALID"))
    await bed.says("hello")
    async with listening(telegram, inbox):
        await until(lambda: inbox.texts == ["hello"])
        await until(lambda: bed.told == {"de": COMMANDS["de"]})


async def test_it_listens_before_it_has_registered_its_commands(telegram: Telegram, bed: Menus, inbox: Inbox) -> None:
    bed.fails("setMyCommands", flood(30))
    await bed.says("hello")
    async with listening(telegram, inbox):
        await until(lambda: inbox.texts == ["hello"])
    assert bed.told == {}


async def test_a_command_is_known_in_a_group_whatever_its_language(client: Client, bed: Menus, inbox: Inbox) -> None:
    await bed.says("/new", GROUP)
    await bed.says("/other", GROUP)
    await bed.says("/new", GROUP)
    async with client(commands={"de": {"new": "neu anfangen"}}) as telegram, listening(telegram, inbox):
        await until(lambda: len(inbox.messages) == 3)
    assert [message.addressed for message in inbox.messages] == [True, False, True]


async def test_the_health_page_can_tell_how_long_telegram_has_been_silent(
    telegram: Telegram, bed: TelegramBed, inbox: Inbox
) -> None:
    assert telegram.health == Health(HealthState.DOWN, "not connected yet")
    async with listening(telegram, inbox):
        await bed.says("hello")
        await until(lambda: inbox.messages)
        assert telegram.health.state is HealthState.UP
        assert telegram._poller is not None
        telegram._poller.last_success -= 300
        quiet = telegram.health
        assert quiet.state is HealthState.DOWN
        assert re.search(r"3\d\d seconds ago", quiet.detail)


async def test_a_press_is_acknowledged_and_says_its_command(telegram: Telegram, bed: TelegramBed, inbox: Inbox) -> None:
    home = Channel("telegram", str(ANN))
    await telegram.send(home, OutgoingPost(text="Again?", buttons=(Button("Again", "/retry 7"),)))
    [post] = bed.posts()
    async with listening(telegram, inbox):
        query = await bed.presses(post, "/retry 7", by=99)
        await until(lambda: bed.acknowledged and inbox.messages)
        [press] = inbox.messages
        await telegram.send(press.channel, OutgoingPost(text="Here it is.", reply_to=press.id))
    assert bed.acknowledged == [(query, "")]
    assert (press.text, press.channel, press.author.id) == ("/retry 7", home, "99")
    assert bed.posts()[-1].reply_to == post.id


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ({}, "This button is too old. Please type what you want instead."),
        ({"language_code": "de"}, "Dieser Knopf ist mir zu alt. Bitte schreib es in Worten."),
    ],
)
async def test_a_press_on_something_too_old_gets_a_sentence(
    telegram: Telegram, bed: TelegramBed, inbox: Inbox, language: dict[str, str], sentence: str
) -> None:
    person = {"id": ANN, "is_bot": False, "first_name": "Ann", **language}
    await bed.arrives({"callback_query": {"id": "q", "from": person, "chat_instance": "1", "data": "/x"}})
    async with listening(telegram, inbox):
        await until(lambda: bed.acknowledged)
    assert bed.acknowledged == [("q", sentence)]
    assert not inbox.messages


async def test_a_photo_that_was_heard_can_be_fetched(telegram: Telegram, bed: TelegramBed, inbox: Inbox) -> None:
    await bed.sends_photo(PHOTO, "what is this?", GROUP)
    async with listening(telegram, inbox):
        await until(lambda: inbox.messages)
        [message] = inbox.messages
        assert await telegram.download(message.attachments[0], 20 << 20) == PHOTO


class Lock:
    """What a fleet does one at a time."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def alone(self, work: Task) -> None:
        async with self._lock:
            await work()


async def test_one_process_polls_and_the_other_stands_by_until_it_goes(
    client: Client, bed: TelegramBed, inbox: Inbox
) -> None:
    lock, later = Lock(), Inbox()
    async with client(run_exclusively=lock.alone) as one, client(run_exclusively=lock.alone) as other:
        async with listening(one, inbox):
            await until(lambda: bed.called("getUpdates"))
            calls = len(bed.calls)
            async with listening(other, later):
                await until(lambda: other.health.detail == "another process listens to Telegram")
                assert other.health.state is HealthState.STANDBY
                await bed.says("one")
                await until(lambda: inbox.texts == ["one"])
                assert {call.method for call in bed.calls[calls:]} == {"getUpdates"}
        async with listening(other, later):
            await bed.says("two")
            await until(lambda: later.texts == ["two"])
            assert "last heard" in other.health.detail
        assert one.health == Health(HealthState.DOWN, "not connected yet")


async def test_who_is_told_to_give_way_stands_by_and_polls_again_when_it_is_its_turn(
    client: Client, bed: TelegramBed, inbox: Inbox
) -> None:
    lost, back = asyncio.Event(), asyncio.Event()

    async def alone(work: Task) -> None:
        first = asyncio.create_task(work())
        await lost.wait()
        first.cancel()
        await back.wait()
        await work()

    async with client(run_exclusively=alone) as telegram, listening(telegram, inbox):
        await bed.says("one")
        await until(lambda: inbox.texts == ["one"])
        lost.set()
        await until(lambda: "another process" in telegram.health.detail)
        await bed.says("two")
        back.set()
        await until(lambda: inbox.texts == ["one", "two"])


CONFLICT = Fault(409, description="Conflict: terminated by other getUpdates request")


async def test_after_taking_over_a_conflict_is_waited_for_without_a_word(
    client: Client, bed: TelegramBed, inbox: Inbox
) -> None:
    bed.fails("getUpdates", CONFLICT, times=10)
    await bed.says("hello")
    with capture_logs() as lines:
        async with client() as telegram, listening(telegram, inbox):
            await until(lambda: inbox.texts == ["hello"])
    assert not [line for line in lines if line["log_level"] == "warning"]


async def test_a_conflict_that_does_not_end_is_told(telegram: Telegram, bed: TelegramBed, inbox: Inbox) -> None:
    with capture_logs() as lines:
        async with listening(telegram, inbox):
            await until(lambda: bed.called("getUpdates"))
            assert telegram._poller is not None
            telegram._poller._started_at -= 100
            bed.fails("getUpdates", CONFLICT)
            await bed.says("hello")
            await until(lambda: inbox.texts == ["hello"])
            await bed.says("and again")
            await until(lambda: any("disturbed" in line["event"] for line in lines))

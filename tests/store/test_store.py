"""What the store promises, on SQLite and on PostgreSQL alike."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from bot.errors import LeaseLost
from bot.messages import Attachment, Author, Channel, ChannelSettings, Exchange, JobResult, Message, Usage
from bot.ports import Store
from bot.store import turn_intake
from bot.store.sql import SqlStore
from bot.store.sqlite import AlreadyRunning, SQLite
from bot.util.ttl_cache import TtlCache
from tests.conftest import MODEL, OpenStore, said
from tests.doubles.work import pressed
from tests.store.talk import HERE, answer, claim_one


async def test_a_message_is_kept_once_however_often_it_is_delivered(store: Store) -> None:
    message = said("hello", photos=2)
    assert await store.intake.add(message)
    assert not await store.intake.add(message)
    turn = await claim_one(store)
    assert turn.message == message
    assert turn.conversation.model == MODEL


async def test_the_same_message_id_in_another_channel_is_another_message(store: Store) -> None:
    assert await store.intake.add(said(id="7"))
    assert await store.intake.add(said(id="7", channel="web:kitchen"))


async def test_a_conversation_is_answered_one_turn_at_a_time_in_order(store: Store) -> None:
    for text in ("one", "two", "three"):
        await store.intake.add(said(text))
    heard = []
    for _ in range(3):
        turn = await claim_one(store)
        assert await store.queue.claim(10) == []
        heard.append(turn.message.text)
        await answer(store, turn, "yes")
    assert heard == ["one", "two", "three"]
    assert await store.queue.count_waiting() == 0


async def test_conversations_are_answered_side_by_side_oldest_first(store: Store) -> None:
    for name in "abcd":
        await store.intake.add(said(name, channel=f"web:{name}"))
    assert [turn.message.text for turn in await store.queue.claim(3)] == ["a", "b", "c"]
    assert [turn.message.text for turn in await store.queue.claim(3)] == ["d"]


async def test_a_turn_put_back_keeps_its_place_until_it_is_due(store: Store) -> None:
    await store.intake.add(said("one"))
    await store.intake.add(said("two"))
    turn = await claim_one(store)
    await store.queue.reschedule(turn, 0.2)
    assert await store.queue.claim(10) == []
    await asyncio.wait_for(store.queue.wait(60), 30)
    await asyncio.sleep(0.25)
    again = await claim_one(store)
    assert (again.message.text, again.attempts, again.deliveries) == ("one", 1, 2)


def part(album: str, text: str = "", photo: str = "", **more: object) -> Message:
    message = said(text, channel="telegram:42")
    return replace(message, album=album, attachments=(Attachment(ref=photo, name=photo),) if photo else (), **more)  # type: ignore[arg-type]


async def test_the_parts_of_an_album_are_one_turn_whatever_order_they_come_in(store: Store) -> None:
    first, second, third = part("a", "compare them", "1"), part("a", photo="2"), part("a", photo="3")
    for message in (third, first, second):
        assert await store.intake.add(message, ripens=0.1)
    assert not await store.intake.add(second, ripens=0.1)
    assert await store.queue.claim(10) == []  # one more may come
    await asyncio.sleep(0.15)
    turn = await claim_one(store)
    assert turn.message.id == first.id
    assert turn.message.text == "compare them"
    assert [attachment.ref for attachment in turn.message.attachments] == ["1", "2", "3"]


async def test_albums_do_not_mix(store: Store) -> None:
    await store.intake.add(part("a", "first", "1"), ripens=0.05)
    await store.intake.add(part("b", "second", "2"), ripens=0.05)
    await asyncio.sleep(0.1)
    turn = await claim_one(store)
    assert turn.message.text == "first"
    await store.queue.finish(turn)
    assert (await claim_one(store)).message.text == "second"


async def test_an_album_is_spoken_to_the_bot_when_one_of_its_parts_is(store: Store) -> None:
    await store.intake.add(part("a", photo="1", addressed=False), ripens=0)
    await store.intake.add(part("a", "@bot what?", "2", addressed=True), ripens=0)
    turn = await claim_one(store)
    assert turn.message.addressed
    assert len(turn.message.attachments) == 2


async def test_a_part_that_comes_too_late_is_a_turn_of_its_own(store: Store) -> None:
    await store.intake.add(part("a", "first", "1"))
    turn = await claim_one(store)
    assert await store.intake.add(part("a", photo="2"))
    await store.queue.finish(turn)
    assert (await claim_one(store)).message.attachments[0].ref == "2"


async def test_an_album_that_a_restart_came_into_waits_for_all_of_its_parts(store: Store) -> None:
    await store.intake.add(part("a", photo="1"), ripens=0.01)
    await asyncio.sleep(0.05)  # it was down for longer than an album may take
    await store.intake.hold_albums(600)
    for photo in ("2", "3"):
        await store.intake.add(part("a", photo=photo), ripens=0.01)
        await asyncio.sleep(0.05)
        assert await store.queue.claim(10) == []
    assert isinstance(store, SqlStore)
    await store.db.run("UPDATE turns SET due = 0")  # the time is over
    turn = await claim_one(store)
    assert [each.ref for each in turn.message.attachments] == ["1", "2", "3"]


async def test_only_albums_that_nobody_has_taken_up_wait_for_parts(store: Store) -> None:
    await store.intake.add(part("a", photo="1"))
    await store.intake.add(said("what?"))
    await store.intake.hold_albums(60)
    turn = await claim_one(store)
    assert turn.message.channel == HERE


async def test_an_album_survives_a_restart_between_its_parts(reopen: OpenStore) -> None:
    async with reopen() as store:
        await store.intake.add(part("a", "both", "1"), ripens=0.3)
    async with reopen() as store:
        await store.intake.add(part("a", photo="2"), ripens=0.3)
        await asyncio.sleep(0.4)
        assert len((await claim_one(store)).message.attachments) == 2


async def test_new_words_count_until_the_turn_is_taken_up(store: Store) -> None:
    message = said("waht is this?", photos=1)
    await store.intake.add(message)
    await store.intake.amend(replace(message, text="what is this?"))
    turn = await claim_one(store)
    assert turn.message.text == "what is this?"
    await store.intake.amend(replace(message, text="too late"))
    await store.queue.reschedule(turn, 0)
    assert (await claim_one(store)).message.text == "what is this?"


# what people press


async def test_a_button_that_is_pressed_twice_within_its_turn_is_pressed_once(store: Store) -> None:
    first = pressed("/describe", "7")
    assert await store.intake.add(first)
    others = [pressed("/describe", "8"), pressed("/read", "7"), said("/describe")]
    assert [await store.intake.add(message) for message in (*others, pressed("/describe", "7"))] == [True] * 3 + [False]
    turn = await claim_one(store)
    assert not await store.intake.add(replace(pressed("/describe", "7"), author=Author("2", "Bob")))
    await store.queue.finish(turn)


async def test_a_second_tap_counts_as_the_first_one_however_fast_the_answer_was(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = Author("2", "Bob")
    await store.intake.add(pressed("/describe", "7"))
    await answer(store, await claim_one(store), "a cat")
    assert not await store.intake.add(pressed("/describe", "7"))
    assert await store.intake.add(replace(pressed("/describe", "7"), author=bob)), "somebody else means it"
    await answer(store, await claim_one(store), "a cat")
    monkeypatch.setattr(turn_intake, "DOUBLE_TAP_SECONDS", 0)
    assert await store.intake.add(pressed("/describe", "7")), "a while later it is pressed again"


async def test_what_went_wrong_may_be_tried_again_at_once(store: Store) -> None:
    await store.intake.add(pressed("/describe", "7"))
    turn = await claim_one(store)
    await store.queue.save_result(turn, JobResult(text="busy", outcome="unreachable", booked=False))
    await store.queue.finish(turn, "unreachable")
    assert await store.intake.add(pressed("/describe", "7"))


# what people delete


async def test_a_message_deleted_in_time_is_never_answered_nor_taken_in_again(store: Store) -> None:
    message = said("forget it")
    await store.intake.add(message)
    await store.intake.cancel_queued(message.channel, message.id)
    assert await store.queue.count_waiting() == 0
    assert not await store.intake.add(message)
    assert await store.queue.claim(10) == []
    await store.intake.add(said("and this?"))
    turn = await claim_one(store)
    assert turn.message.text == "and this?"
    assert await store.turns.list_history(turn, 10) == []


async def test_the_line_closes_up_wherever_a_message_is_deleted(store: Store) -> None:
    messages = [said(text) for text in ("one", "two", "three", "four")]
    for message in messages:
        await store.intake.add(message)
    for gone in (messages[0], messages[2]):
        await store.intake.cancel_queued(HERE, gone.id)
    for text in ("two", "four"):
        turn = await claim_one(store)
        assert turn.message.text == text
        await store.queue.finish(turn)
    assert await store.queue.count_waiting() == 0


async def test_a_message_deleted_behind_one_in_work_does_not_let_another_come_forward(store: Store) -> None:
    messages = [said(text) for text in ("one", "two", "three")]
    for message in messages:
        await store.intake.add(message)
    turn = await claim_one(store)
    await store.intake.cancel_queued(HERE, messages[1].id)
    assert await store.queue.claim(10) == []
    await store.queue.finish(turn)
    assert (await claim_one(store)).message.text == "three"


async def test_a_message_deleted_too_late_is_answered(store: Store) -> None:
    message = said()
    await store.intake.add(message)
    turn = await claim_one(store)
    await store.intake.cancel_queued(message.channel, message.id)
    await store.queue.reschedule(turn, 0)
    await store.intake.cancel_queued(message.channel, message.id)
    await answer(store, await claim_one(store), "a cat")
    await store.intake.cancel_queued(message.channel, message.id)
    await store.intake.add(said("and now?"))
    assert [past.answer for past in await store.turns.list_history(await claim_one(store), 10)] == ["a cat"]


async def test_a_deletion_tells_whether_it_came_in_time(store: Store) -> None:
    waiting, album = said(), [part("a", "look", "1"), part("a", photo="2")]
    for message in (waiting, *album):
        await store.intake.add(message)
    assert await store.intake.cancel_queued(HERE, "unknown")
    assert await store.intake.cancel_queued(album[0].channel, album[0].id)
    claimed = {turn.message.id for turn in await store.queue.claim(10)}
    assert claimed == {waiting.id, album[1].id}
    assert not await store.intake.cancel_queued(waiting.channel, waiting.id)
    assert not await store.intake.cancel_queued(album[1].channel, album[1].id)
    assert await store.intake.cancel_queued(album[0].channel, album[0].id)  # it is not shown


async def test_what_nobody_said_to_the_bot_can_be_deleted(store: Store) -> None:
    message = said()
    await store.intake.add(message)
    await store.intake.cancel_queued(HERE, "unknown")
    await store.intake.cancel_queued(Channel("web", "kitchen"), message.id)
    assert (await claim_one(store)).message == message


async def test_a_deletion_ends_the_wait_of_whoever_is_behind(store: Store) -> None:
    first = part("a", "look", "1")
    await store.intake.add(first, ripens=30)
    await store.intake.add(said("hello", channel=str(first.channel)))
    await store.queue.wait(0.01)  # forget what came before
    waiting = asyncio.create_task(store.queue.wait(30))
    await asyncio.sleep(0.05)
    await store.intake.cancel_queued(first.channel, first.id)
    await asyncio.wait_for(waiting, 30)
    assert (await claim_one(store)).message.text == "hello"


async def test_another_process_hears_of_a_deletion(reopen: OpenStore, store_url: str) -> None:
    if store_url.startswith("sqlite"):
        pytest.skip("one process on one file")
    async with reopen() as store, reopen() as other:
        first = part("a", "look", "1")
        await store.intake.add(first, ripens=30)
        await store.intake.add(said("hello", channel=str(first.channel)))
        for _ in range(2):  # let the news of both arrive
            await other.queue.wait(0.2)
        waiting = asyncio.create_task(other.queue.wait(30))
        await asyncio.sleep(0.05)
        await store.intake.cancel_queued(first.channel, first.id)
        await asyncio.wait_for(waiting, 30)
        assert (await claim_one(other)).message.text == "hello"


@pytest.mark.parametrize("gone", [0, 1, 2])
async def test_an_album_goes_on_without_a_part_that_is_deleted(store: Store, gone: int) -> None:
    parts = [part("a", "compare them", "1"), part("a", "or not", "2"), part("a", photo="3")]
    for message in parts:
        await store.intake.add(message)
    lost = parts.pop(gone)
    await store.intake.cancel_queued(lost.channel, lost.id)
    await store.intake.cancel_queued(lost.channel, lost.id)
    await store.intake.amend(replace(lost, text="too late", edited=True))
    assert not await store.intake.add(lost)
    turn = await claim_one(store)
    assert turn.message == Message.of_album(parts)
    await store.queue.finish(turn)
    assert not any([await store.intake.add(message) for message in (lost, *parts)])


async def test_a_part_that_comes_after_a_deletion_still_joins_the_others(store: Store) -> None:
    first, second, third = part("a", "these", "1"), part("a", photo="2"), part("a", photo="3")
    await store.intake.add(first)
    await store.intake.add(second)
    await store.intake.cancel_queued(first.channel, first.id)
    await store.intake.add(third)
    turn = await claim_one(store)
    assert (turn.message.text, [photo.ref for photo in turn.message.attachments]) == ("", ["2", "3"])


async def test_an_album_is_withdrawn_with_its_last_part(reopen: OpenStore) -> None:
    first, second = part("a", "both", "1"), part("a", photo="2")
    async with reopen() as store:
        await store.intake.add(first)
        await store.intake.add(second)
        await store.intake.cancel_queued(first.channel, first.id)
    async with reopen() as store:
        await store.intake.cancel_queued(second.channel, second.id)
        assert await store.queue.count_waiting() == 0
        assert not await store.intake.add(first)
        assert not await store.intake.add(second)
        assert await store.queue.claim(10) == []
        await store.intake.add(part("a", photo="3"))  # it comes too late to be of that album
        assert [photo.ref for photo in (await claim_one(store)).message.attachments] == ["3"]


async def test_an_album_no_longer_speaks_to_the_bot_when_the_part_that_did_is_deleted(store: Store) -> None:
    spoke = part("a", "@bot what?", "2", addressed=True)
    await store.intake.add(part("a", photo="1", addressed=False))
    await store.intake.add(spoke)
    await store.intake.cancel_queued(spoke.channel, spoke.id)
    assert not (await claim_one(store)).message.addressed


async def test_what_is_said_while_the_message_before_it_is_deleted_comes_forward(store: Store) -> None:
    for _ in range(60):
        gone, after = said("never mind"), said("but this")
        await store.intake.add(gone)
        await asyncio.gather(store.intake.add(after), store.intake.cancel_queued(HERE, gone.id))
        turn = await claim_one(store)
        assert turn.message == after
        await store.queue.finish(turn)


async def test_deletions_beside_answers_and_fresh_conversations_never_leave_a_line_without_a_head(
    reopen: OpenStore,
) -> None:
    """Three people talk and delete every other message, while the bot answers and starts afresh again and again."""
    deleted, answered = set[str](), list[str]()

    async def talk(store: Store, name: str) -> None:
        for n in range(12):
            message = said(f"{name}{n}")
            await store.intake.add(message)
            if n % 2:
                deleted.add(message.text)
                await asyncio.sleep(0.001 * (n % 3))
                await store.intake.cancel_queued(HERE, message.id)

    async def work(store: Store) -> None:
        while not talking.done() or await store.queue.count_waiting():
            for turn in await store.queue.claim(3):
                if len(answered) % 5 == 0:
                    await store.conversations.renew(turn.conversation)
                answered.append(turn.message.text)
                await store.queue.finish(turn)
            await asyncio.sleep(0)

    async with reopen() as store:
        talking = asyncio.gather(*(talk(store, name) for name in "abc"))
        await asyncio.wait_for(work(store), 20)
        await talking
        assert len(answered) == len(set(answered))
        assert set(answered) | deleted == {f"{name}{n}" for name in "abc" for n in range(12)}


# channels


async def test_one_claim_leaves_some_of_a_long_queue_to_other_processes_where_there_may_be_any(store: Store) -> None:
    for n in range(40):
        await store.intake.add(said("what?", f"web:{n}"))
    claims = [len(await store.queue.claim(30)) for _ in range(4)]
    assert claims == (
        [30, 10, 0, 0] if isinstance(store, SqlStore) and isinstance(store.db, SQLite) else [16, 16, 8, 0]
    )


async def test_what_people_chose_for_a_channel_is_kept_and_seen_at_once(reopen: OpenStore) -> None:
    async with reopen() as store:
        assert await store.channels.get_channel_settings(HERE) == ChannelSettings()
        for chosen in (ChannelSettings(listening="all"), ChannelSettings(listening="photos", fallbacks=("a/b", "c/d"))):
            await store.channels.save_channel_settings(HERE, chosen)
            assert await store.channels.get_channel_settings(HERE) == chosen
        assert await store.channels.get_channel_settings(Channel("web", "kitchen")) == ChannelSettings()
    async with reopen() as store:
        assert await store.channels.get_channel_settings(HERE) == ChannelSettings(
            listening="photos", fallbacks=("a/b", "c/d")
        )


async def written_by_another_version(store: Store, settings: str) -> None:
    """Past everything this process remembers."""
    assert isinstance(store, SqlStore)
    sql = "INSERT INTO channel_settings (channel, settings) VALUES (:channel, :settings)"
    sql += " ON CONFLICT (channel) DO UPDATE SET settings = excluded.settings"
    await store.db.write(lambda execute: execute(sql, channel=str(HERE), settings=settings))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("{}", ChannelSettings()),
        ('{"threads": true}', ChannelSettings(threads=True)),
        ('{"listening": "all", "colour": "green"}', ChannelSettings(listening="all")),
        ('{"describe": true, "colours": ["green"]}', ChannelSettings(describe=True)),
        ('{"describe": false, "fallbacks": null}', ChannelSettings(fallbacks=None)),
        ('{"fallbacks": []}', ChannelSettings(fallbacks=())),
        ('{"fallbacks": ["a/b", "c/d/e"]}', ChannelSettings(fallbacks=("a/b", "c/d/e"))),
    ],
)
async def test_settings_of_an_older_or_newer_version_are_understood(
    store: Store, written: str, read: ChannelSettings
) -> None:
    await written_by_another_version(store, written)
    assert await store.channels.get_channel_settings(HERE) == read


async def test_the_database_is_not_asked_for_every_message(reopen: OpenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.conversations.SETTINGS_SECONDS", 0.3)
    async with reopen() as store:
        assert await store.channels.get_channel_settings(HERE) == ChannelSettings()
        await written_by_another_version(store, '{"listening": "all"}')
        assert await store.channels.get_channel_settings(HERE) == ChannelSettings(), "it was just asked for"
        await asyncio.sleep(0.35)
        assert await store.channels.get_channel_settings(HERE) == ChannelSettings(listening="all"), (
            "seconds later it is known"
        )


def answers(value: int) -> Callable[[], Awaitable[int]]:
    async def load() -> int:
        return value

    return load


async def test_what_was_asked_for_longest_ago_is_forgotten_first() -> None:
    recent = TtlCache[str, int](2, 60)
    for key in ("a", "b", "a", "c"):
        await recent.get(key, answers(1))
    assert [await recent.get(key, answers(2)) for key in ("a", "c", "b")] == [1, 1, 2]


async def test_what_changed_while_it_was_read_is_read_again() -> None:
    recent = TtlCache[str, int](2, 60)
    reading = asyncio.Event()

    async def slowly() -> int:
        await reading.wait()
        return 1

    asked = asyncio.create_task(recent.get("a", slowly))
    await asyncio.sleep(0)
    recent.forget("a")
    reading.set()
    assert await asked == 1
    assert await recent.get("a", answers(2)) == 2


async def test_the_last_message_heard_is_kept_for_each_channel_of_a_platform(reopen: OpenStore) -> None:
    marks = {Channel("discord", str(n)): str(10**17 + n) for n in range(5_000)}
    async with reopen() as store:
        await store.channels.save_read_marks(marks | {Channel("telegram", "1"): "1", Channel("discordant", "1"): "1"})
    async with reopen() as store:
        assert await store.channels.list_read_marks("discord") == marks
        assert await store.channels.list_read_marks("telegram") == {Channel("telegram", "1"): "1"}
        assert await store.channels.list_read_marks("web") == {}


async def test_an_older_mark_never_replaces_a_newer_one(store: Store) -> None:
    short, long = Channel("discord", "short"), Channel("discord", "long")
    await store.channels.save_read_marks({short: "9", long: "1052"})
    await store.channels.save_read_marks({short: "10", long: "1049"})
    await store.channels.save_read_marks({})
    assert await store.channels.list_read_marks("discord") == {short: "10", long: "1052"}
    await store.channels.save_read_marks({short: "9", long: "999"})
    assert await store.channels.list_read_marks("discord") == {short: "10", long: "1052"}


async def test_processes_that_hear_the_same_channels_do_not_block_each_other(reopen: OpenStore, store_url: str) -> None:
    if store_url.startswith("sqlite"):
        pytest.skip("one process on one file")
    channels = [Channel("discord", str(n)) for n in range(1_000)]
    async with reopen() as a, reopen() as b:
        for n in range(5):
            forth = dict.fromkeys(channels, str(n))
            back = dict.fromkeys(reversed(channels), str(n))
            await asyncio.wait_for(
                asyncio.gather(a.channels.save_read_marks(forth), b.channels.save_read_marks(back)), 10
            )
        assert set((await a.channels.list_read_marks("discord")).values()) == {"4"}


async def test_people_who_move_take_what_they_chose_and_the_last_message_along(store: Store) -> None:
    old, new = Channel("telegram", "-5"), Channel("telegram", "-1005")
    await store.channels.save_channel_settings(old, ChannelSettings(listening="all"))
    await store.channels.save_read_marks({old: "7"})
    assert await store.channels.get_channel_settings(new) == ChannelSettings()
    await store.channels.migrate_channel(old, new)
    assert await store.channels.get_channel_settings(new) == ChannelSettings(listening="all")
    assert await store.channels.get_channel_settings(old) == ChannelSettings()
    assert await store.channels.list_read_marks("telegram") == {new: "7"}


async def test_what_people_chose_at_the_new_address_counts(store: Store) -> None:
    old, new = Channel("telegram", "-5"), Channel("telegram", "-1005")
    await store.channels.save_channel_settings(old, ChannelSettings(listening="all"))
    await store.channels.save_channel_settings(new, ChannelSettings(listening="photos"))
    await store.channels.save_read_marks({old: "7", new: "1"})
    await store.channels.migrate_channel(old, new)
    await store.channels.migrate_channel(old, new)
    assert await store.channels.get_channel_settings(new) == ChannelSettings(listening="photos")
    assert (await store.channels.list_read_marks("telegram"))[new] == "1"


# and what else there is


async def test_people_who_move_take_their_conversation_and_what_waits_along(store: Store) -> None:
    old, new = Channel("telegram", "-5"), Channel("telegram", "-1005")
    await store.intake.add(said("one", channel=str(old)))
    await store.channels.migrate_channel(old, new)
    await store.intake.add(said("two", channel=str(new)))
    turn = await claim_one(store)
    assert (turn.message.text, turn.message.channel) == ("one", new)
    await store.queue.finish(turn)
    following = await claim_one(store)
    assert (following.message.text, following.conversation.id) == ("two", turn.conversation.id)


async def test_waiting_ends_when_something_is_said(store: Store) -> None:
    await store.queue.wait(0.01)  # forget what came before
    waiting = asyncio.create_task(store.queue.wait(30))
    await asyncio.sleep(0.05)
    await store.intake.add(said())
    await asyncio.wait_for(waiting, 30)


async def test_an_answer_is_remembered_with_its_figures_and_delivered_after_a_crash(reopen: OpenStore) -> None:
    async with reopen() as store:
        await store.intake.add(said())
        turn = await claim_one(store)
        await store.posts.save_post_id(turn, HERE, 0, "post-1")
        await store.queue.save_result(
            turn, JobResult(text="a cat", model=MODEL, usage=Usage(5, 6, 7), first_words=0.1, took=0.2)
        )
        await store.queue.release_leases()
    async with reopen() as store:
        again = await claim_one(store)
        assert again.answer == "a cat"
        assert await store.posts.list_posts(again, HERE) == ["post-1"]


async def test_history_holds_what_was_answered_and_no_commands_or_failures(store: Store) -> None:
    await store.intake.add(said("a photo"))
    first = await claim_one(store)
    await answer(store, first, "a cat")
    await store.intake.add(said("/model"))
    turn = await claim_one(store)
    await store.queue.save_result(turn, JobResult(text="gpt-4o"))
    await store.queue.finish(turn)
    await store.intake.add(said("another"))
    turn = await claim_one(store)
    await store.queue.save_result(turn, JobResult(text="no credits", model=MODEL))
    await store.queue.finish(turn, error="provider_no_credits")
    await store.intake.add(said("and now?"))
    turn = await claim_one(store)
    assert await store.turns.list_history(turn, 10) == [
        Exchange(author="Ann", question="a photo", answer="a cat", turn=first.id, model=MODEL)
    ]


async def test_a_fresh_conversation_takes_along_what_waits_and_keeps_the_model(store: Store) -> None:
    await store.intake.add(said("/new"))
    await store.intake.add(said("hello"))
    turn = await claim_one(store)
    await store.conversations.switch_model(turn.conversation, "onemin/other")
    await store.conversations.save_remote_id(turn.conversation, "uuid-1")
    fresh = await store.conversations.renew(turn.conversation)
    assert await store.queue.claim(10) == []  # /new itself has not been answered yet
    await store.queue.finish(turn)
    hello = await claim_one(store)
    assert hello.message.text == "hello"
    assert hello.conversation.id == fresh.id != turn.conversation.id
    assert hello.conversation.remote_id is None


async def test_another_provider_means_another_remote_conversation(store: Store) -> None:
    await store.intake.add(said())
    turn = await claim_one(store)
    await store.conversations.save_remote_id(turn.conversation, "uuid-1")
    await answer(store, turn, "a cat")
    await store.intake.add(said())
    turn = await claim_one(store)
    assert turn.conversation.remote_id == "uuid-1"
    await store.conversations.switch_model(turn.conversation, "sandbox/gpt-4o-mini")
    await answer(store, turn, "a cat")
    await store.intake.add(said())
    turn = await claim_one(store)
    assert (turn.conversation.model, turn.conversation.remote_id) == ("sandbox/gpt-4o-mini", "uuid-1")
    await store.conversations.switch_model(turn.conversation, "onemin/gpt-4o")
    await answer(store, turn, "a cat")
    await store.intake.add(said())
    assert (await claim_one(store)).conversation.remote_id is None


async def test_assets_are_known_by_provider_account_and_photo(store: Store) -> None:
    await store.blobs.save_asset("onemin", "mine", "abc", "images/1.jpg")
    assert await store.blobs.get_asset("onemin", "mine", "abc") == "images/1.jpg"
    assert await store.blobs.get_asset("onemin", "yours", "abc") is None
    await store.blobs.save_asset("onemin", "mine", "abc", "images/2.jpg")
    assert await store.blobs.get_asset("onemin", "mine", "abc") == "images/2.jpg"
    await store.blobs.forget_asset("onemin", "mine", "abc")
    assert await store.blobs.get_asset("onemin", "mine", "abc") is None


async def test_a_cancelled_writer_leaves_nothing_half_written(store: Store) -> None:
    writers = [asyncio.create_task(store.intake.add(said(str(n), channel=f"web:{n % 7}"))) for n in range(60)]
    await asyncio.sleep(0)
    for writer in writers[::2]:
        writer.cancel()
    await asyncio.gather(*writers, return_exceptions=True)
    done = 0
    while turns := await store.queue.claim(100):
        assert len({turn.conversation.id for turn in turns}) == len(turns)
        for turn in turns:
            await answer(store, turn, "yes")
            done += 1
    assert done >= 30
    assert await store.queue.count_waiting() == 0


async def test_a_dead_process_s_turn_is_taken_over_and_its_own_writes_no_longer_count(
    reopen: OpenStore, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if store_url.startswith("sqlite"):
        pytest.skip("one process on one file: nobody is there to take over before it starts again")
    monkeypatch.setattr("bot.store.turn_queue.LEASE", 0.3)
    async with reopen() as slow, reopen() as quick:
        await slow.intake.add(said())
        mine = await claim_one(slow)
        assert await quick.queue.claim(1) == []
        await asyncio.sleep(0.4)
        yours = await claim_one(quick)
        assert yours.deliveries == 2
        with pytest.raises(LeaseLost):
            await slow.queue.save_result(mine, JobResult(text="too late", model=MODEL))
        with pytest.raises(LeaseLost):
            await slow.queue.finish(mine)
        await answer(quick, yours, "a cat")


async def test_a_renewed_lease_is_not_taken_over(
    reopen: OpenStore, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if store_url.startswith("sqlite"):
        pytest.skip("one process on one file")
    monkeypatch.setattr("bot.store.turn_queue.LEASE", 0.5)
    async with reopen() as holder, reopen() as other:
        await holder.intake.add(said())
        [turn] = await holder.queue.claim(1)
        for _ in range(4):
            await asyncio.sleep(0.2)
            await holder.queue.renew_leases([turn.id])
        assert await other.queue.claim(1) == []


async def test_processes_share_the_queue_without_overlap(reopen: OpenStore, store_url: str) -> None:
    """Four of them, 120 turns in 8 conversations: each once, each conversation in order."""
    if store_url.startswith("sqlite"):
        pytest.skip("one process on one file")
    async with reopen() as a, reopen() as b, reopen() as c, reopen() as d:
        stores = [a, b, c, d]
        for n in range(120):
            await stores[n % 4].intake.add(said(str(n), channel=f"web:{n % 8}"))
        answered: list[int] = []
        in_work: set[int] = set()

        async def work(store: Store) -> None:
            while len(answered) < 120:
                for turn in await store.queue.claim(3):
                    assert turn.conversation.id not in in_work
                    in_work.add(turn.conversation.id)
                    await asyncio.sleep(0.001)
                    in_work.discard(turn.conversation.id)
                    answered.append(int(turn.message.text))
                    await store.queue.finish(turn)

        await asyncio.wait_for(asyncio.gather(*map(work, stores)), 40)
        assert sorted(answered) == list(range(120))
        for n in range(8):
            assert [i for i in answered if i % 8 == n] == list(range(n, 120, 8))


async def test_concurrent_adds_and_finishes_never_leave_a_line_without_a_head(
    reopen: OpenStore, store_url: str
) -> None:
    async def talk(store: Store, count: int) -> None:
        for n in range(count):
            await store.intake.add(said(str(n)))

    async with reopen() as store:
        talking = asyncio.gather(*(talk(store, 15) for _ in range(4)))
        done, deadline = 0, time.monotonic() + 60
        while done < 60 and time.monotonic() < deadline:
            for turn in await store.queue.claim(5):
                await store.queue.finish(turn)
                done += 1
        await talking
        assert done == 60


async def test_a_second_bot_on_the_same_file_is_refused(reopen: OpenStore, store_url: str) -> None:
    if not store_url.startswith("sqlite"):
        pytest.skip("a server has room for many")
    async with reopen():
        with pytest.raises(AlreadyRunning, match="another bot is running"):
            async with reopen():
                pass


async def test_what_a_process_holds_without_working_on_it_is_given_back(store: Store) -> None:
    await store.intake.add(said(channel="web:one"))
    await store.intake.add(said(channel="web:two"))
    worked_on, lost = await store.queue.claim(2)
    await store.queue.renew_leases([worked_on.id])
    again = await store.queue.claim(2)
    assert [turn.id for turn in again] == [lost.id]


async def test_a_process_takes_up_only_what_was_said_where_it_can_speak(store: Store) -> None:
    await store.intake.add(said("on the page", "web:one"))
    await store.intake.add(said("in a chat", "telegram:1"))
    assert [turn.message.text for turn in await store.queue.claim(5, ["telegram", "discord"])] == ["in a chat"]
    assert await store.queue.claim(5, []) == []
    assert [turn.message.text for turn in await store.queue.claim(5)] == ["on the page"]


async def test_what_waits_for_another_platform_keeps_nobody_awake(store: Store) -> None:
    await store.intake.add(said("on the page", "web:one"))
    for _ in range(3):  # what was added wakes it up, and on PostgreSQL its echo
        await store.queue.wait(0.1, ["telegram"])
    began = time.monotonic()
    await store.queue.wait(0.2, ["telegram"])
    assert time.monotonic() - began > 0.15

"""Channels share conversations and part again, and nobody who waits is lost on the way."""

import asyncio
import random
from collections import defaultdict

import pytest

from bot.errors import LeaseLost
from bot.messages import Channel, Conversation, Preferences
from bot.ports import Store
from bot.store.database import Execute
from bot.store.sql import SqlStore
from tests.conftest import MODEL, OpenStore, said
from tests.store.talk import HERE, THERE, all_answered, answer, asked, claim_one, table

ELSEWHERE = Channel("discord", "7")


async def waiting_in_turn(store: Store, *channels: Channel) -> None:
    """Somebody says something in each of these channels, one after the other: 0, 1, 2, ..."""
    for n, channel in enumerate(channels):
        await store.intake.add(said(str(n), channel=str(channel)))


async def leaders(store: Store) -> dict[int, int]:
    """How many unfinished turns lead, by conversation."""
    found = defaultdict[int, int](int)
    for row in await table(store, "turns"):
        if row["finished"] is None:
            found[row["conversation"]] += bool(row["leads"])
    return dict(found)


async def test_a_channel_is_known_with_its_conversation_once_something_was_said(store: Store) -> None:
    assert await store.conversations.find_conversation(HERE) is None
    turn = await asked(store, "hello", "hi")
    assert await store.conversations.find_conversation(HERE) == turn.conversation
    assert await store.conversations.list_channels(turn.conversation) == [HERE]


async def test_what_people_prefer_is_kept(store: Store) -> None:
    turn = await asked(store, "hello", "hi")
    preferences = Preferences(
        web_search=True, sites=7, words=500, mixed=False, history=20, length="short", persona="a pirate"
    )
    await store.conversations.save_preferences(turn.conversation, preferences)
    found = await store.conversations.find_conversation(HERE)
    assert found is not None and found.preferences == preferences


# joined


async def test_linked_channels_share_what_was_said(store: Store) -> None:
    here = await asked(store, "a photo", "a cat")
    await asked(store, "elsewhere", "a dog", THERE)
    await store.conversations.join(THERE, here.conversation)
    assert await store.conversations.list_channels(here.conversation) == [THERE, HERE]
    assert await store.conversations.list_linked(HERE.platform) == {HERE: [THERE]}
    assert await store.conversations.list_linked("elsewhere") == {}
    await store.intake.add(said("and now?", channel=str(THERE)))
    turn = await claim_one(store)
    assert turn.conversation == here.conversation
    assert [past.answer for past in await store.turns.list_history(turn, 10)] == ["a cat"]


async def test_a_channel_that_was_never_heard_can_be_linked(store: Store) -> None:
    here = await asked(store, "a photo", "a cat")
    await store.conversations.join(THERE, here.conversation)
    assert await store.conversations.find_conversation(THERE) == here.conversation


async def test_what_waits_in_both_channels_is_answered_by_age_one_at_a_time(store: Store) -> None:
    await waiting_in_turn(store, THERE, HERE, HERE, THERE, HERE, THERE)
    here = await store.conversations.find_conversation(HERE)
    assert here is not None
    await store.conversations.join(THERE, here)
    assert await leaders(store) == {here.id: 1}
    assert await all_answered(store) == ["0", "1", "2", "3", "4", "5"]


async def test_joining_where_one_is_changes_nothing(store: Store) -> None:
    await waiting_in_turn(store, HERE, HERE)
    here = await store.conversations.find_conversation(HERE)
    assert here is not None
    await store.conversations.join(HERE, here)
    assert await all_answered(store) == ["0", "1"]


async def test_others_who_shared_the_old_conversation_stay_and_go_on(store: Store) -> None:
    here, other = await asked(store, "a", "b"), await asked(store, "c", "d", ELSEWHERE)
    await store.conversations.join(THERE, here.conversation)
    await waiting_in_turn(store, THERE, HERE, THERE)
    await store.conversations.join(THERE, other.conversation)
    turns = await store.queue.claim(10)
    assert {turn.message.text: turn.conversation.id for turn in turns} == {
        "0": other.conversation.id,
        "1": here.conversation.id,
    }
    for turn in turns:
        await store.queue.finish(turn)
    assert await all_answered(store) == ["2"]


async def test_the_command_that_links_goes_along_and_those_behind_wait_for_it(store: Store) -> None:
    await waiting_in_turn(store, HERE)
    await store.intake.add(said("/link", channel=str(THERE)))
    await store.intake.add(said("after", channel=str(THERE)))
    first, link = await store.queue.claim(10)
    await store.queue.reschedule(first, 0)
    await store.conversations.join(THERE, first.conversation)
    assert await store.queue.claim(10) == [], "what is in work comes before what is older"
    await answer(store, link, "linked")
    assert await all_answered(store) == ["0", "after"]


@pytest.mark.parametrize("first_done", [0, 1])
async def test_two_lines_with_a_turn_in_work_each_become_one(store: Store, first_done: int) -> None:
    await waiting_in_turn(store, HERE, THERE, HERE, THERE)
    in_work = list(await store.queue.claim(10))
    await store.conversations.join(THERE, in_work[0].conversation)
    await answer(store, in_work.pop(first_done), "yes")
    assert await store.queue.claim(10) == [], "the other one is still in work"
    await answer(store, in_work.pop(), "yes")
    assert await all_answered(store) == ["2", "3"]


async def test_nobody_comes_forward_beside_one_that_leads_and_was_put_back(store: Store) -> None:
    await waiting_in_turn(store, THERE, THERE, HERE)
    there, here = await store.queue.claim(10)
    await store.conversations.join(THERE, here.conversation)
    await store.queue.reschedule(here, 0)
    await answer(store, there, "yes")
    assert await leaders(store) == {here.conversation.id: 1}
    assert await all_answered(store) == ["2", "1"]


async def test_a_turn_in_work_that_went_along_can_be_put_back(store: Store) -> None:
    await waiting_in_turn(store, HERE, THERE, THERE)
    here, there = await store.queue.claim(10)
    await store.conversations.join(THERE, here.conversation)
    await store.queue.reschedule(there, 0)
    assert await store.queue.claim(10) == []
    await answer(store, here, "yes")
    assert await all_answered(store) == ["1", "2"]


async def test_a_process_that_died_over_a_turn_that_went_along_is_made_up_for(
    reopen: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.turn_queue.LEASE", 0.1)
    async with reopen() as store:
        await waiting_in_turn(store, HERE, THERE, HERE, THERE)
        here, _ = await store.queue.claim(10)
        await store.conversations.join(THERE, here.conversation)
    async with reopen() as store:
        await asyncio.sleep(0.15)
        assert await all_answered(store) == ["0", "1", "2", "3"]


# left and dropped


async def test_whoever_leaves_gets_a_fresh_conversation_with_the_same_choices(store: Store) -> None:
    here = await asked(store, "a photo", "a cat")
    await store.conversations.join(THERE, here.conversation)
    await store.conversations.switch_model(here.conversation, "onemin/other")
    await store.conversations.save_preferences(here.conversation, Preferences(persona="a pirate"))
    await store.conversations.save_remote_id(here.conversation, "uuid-1")
    await waiting_in_turn(store, HERE, THERE, THERE)
    fresh = await store.conversations.leave(THERE)
    assert (fresh.model, fresh.remote_id, fresh.preferences.persona) == ("onemin/other", None, "a pirate")
    assert await store.conversations.find_conversation(THERE) == fresh
    assert await store.conversations.list_channels(here.conversation) == [HERE]
    turns = await store.queue.claim(10)
    assert [(turn.message.text, turn.conversation.id) for turn in turns] == [
        ("0", here.conversation.id),
        ("1", fresh.id),
    ]
    assert await store.turns.list_history(turns[1], 10) == []
    for turn in turns:
        await store.queue.finish(turn)
    assert await all_answered(store) == ["2"]


async def test_whoever_leaves_without_ever_having_spoken_begins_afresh(store: Store) -> None:
    fresh = await store.conversations.leave(THERE)
    assert (fresh.model, await store.conversations.find_conversation(THERE)) == (MODEL, fresh)


async def test_a_channel_that_is_gone_shares_nothing_and_nobody_waits_there(store: Store) -> None:
    here = await asked(store, "a photo", "a cat")
    await store.conversations.join(THERE, here.conversation)
    await waiting_in_turn(store, THERE, HERE, THERE)
    await store.conversations.drop_channel(THERE)
    await store.conversations.drop_channel(THERE)
    assert await store.conversations.list_channels(here.conversation) == [HERE]
    assert await all_answered(store) == ["1"]
    assert [row["error"] for row in await table(store, "turns") if row["channel"] == str(THERE)] == ["gone", "gone"]
    await store.intake.add(said("back again", channel=str(THERE)))
    assert (await claim_one(store)).conversation.id != here.conversation.id


async def test_a_turn_in_work_in_a_channel_that_is_gone_ends_by_itself(store: Store) -> None:
    await waiting_in_turn(store, THERE, THERE)
    turn = await claim_one(store)
    await store.conversations.drop_channel(THERE)
    await answer(store, turn, "yes")
    assert await store.queue.count_waiting() == 0


async def test_a_turn_that_goes_from_place_to_place_is_finished_where_it_is(store: Store) -> None:
    here = await asked(store, "a photo", "a cat")
    await waiting_in_turn(store, THERE, THERE)
    turn = await claim_one(store)
    await store.conversations.join(THERE, here.conversation)
    await store.conversations.renew(here.conversation)
    await store.conversations.leave(THERE)
    await store.queue.finish(turn)
    with pytest.raises(LeaseLost):
        await store.queue.finish(turn)
    assert await all_answered(store) == ["1"]


async def test_whoever_waits_in_a_line_that_moves_is_told(reopen: OpenStore, store_url: str) -> None:
    if store_url.startswith("sqlite"):
        pytest.skip("one process on one file")
    async with reopen() as store, reopen() as other:
        here = await asked(store, "a photo", "a cat")
        await store.conversations.join(THERE, here.conversation)
        await waiting_in_turn(store, HERE, THERE)
        await store.queue.claim(10)
        for _ in range(2):  # let the news arrive
            await other.queue.wait(0.2)
        waiting = asyncio.create_task(other.queue.wait(30))
        await asyncio.sleep(0.05)
        await store.conversations.leave(THERE)
        await asyncio.wait_for(waiting, 30)
        assert (await claim_one(other)).message.text == "1"


class Bustle:
    """Four channels are linked, parted and renewed all the time, while people talk and processes answer."""

    channels = tuple(Channel("web", name) for name in "abcd")
    said = frozenset(f"{name}{n}" for name in "abcd" for n in range(12))

    def __init__(self) -> None:
        self.answered: list[str] = []
        self.chance = random.Random(7)

    async def run(self, *stores: Store) -> None:
        """Until all that was said is answered."""
        self.talking = asyncio.gather(*(self.talk(stores[0], channel) for channel in self.channels))
        async with asyncio.timeout(40):
            await asyncio.gather(self.talking, *map(self.work, stores), *map(self.shuffle, stores))

    async def talk(self, store: Store, channel: Channel) -> None:
        for text in sorted(self.said, key=len):
            if text[0] == channel.id:
                await store.intake.add(said(text, channel=str(channel)))
                await asyncio.sleep(0.002)

    async def shuffle(self, store: Store) -> None:
        while not self.talking.done():
            one, other = self.chance.sample(self.channels, 2)
            there = await store.conversations.find_conversation(other)
            if there is not None:
                await self.rearrange(store, one, other, there)

    async def rearrange(self, store: Store, one: Channel, other: Channel, there: Conversation) -> None:
        await store.conversations.join(one, there)
        if self.chance.random() < 0.4:
            await store.conversations.leave(other)
        if self.chance.random() < 0.3:
            await store.conversations.renew(there)

    async def work(self, store: Store) -> None:
        while not self.talking.done() or await store.queue.count_waiting():
            for turn in await store.queue.claim(3):
                await answer(store, turn, "yes")
                self.answered.append(turn.message.text)
            await store.queue.renew_leases([])
            await asyncio.sleep(0)


async def test_what_is_said_while_its_channel_joins_another_is_answered_there(
    reopen: OpenStore, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if store_url.startswith("sqlite"):
        pytest.skip("one process on one file")
    async with reopen() as store, reopen() as other:
        here = await asked(store, "a photo", "a cat")
        await waiting_in_turn(store, THERE)
        about_to_commit = asyncio.Event()

        async def linger(execute: Execute) -> None:
            about_to_commit.set()
            await asyncio.sleep(0.2)

        assert isinstance(store, SqlStore)
        monkeypatch.setattr(store.db, "announce", linger)
        joining = asyncio.create_task(store.conversations.join(THERE, here.conversation))
        await about_to_commit.wait()
        await other.intake.add(said("meanwhile", channel=str(THERE)))
        await joining
        assert {row["conversation"] for row in await table(store, "turns")} == {here.conversation.id}
        assert await all_answered(other) == ["0", "meanwhile"]


async def test_talk_answers_links_and_partings_at_the_same_time_lose_nothing(store: Store) -> None:
    bustle = Bustle()
    await bustle.run(store)
    assert sorted(bustle.answered) == sorted(bustle.said)
    assert await leaders(store) == {}


async def test_processes_that_link_and_part_the_same_channels_lose_nothing(reopen: OpenStore, store_url: str) -> None:
    if store_url.startswith("sqlite"):
        pytest.skip("one process on one file")
    bustle = Bustle()
    async with reopen() as store, reopen() as other:
        await bustle.run(store, other)
        assert sorted(bustle.answered) == sorted(bustle.said)
        assert await leaders(store) == {}

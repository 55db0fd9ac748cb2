"""What the store promises, on SQLite and on PostgreSQL alike."""

import asyncio
import time
from dataclasses import replace

import pytest

from bot.errors import LeaseLost
from bot.messages import Answer, Attachment, Channel, Message, Turn, Usage
from bot.ports import Store
from bot.store.sqlite import AlreadyRunning
from tests.conftest import MODEL, OpenStore, said

HERE = Channel("web", "lobby")


async def claim_one(store: Store) -> Turn:
    [turn] = await store.claim(10)
    return turn


async def answer(store: Store, turn: Turn, text: str) -> None:
    await store.answered(turn, Answer(text, MODEL))
    await store.finished(turn)


async def test_a_message_is_kept_once_however_often_it_is_delivered(store: Store) -> None:
    message = said("hello", photos=2)
    assert await store.add(message)
    assert not await store.add(message)
    turn = await claim_one(store)
    assert turn.message == message
    assert turn.conversation.model == MODEL


async def test_the_same_message_id_in_another_channel_is_another_message(store: Store) -> None:
    assert await store.add(said(id="7"))
    assert await store.add(said(id="7", channel="web:kitchen"))


async def test_a_conversation_is_answered_one_turn_at_a_time_in_order(store: Store) -> None:
    for text in ("one", "two", "three"):
        await store.add(said(text))
    heard = []
    for _ in range(3):
        turn = await claim_one(store)
        assert await store.claim(10) == []
        heard.append(turn.message.text)
        await answer(store, turn, "yes")
    assert heard == ["one", "two", "three"]
    assert await store.waiting() == 0


async def test_conversations_are_answered_side_by_side_oldest_first(store: Store) -> None:
    for name in "abcd":
        await store.add(said(name, channel=f"web:{name}"))
    assert [turn.message.text for turn in await store.claim(3)] == ["a", "b", "c"]
    assert [turn.message.text for turn in await store.claim(3)] == ["d"]


async def test_a_turn_put_back_keeps_its_place_until_it_is_due(store: Store) -> None:
    await store.add(said("one"))
    await store.add(said("two"))
    turn = await claim_one(store)
    await store.postponed(turn, 0.2)
    assert await store.claim(10) == []
    await asyncio.wait_for(store.wait(5), 2)
    await asyncio.sleep(0.25)
    again = await claim_one(store)
    assert (again.message.text, again.tries, again.claims) == ("one", 1, 2)


def part(album: str, text: str = "", photo: str = "", **more: object) -> Message:
    message = said(text, channel="telegram:42")
    return replace(message, album=album, attachments=(Attachment(photo, photo),) if photo else (), **more)  # type: ignore[arg-type]


async def test_the_parts_of_an_album_are_one_turn_whatever_order_they_come_in(store: Store) -> None:
    first, second, third = part("a", "compare them", "1"), part("a", photo="2"), part("a", photo="3")
    for message in (third, first, second):
        assert await store.add(message, ripens=0.1)
    assert not await store.add(second, ripens=0.1)
    assert await store.claim(10) == []  # one more may come
    await asyncio.sleep(0.15)
    turn = await claim_one(store)
    assert turn.message.id == first.id
    assert turn.message.text == "compare them"
    assert [attachment.ref for attachment in turn.message.attachments] == ["1", "2", "3"]


async def test_albums_do_not_mix(store: Store) -> None:
    await store.add(part("a", "first", "1"), ripens=0.05)
    await store.add(part("b", "second", "2"), ripens=0.05)
    await asyncio.sleep(0.1)
    turn = await claim_one(store)
    assert turn.message.text == "first"
    await store.finished(turn)
    assert (await claim_one(store)).message.text == "second"


async def test_an_album_is_spoken_to_the_bot_when_one_of_its_parts_is(store: Store) -> None:
    await store.add(part("a", photo="1", addressed=False), ripens=0)
    await store.add(part("a", "@bot what?", "2", addressed=True), ripens=0)
    turn = await claim_one(store)
    assert turn.message.addressed
    assert len(turn.message.attachments) == 2


async def test_a_part_that_comes_too_late_is_a_turn_of_its_own(store: Store) -> None:
    await store.add(part("a", "first", "1"))
    turn = await claim_one(store)
    assert await store.add(part("a", photo="2"))
    await store.finished(turn)
    assert (await claim_one(store)).message.attachments[0].ref == "2"


async def test_an_album_survives_a_restart_between_its_parts(reopen: OpenStore) -> None:
    async with reopen() as store:
        await store.add(part("a", "both", "1"), ripens=0.3)
    async with reopen() as store:
        await store.add(part("a", photo="2"), ripens=0.3)
        await asyncio.sleep(0.4)
        assert len((await claim_one(store)).message.attachments) == 2


async def test_new_words_count_until_the_turn_is_taken_up(store: Store) -> None:
    message = said("waht is this?", photos=1)
    await store.add(message)
    await store.amend(replace(message, text="what is this?"))
    turn = await claim_one(store)
    assert turn.message.text == "what is this?"
    await store.amend(replace(message, text="too late"))
    await store.postponed(turn, 0)
    assert (await claim_one(store)).message.text == "what is this?"


async def test_the_photos_behind_a_post_are_known(store: Store) -> None:
    await store.add(said("what is this?", photos=2))
    turn = await claim_one(store)
    await store.posted(turn, HERE, 0, "post-1")
    await answer(store, turn, "a cat")
    assert [photo.ref for photo in await store.photos_behind(HERE, "post-1")] == ["ref0", "ref1"]
    assert await store.photos_behind(HERE, "post-2") == ()


async def test_people_who_move_take_their_conversation_and_what_waits_along(store: Store) -> None:
    old, new = Channel("telegram", "-5"), Channel("telegram", "-1005")
    await store.add(said("one", channel=str(old)))
    await store.moved(old, new)
    await store.add(said("two", channel=str(new)))
    turn = await claim_one(store)
    assert (turn.message.text, turn.message.channel) == ("one", new)
    await store.finished(turn)
    following = await claim_one(store)
    assert (following.message.text, following.conversation.id) == ("two", turn.conversation.id)


async def test_waiting_ends_when_something_is_said(store: Store) -> None:
    await store.wait(0.01)  # forget what came before
    waiting = asyncio.create_task(store.wait(30))
    await asyncio.sleep(0.05)
    await store.add(said())
    await asyncio.wait_for(waiting, 5)


async def test_an_answer_is_remembered_with_its_figures_and_delivered_after_a_crash(reopen: OpenStore) -> None:
    async with reopen() as store:
        await store.add(said())
        turn = await claim_one(store)
        await store.posted(turn, HERE, 0, "post-1")
        await store.answered(turn, Answer("a cat", MODEL, Usage(5, 6, 7), 0.1, 0.2))
        await store.release_leases()
    async with reopen() as store:
        again = await claim_one(store)
        assert again.answer == "a cat"
        assert await store.posts(again, HERE) == ["post-1"]


async def test_history_holds_what_was_answered_and_no_commands_or_failures(store: Store) -> None:
    await store.add(said("a photo"))
    await answer(store, await claim_one(store), "a cat")
    await store.add(said("/model"))
    turn = await claim_one(store)
    await store.answered(turn, Answer("gpt-4o", None))
    await store.finished(turn)
    await store.add(said("another"))
    turn = await claim_one(store)
    await store.answered(turn, Answer("no credits", MODEL))
    await store.finished(turn, error="provider_no_credits")
    await store.add(said("and now?"))
    turn = await claim_one(store)
    assert [(past.question, past.answer) for past in await store.history(turn, 10)] == [("a photo", "a cat")]


async def test_a_fresh_conversation_takes_along_what_waits_and_keeps_the_model(store: Store) -> None:
    await store.add(said("/new"))
    await store.add(said("hello"))
    turn = await claim_one(store)
    await store.switched(turn.conversation, "onemin/other")
    await store.began(turn.conversation, "uuid-1")
    fresh = await store.renewed(turn.conversation)
    assert await store.claim(10) == []  # /new itself has not been answered yet
    await store.finished(turn)
    hello = await claim_one(store)
    assert hello.message.text == "hello"
    assert hello.conversation.id == fresh.id != turn.conversation.id
    assert hello.conversation.remote_id is None


async def test_another_provider_means_another_remote_conversation(store: Store) -> None:
    await store.add(said())
    turn = await claim_one(store)
    await store.began(turn.conversation, "uuid-1")
    await answer(store, turn, "a cat")
    await store.add(said())
    turn = await claim_one(store)
    assert turn.conversation.remote_id == "uuid-1"
    await store.switched(turn.conversation, "sandbox/gpt-4o-mini")
    await answer(store, turn, "a cat")
    await store.add(said())
    turn = await claim_one(store)
    assert (turn.conversation.model, turn.conversation.remote_id) == ("sandbox/gpt-4o-mini", "uuid-1")
    await store.switched(turn.conversation, "onemin/gpt-4o")
    await answer(store, turn, "a cat")
    await store.add(said())
    assert (await claim_one(store)).conversation.remote_id is None


async def test_assets_are_known_by_provider_account_and_photo(store: Store) -> None:
    await store.kept_asset("onemin", "mine", "abc", "images/1.jpg")
    assert await store.asset("onemin", "mine", "abc") == "images/1.jpg"
    assert await store.asset("onemin", "yours", "abc") is None
    await store.kept_asset("onemin", "mine", "abc", "images/2.jpg")
    assert await store.asset("onemin", "mine", "abc") == "images/2.jpg"
    await store.lost_asset("onemin", "mine", "abc")
    assert await store.asset("onemin", "mine", "abc") is None


async def test_a_cancelled_writer_leaves_nothing_half_written(store: Store) -> None:
    writers = [asyncio.create_task(store.add(said(str(n), channel=f"web:{n % 7}"))) for n in range(60)]
    await asyncio.sleep(0)
    for writer in writers[::2]:
        writer.cancel()
    await asyncio.gather(*writers, return_exceptions=True)
    done = 0
    while turns := await store.claim(100):
        assert len({turn.conversation.id for turn in turns}) == len(turns)
        for turn in turns:
            await answer(store, turn, "yes")
            done += 1
    assert done >= 30
    assert await store.waiting() == 0


async def test_a_dead_process_s_turn_is_taken_over_and_its_own_writes_no_longer_count(
    reopen: OpenStore, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if store_url.startswith("sqlite"):
        pytest.skip("one process on one file: nobody is there to take over before it starts again")
    monkeypatch.setattr("bot.store.sql.LEASE", 0.3)
    async with reopen() as slow, reopen() as quick:
        await slow.add(said())
        mine = await claim_one(slow)
        assert await quick.claim(1) == []
        await asyncio.sleep(0.4)
        yours = await claim_one(quick)
        assert yours.claims == 2
        with pytest.raises(LeaseLost):
            await slow.answered(mine, Answer("too late", MODEL))
        with pytest.raises(LeaseLost):
            await slow.finished(mine)
        await answer(quick, yours, "a cat")


async def test_a_renewed_lease_is_not_taken_over(
    reopen: OpenStore, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if store_url.startswith("sqlite"):
        pytest.skip("one process on one file")
    monkeypatch.setattr("bot.store.sql.LEASE", 0.5)
    async with reopen() as holder, reopen() as other:
        await holder.add(said())
        await holder.claim(1)
        for _ in range(4):
            await asyncio.sleep(0.2)
            await holder.renew_leases()
        assert await other.claim(1) == []


async def test_processes_share_the_queue_without_overlap(reopen: OpenStore, store_url: str) -> None:
    """Four of them, 120 turns in 8 conversations: each once, each conversation in order."""
    if store_url.startswith("sqlite"):
        pytest.skip("one process on one file")
    async with reopen() as a, reopen() as b, reopen() as c, reopen() as d:
        stores = [a, b, c, d]
        for n in range(120):
            await stores[n % 4].add(said(str(n), channel=f"web:{n % 8}"))
        answered: list[int] = []
        in_work: set[int] = set()

        async def work(store: Store) -> None:
            while len(answered) < 120:
                for turn in await store.claim(3):
                    assert turn.conversation.id not in in_work
                    in_work.add(turn.conversation.id)
                    await asyncio.sleep(0.001)
                    in_work.discard(turn.conversation.id)
                    answered.append(int(turn.message.text))
                    await store.finished(turn)

        await asyncio.wait_for(asyncio.gather(*map(work, stores)), 40)
        assert sorted(answered) == list(range(120))
        for n in range(8):
            assert [i for i in answered if i % 8 == n] == list(range(n, 120, 8))


async def test_concurrent_adds_and_finishes_never_leave_a_line_without_a_head(
    reopen: OpenStore, store_url: str
) -> None:
    async def talk(store: Store, count: int) -> None:
        for n in range(count):
            await store.add(said(str(n)))

    async with reopen() as store:
        talking = asyncio.gather(*(talk(store, 15) for _ in range(4)))
        done, deadline = 0, time.monotonic() + 20
        while done < 60 and time.monotonic() < deadline:
            for turn in await store.claim(5):
                await store.finished(turn)
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

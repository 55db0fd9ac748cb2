"""Who is let in, and codes that stand for somebody once."""

import asyncio

import pytest

from bot.messages import Channel
from bot.ports import Store
from tests.conftest import OpenStore
from tests.store.talk import table

ANN, EVE = "telegram:1", "telegram:666"

# access


async def test_nobody_is_let_in_or_kept_out_until_somebody_says_so(reopen: OpenStore) -> None:
    async with reopen() as store:
        assert await store.people.get_access("telegram:42") is None
        for allowed in (True, False, None, False):
            await store.people.set_access("telegram:42", allowed)
            assert await store.people.get_access("telegram:42") is allowed
        assert await store.people.get_access("discord:42") is None
    async with reopen() as store:
        assert await store.people.get_access("telegram:42") is False


async def test_what_another_process_says_is_known_soon(
    reopen: OpenStore, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if store_url.startswith("sqlite"):
        pytest.skip("one process on one file")
    monkeypatch.setattr("bot.store.people.ACCESS_SECONDS", 0.2)
    async with reopen() as store, reopen() as other:
        assert await store.people.get_access("telegram:42") is None
        await other.people.set_access("telegram:42", False)
        assert await store.people.get_access("telegram:42") is None, "it was just asked for"
        await asyncio.sleep(0.25)
        assert await store.people.get_access("telegram:42") is False


async def test_who_claimed_the_bot_is_let_in_and_runs_it_until_they_are_shut_out(reopen: OpenStore) -> None:
    async with reopen() as store:
        assert not await store.people.is_admin(ANN)
        assert await store.people.list_admins() == []
        await store.people.add_admin(ANN)
        await store.people.set_access(EVE, True)
        assert await store.people.get_access(ANN) is True
    async with reopen() as store:
        assert (await store.people.is_admin(ANN), await store.people.is_admin(EVE)) == (True, False)
        await store.people.set_access(ANN, True)
        assert await store.people.list_admins() == [ANN]
        await store.people.set_access(ANN, False)
        assert not await store.people.is_admin(ANN)
        await store.people.set_access(ANN, True)
        assert await store.people.list_admins() == [], "let in again is not made an admin again"


# codes


@pytest.mark.parametrize("write", [str, str.lower, lambda code: f" {code[:4]}-{code[4:6]} {code[6:]} "])
async def test_a_code_works_once_however_it_is_written(store: Store, write: object) -> None:
    assert callable(write)
    code = await store.people.create_code("link", "telegram:42", 60)
    assert len(code) == 8
    assert await store.people.redeem_code("pair", code, by=ANN) is None, "it is for something else"
    assert await store.people.redeem_code("link", write(code), by=ANN) == "telegram:42"
    assert await store.people.redeem_code("link", code, by=ANN) is None


async def test_a_code_survives_a_restart_and_is_not_stored_as_it_is(reopen: OpenStore) -> None:
    async with reopen() as store:
        code = await store.people.create_code("link", "telegram:42", 60)
        assert code not in str(await table(store, "codes"))
    async with reopen() as store:
        assert await store.people.redeem_code("link", code, by=ANN) == "telegram:42"


async def test_a_code_does_not_work_after_its_time_and_does_not_stay(store: Store) -> None:
    code = await store.people.create_code("link", "telegram:42", 0.05)
    await store.people.create_code("link", "telegram:43", 0.05)
    await asyncio.sleep(0.1)
    assert await store.people.redeem_code("link", code, by=ANN) is None
    await store.people.create_code("link", "telegram:44", 60)
    assert [row["subject"] for row in await table(store, "codes")] == ["telegram:44"]


async def test_a_new_code_takes_the_place_of_the_older_one(store: Store) -> None:
    old = await store.people.create_code("link", "telegram:42", 60)
    pair = await store.people.create_code("pair", "telegram:42", 60)
    new = await store.people.create_code("link", "telegram:42", 60)
    assert await store.people.redeem_code("link", old, by=ANN) is None
    assert await store.people.redeem_code("link", new, by=ANN) == "telegram:42"
    assert await store.people.redeem_code("pair", pair, by=ANN) == "telegram:42"


async def test_only_one_of_many_who_use_a_code_at_the_same_time_gets_through(store: Store) -> None:
    code = await store.people.create_code("link", "telegram:42", 60)
    used = await asyncio.gather(*(store.people.redeem_code("link", code, by=ANN) for _ in range(8)))
    assert sorted(filter(None, used)) == ["telegram:42"]


async def test_the_first_code_is_the_only_one_while_it_is_good(reopen: OpenStore) -> None:
    async with reopen() as store:
        asked = await asyncio.gather(*(store.people.first_code("pair", EVE, 60) for _ in range(8)))
        [code] = filter(None, asked)
        assert await store.people.has_code("pair", EVE)
        assert await store.people.first_code("pair", ANN, 60), "counts go by person"
    async with reopen() as store:
        assert await store.people.has_code("pair", EVE)
        assert await store.people.first_code("pair", EVE, 60) is None
        assert await store.people.redeem_code("pair", code, by=ANN) == EVE
        assert not await store.people.has_code("pair", EVE)
        assert await store.people.first_code("pair", EVE, 0.05)
        await asyncio.sleep(0.1)
        assert not await store.people.has_code("pair", EVE)
        assert await store.people.first_code("pair", EVE, 60)


async def test_codes_of_one_purpose_become_void_together(store: Store) -> None:
    claim, pair = (
        await store.people.create_code("claim", "bot", 60, length=20),
        await store.people.create_code("pair", EVE, 60),
    )
    assert len(claim) == 20
    await store.people.void_codes("claim")
    assert await store.people.redeem_code("claim", claim, by=ANN) is None
    assert await store.people.redeem_code("pair", pair, by=ANN) == EVE


async def test_who_guesses_locks_out_nobody_else(store: Store) -> None:
    code = await store.people.create_code("link", "telegram:42", 60)
    for n in range(12):
        assert await store.people.redeem_code("link", f"wrong{n}", by=EVE) is None
    assert await store.people.redeem_code("link", code, by=EVE) is None
    assert await store.people.redeem_code("link", code, by=ANN) == "telegram:42"


async def test_after_ten_wrong_codes_none_is_looked_at_for_a_minute(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, pair = (
        await store.people.create_code("link", "telegram:42", 60),
        await store.people.create_code("pair", "telegram:42", 60),
    )
    for n in range(9):
        assert await store.people.redeem_code("link", f"wrong{n}", by=ANN) is None
    assert await store.people.redeem_code("link", code, by=ANN) == "telegram:42", "nine may go wrong"
    code = await store.people.create_code("link", "telegram:42", 60)
    await store.people.redeem_code("link", "wrong9", by=ANN)
    assert await store.people.redeem_code("link", code, by=ANN) is None
    assert await store.people.redeem_code("pair", pair, by=ANN) == "telegram:42", "each purpose has its own"
    monkeypatch.setattr("bot.store.people.MINUTE", 0.0)
    assert await store.people.redeem_code("link", code, by=ANN) == "telegram:42", "it is still good"


async def test_guesses_at_the_same_time_count_as_well(store: Store) -> None:
    codes = [await store.people.create_code("link", f"telegram:{n}", 60) for n in range(12)]
    used = await asyncio.gather(*(store.people.redeem_code("link", code, by=ANN) for code in codes))
    assert used.count(None) == 2


# people who move


async def test_people_who_move_take_what_they_may_and_their_codes_along(store: Store) -> None:
    old, new = Channel("telegram", "-5"), Channel("telegram", "-1005")
    await store.people.set_access(str(old), False)
    assert await store.people.get_access(str(new)) is None
    code = await store.people.create_code("link", str(old), 60)
    await store.channels.migrate_channel(old, new)
    await store.channels.migrate_channel(old, new)
    assert await store.people.get_access(str(new)) is False
    assert await store.people.get_access(str(old)) is None
    assert await store.people.redeem_code("link", code, by=ANN) == str(new)


async def test_a_code_of_the_new_address_counts_for_its_purpose(store: Store) -> None:
    old, new = Channel("telegram", "-5"), Channel("telegram", "-1005")
    link, pair = (
        await store.people.create_code("link", str(old), 60),
        await store.people.create_code("pair", str(old), 60),
    )
    newer = await store.people.create_code("link", str(new), 60)
    await store.channels.migrate_channel(old, new)
    assert await store.people.redeem_code("link", newer, by=ANN) == str(new)
    assert await store.people.redeem_code("pair", pair, by=ANN) == str(new)
    assert await store.people.redeem_code("link", link, by=ANN) == str(old)

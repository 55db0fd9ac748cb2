"""Who is let in, and codes that stand for somebody once."""

import asyncio

import pytest

from bot.messages import Channel
from bot.ports import Store
from tests.conftest import OpenStore
from tests.store.talk import table

# access


async def test_nobody_is_let_in_or_kept_out_until_somebody_says_so(reopen: OpenStore) -> None:
    async with reopen() as store:
        assert await store.access("telegram:42") is None
        for allowed in (True, False, None, False):
            await store.set_access("telegram:42", allowed)
            assert await store.access("telegram:42") is allowed
        assert await store.access("discord:42") is None
    async with reopen() as store:
        assert await store.access("telegram:42") is False


async def test_what_another_process_says_is_known_soon(
    reopen: OpenStore, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if store_url.startswith("sqlite"):
        pytest.skip("one process on one file")
    monkeypatch.setattr("bot.store.access.ACCESS_SECONDS", 0.2)
    async with reopen() as store, reopen() as other:
        assert await store.access("telegram:42") is None
        await other.set_access("telegram:42", False)
        assert await store.access("telegram:42") is None, "it was just asked for"
        await asyncio.sleep(0.25)
        assert await store.access("telegram:42") is False


# codes


@pytest.mark.parametrize("write", [str, str.lower, lambda code: f" {code[:4]}-{code[4:6]} {code[6:]} "])
async def test_a_code_works_once_however_it_is_written(store: Store, write: object) -> None:
    assert callable(write)
    code = await store.new_code("link", "telegram:42", 60)
    assert len(code) == 8
    assert await store.use_code("pair", code) is None, "it is for something else"
    assert await store.use_code("link", write(code)) == "telegram:42"
    assert await store.use_code("link", code) is None


async def test_a_code_survives_a_restart_and_is_not_stored_as_it_is(reopen: OpenStore) -> None:
    async with reopen() as store:
        code = await store.new_code("link", "telegram:42", 60)
        assert code not in str(await table(store, "codes"))
    async with reopen() as store:
        assert await store.use_code("link", code) == "telegram:42"


async def test_a_code_does_not_work_after_its_time_and_does_not_stay(store: Store) -> None:
    code = await store.new_code("link", "telegram:42", 0.05)
    await store.new_code("link", "telegram:43", 0.05)
    await asyncio.sleep(0.1)
    assert await store.use_code("link", code) is None
    await store.new_code("link", "telegram:44", 60)
    assert [row["subject"] for row in await table(store, "codes")] == ["telegram:44"]


async def test_a_new_code_takes_the_place_of_the_older_one(store: Store) -> None:
    old = await store.new_code("link", "telegram:42", 60)
    pair = await store.new_code("pair", "telegram:42", 60)
    new = await store.new_code("link", "telegram:42", 60)
    assert await store.use_code("link", old) is None
    assert await store.use_code("link", new) == "telegram:42"
    assert await store.use_code("pair", pair) == "telegram:42"


async def test_only_one_of_many_who_use_a_code_at_the_same_time_gets_through(store: Store) -> None:
    code = await store.new_code("link", "telegram:42", 60)
    used = await asyncio.gather(*(store.use_code("link", code) for _ in range(8)))
    assert sorted(filter(None, used)) == ["telegram:42"]


async def test_after_ten_wrong_codes_none_is_looked_at_for_a_minute(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, pair = await store.new_code("link", "telegram:42", 60), await store.new_code("pair", "telegram:42", 60)
    for n in range(9):
        assert await store.use_code("link", f"wrong{n}") is None
    assert await store.use_code("link", code) == "telegram:42", "nine may go wrong"
    code = await store.new_code("link", "telegram:42", 60)
    await store.use_code("link", "wrong9")
    assert await store.use_code("link", code) is None
    assert await store.use_code("pair", pair) == "telegram:42", "each purpose has its own"
    monkeypatch.setattr("bot.store.access.MINUTE", 0.0)
    assert await store.use_code("link", code) == "telegram:42", "it is still good"


async def test_guesses_at_the_same_time_count_as_well(store: Store) -> None:
    code = await store.new_code("link", "telegram:42", 60)
    guesses = [*(f"wrong{n}" for n in range(10)), code]
    assert await asyncio.gather(*(store.use_code("link", guess) for guess in guesses)) == [None] * 11


# people who move


async def test_people_who_move_take_what_they_may_and_their_codes_along(store: Store) -> None:
    old, new = Channel("telegram", "-5"), Channel("telegram", "-1005")
    await store.set_access(str(old), False)
    assert await store.access(str(new)) is None
    code = await store.new_code("link", str(old), 60)
    await store.moved(old, new)
    await store.moved(old, new)
    assert await store.access(str(new)) is False
    assert await store.access(str(old)) is None
    assert await store.use_code("link", code) == str(new)


async def test_a_code_of_the_new_address_counts_for_its_purpose(store: Store) -> None:
    old, new = Channel("telegram", "-5"), Channel("telegram", "-1005")
    link, pair = await store.new_code("link", str(old), 60), await store.new_code("pair", str(old), 60)
    newer = await store.new_code("link", str(new), 60)
    await store.moved(old, new)
    assert await store.use_code("link", newer) == str(new)
    assert await store.use_code("pair", pair) == str(new)
    assert await store.use_code("link", link) == str(old)

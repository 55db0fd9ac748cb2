"""Who is welcome, and who runs the bot."""

from dataclasses import replace
from typing import Any

import pytest

from bot.intake.access import BOT, CLAIM, Access, Verdict, is_admin, offer_claim
from bot.messages import Author, Message
from bot.ports import Store
from tests.conftest import said as said_on


def said() -> Message:
    """What Ann says on Telegram."""
    return said_on(channel="telegram:lobby")


W, S, T = Verdict.WELCOME, Verdict.STRANGER, Verdict.TURNED_AWAY
ANN = frozenset({"telegram:1"})
LOBBY = frozenset({"telegram:lobby"})
SERVER = frozenset({"discord:900"})
PAGE = frozenset({"web"})  # a console of the operator's


def of(**lists: Any) -> dict[str, Any]:
    return lists


@pytest.mark.parametrize(
    ("lists", "verdict"),
    [
        (of(), W),
        (of(denied=ANN), T),
        (of(denied=LOBBY), T),
        (of(denied=SERVER), T),
        (of(allowed=ANN), W),
        (of(allowed=LOBBY), W),
        (of(allowed=SERVER), W),
        (of(allowed=frozenset({"telegram:2"})), T),
        (of(allowed=ANN, denied=LOBBY), T),
        (of(admins=ANN, allowed=frozenset({"telegram:2"})), W),
        (of(paired=True), S),
        (of(paired=True, admins=ANN), W),
        (of(paired=True, allowed=SERVER), W),
        (of(paired=True, allowed=frozenset({"telegram:2"})), S),
        (of(paired=True, denied=SERVER), T),
    ],
)
async def test_lists_that_shut_out_come_before_those_that_let_in(
    sqlite: Store, lists: dict[str, Any], verdict: Verdict
) -> None:
    message = replace(said(), private=True, server="discord:900")
    assert await Access(sqlite.people, **lists).judge(message) is verdict


async def test_admins_let_people_in_and_shut_them_out_meanwhile(sqlite: Store) -> None:
    private: Message = replace(said(), private=True)
    access = Access(sqlite.people, paired=True)
    await sqlite.people.set_access("telegram:1", True)
    assert await access.judge(private) is W
    await sqlite.people.set_access("telegram:1", False)
    assert await access.judge(private) is T
    await sqlite.people.set_access("telegram:1", None)
    assert await access.judge(private) is S


async def test_who_is_let_in_is_welcome_everywhere_and_others_only_where_the_place_is(sqlite: Store) -> None:
    access = Access(sqlite.people, paired=True)
    there = replace(said(), server="discord:900")
    assert await access.judge(there) is S
    await sqlite.people.set_access("discord:900", True)
    assert await access.judge(there) is W
    assert await access.judge(replace(said(), private=True)) is S, "in private they are nobody's guest"


async def test_the_page_is_the_operators_own(sqlite: Store) -> None:
    nobody_else = Access(sqlite.people, allowed=frozenset({"telegram:2"}), paired=True, consoles=PAGE)
    assert await nobody_else.judge(said_on()) is W


# who runs the bot


async def let_in(store: Store, message: Message, **lists: Any) -> bool | None:
    """What is chosen for Ann's server after she spoke."""
    await Access(store.people, **{"admins": ANN, "paired": True, **lists}).let_in_place(message)
    return await store.people.get_access("discord:900")


@pytest.mark.parametrize("claimed", [False, True])
async def test_an_admin_who_speaks_in_a_place_lets_it_in(sqlite: Store, claimed: bool) -> None:
    if claimed:
        await sqlite.people.add_admin("telegram:1")
    there = replace(said(), server="discord:900")
    assert await let_in(sqlite, there, admins=frozenset() if claimed else ANN) is True


@pytest.mark.parametrize(
    ("changes", "lists"),
    [
        (of(author=Author("2", "Bob")), of()),
        (of(addressed=False), of()),
        (of(private=True), of()),
        (of(), of(paired=False)),
        (of(), of(allowed=LOBBY)),
    ],
    ids=["nobody's admin", "not to the bot", "in private", "open", "listed"],
)
async def test_nobody_and_nothing_else_does(sqlite: Store, changes: dict[str, Any], lists: dict[str, Any]) -> None:
    assert await let_in(sqlite, replace(said(), server="discord:900", **changes), **lists) is None


async def test_an_admin_in_a_channel_that_is_let_in_by_itself_does_not_let_in_the_server(sqlite: Store) -> None:
    await sqlite.people.set_access("telegram:lobby", True)
    assert await let_in(sqlite, replace(said(), server="discord:900")) is None


async def test_admins_are_listed_or_claimed_the_bot_or_sit_at_the_page(sqlite: Store) -> None:
    assert await is_admin(sqlite.people, ANN, said(), PAGE)
    assert await is_admin(sqlite.people, frozenset(), said_on(), PAGE)
    assert not await is_admin(sqlite.people, frozenset(), said_on(), frozenset())
    assert not await is_admin(sqlite.people, frozenset(), said(), PAGE)
    await sqlite.people.add_admin("telegram:1")
    assert await is_admin(sqlite.people, frozenset(), said(), PAGE)


async def test_a_start_voids_the_claim_code_of_the_one_before(store: Store) -> None:
    first, second = await offer_claim(store.people, wanted=True), await offer_claim(store.people, wanted=True)
    assert first
    assert second
    assert len(second.replace("-", "")) == 20
    assert await store.people.redeem_code(CLAIM, first, by="telegram:1") is None
    assert await store.people.redeem_code(CLAIM, second, by="telegram:1") == BOT
    assert await offer_claim(store.people, wanted=True)
    assert await offer_claim(store.people, wanted=False) is None
    assert not await store.people.has_code(CLAIM, BOT)


async def test_a_bot_that_somebody_runs_cannot_be_claimed(store: Store) -> None:
    await store.people.add_admin("telegram:1")
    assert await offer_claim(store.people, wanted=True) is None
    await store.people.set_access("telegram:1", False)
    assert await offer_claim(store.people, wanted=True), "or nobody could run it any more"

"""Who is welcome."""

from dataclasses import replace
from typing import Any

import pytest

from bot.access import Access, Verdict
from bot.messages import Message
from bot.ports import Store
from tests.conftest import said as said_on


def said() -> Message:
    """What Ann says on Telegram."""
    return said_on(channel="telegram:lobby")


W, S, T = Verdict.WELCOME, Verdict.STRANGER, Verdict.TURNED_AWAY
ANN = frozenset({"telegram:1"})
LOBBY = frozenset({"telegram:lobby"})
SERVER = frozenset({"discord:900"})


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
        (of(pairing=True), S),
        (of(pairing=True, admins=ANN), W),
    ],
)
async def test_lists_that_shut_out_come_before_those_that_let_in(
    sqlite: Store, lists: dict[str, Any], verdict: Verdict
) -> None:
    message = replace(said(), private=True, server="discord:900")
    assert await Access(sqlite, **lists).judge(message) is verdict


async def test_admins_let_people_in_and_shut_them_out_meanwhile(sqlite: Store) -> None:
    private: Message = replace(said(), private=True)
    access = Access(sqlite, pairing=True)
    await sqlite.set_access("telegram:1", True)
    assert await access.judge(private) is W
    await sqlite.set_access("telegram:1", False)
    assert await access.judge(private) is T
    await sqlite.set_access("telegram:1", None)
    assert await access.judge(private) is S


async def test_strangers_are_told_so_in_private_only(sqlite: Store) -> None:
    assert await Access(sqlite, pairing=True).judge(said()) is T


async def test_the_page_is_the_operators_own(sqlite: Store) -> None:
    nobody_else = Access(sqlite, allowed=frozenset({"telegram:2"}), pairing=True)
    assert await nobody_else.judge(said_on()) is W

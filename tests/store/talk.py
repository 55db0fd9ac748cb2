"""What people say and what the bot does with it, in as few words as the tests need."""

from bot.messages import Answer, Channel, Turn, Usage
from bot.ports import Store
from bot.store.base import Row
from bot.store.sql import SqlStore
from tests.conftest import MODEL, said

HERE = Channel("web", "lobby")
THERE = Channel("telegram", "42")


async def claim_one(store: Store) -> Turn:
    [turn] = await store.claim(10)
    return turn


async def answer(store: Store, turn: Turn, text: str, usage: Usage = Usage()) -> None:  # noqa: B008  (it is frozen)
    await store.answered(turn, Answer(text, MODEL, usage))
    await store.finished(turn)


async def asked(store: Store, question: str, reply: str, channel: Channel = HERE, usage: Usage = Usage()) -> Turn:  # noqa: B008
    """Somebody asked, and was answered; nobody else waits."""
    await store.add(said(question, channel=str(channel)))
    turn = await claim_one(store)
    await answer(store, turn, reply, usage)
    return turn


async def all_answered(store: Store) -> list[str]:
    """Answer whoever waits, as often as somebody comes forward; what was asked, in that order."""
    heard = []
    while turns := await store.claim(10):
        assert len({turn.conversation.id for turn in turns}) == len(turns), "one at a time in each conversation"
        for turn in turns:
            heard.append(turn.message.text)
            await answer(store, turn, "yes")
    assert await store.waiting() == 0
    return heard


async def table(store: Store, name: str) -> list[Row]:
    """All rows of a table."""
    assert isinstance(store, SqlStore)
    return await store.read(f"SELECT * FROM {name}")

"""What people say and what the bot does with it, in as few words as the tests need."""

from hashlib import sha256
from pathlib import Path

from bot.messages import Attachment, Channel, Conversation, JobResult, Photo, Turn, Usage
from bot.ports import Store
from bot.store.database import Row
from bot.store.sql import SqlStore
from tests.conftest import MODEL, said

HERE = Channel("web", "lobby")
THERE = Channel("telegram", "42")


async def claim_one(store: Store) -> Turn:
    [turn] = await store.queue.claim(10)
    return turn


async def answer(store: Store, turn: Turn, text: str, usage: Usage = Usage()) -> None:  # noqa: B008  (it is frozen)
    await store.queue.save_result(turn, JobResult(text=text, model=MODEL, usage=usage))
    await store.queue.finish(turn)


async def asked(store: Store, question: str, reply: str, channel: Channel = HERE, usage: Usage = Usage()) -> Turn:  # noqa: B008
    """Somebody asked, and was answered; nobody else waits."""
    await store.intake.add(said(question, channel=str(channel)))
    turn = await claim_one(store)
    await answer(store, turn, reply, usage)
    return turn


async def all_answered(store: Store) -> list[str]:
    """Answer whoever waits, as often as somebody comes forward; what was asked, in that order."""
    heard = []
    while turns := await store.queue.claim(10):
        assert len({turn.conversation.id for turn in turns}) == len(turns), "one at a time in each conversation"
        for turn in turns:
            heard.append(turn.message.text)
            await answer(store, turn, "yes")
    assert await store.queue.count_waiting() == 0
    return heard


async def table(store: Store, name: str) -> list[Row]:
    """All rows of a table."""
    assert isinstance(store, SqlStore)
    return await store.db.read(f"SELECT * FROM {name}")


def sha256_of(name: str) -> str:
    """The hash of the photo that tests call so."""
    return sha256(name.encode()).hexdigest()


def cleaned(name: str) -> Photo:
    """A photo after intake, as far as the store looks at it."""
    return Photo(
        name=f"{name}.jpg",
        mime="image/jpeg",
        file=Path(f"{name}.jpg"),
        size=1000,
        sha256=sha256_of(name),
        width=40,
        height=30,
    )


async def show(store: Store, turn: Turn, *names: str, channel: Channel = HERE) -> None:
    """The turn shows these photos."""
    photos = {Attachment(ref=f"ref-{name}-{turn.id}", name=f"{name}.jpg"): cleaned(name) for name in names}
    await store.files.save_files(turn, photos, channel)


async def asked_about(store: Store, *names: str, channel: Channel = HERE) -> Turn:
    """Somebody showed photos and was answered; nobody else waits."""
    await store.intake.add(said(channel=str(channel)))
    turn = await claim_one(store)
    await show(store, turn, *names, channel=channel)
    await answer(store, turn, "a cat")
    return turn


async def numbers(store: Store, conversation: Conversation) -> dict[str, int]:
    """The numbers of the photos of a conversation, by what tests call them."""
    return {
        photo.attachment.name.removesuffix(".jpg"): photo.number
        for photo in await store.files.list_files(conversation, 100)
    }

"""Who is logged in, on both databases."""

from bot.messages import WebSession
from bot.ports import Store
from bot.store.sql import SqlStore


def session(id: str, created: float = 100.0, seen: float = 100.0) -> WebSession:
    return WebSession(id=id, device="Firefox on Linux", created=created, seen=seen)


async def test_a_session_is_found_by_its_secret_with_the_token_that_it_began_with(store: Store) -> None:
    await store.sessions.add_session(session("a"), secret_hash="s1", token_hash="t1")
    assert await store.sessions.find_session(secret_hash="s1", token_hash="t1") == session("a")
    assert await store.sessions.find_session(secret_hash="s1", token_hash="t2") is None
    assert await store.sessions.find_session(secret_hash="s2", token_hash="t1") is None


async def test_sessions_are_listed_by_their_last_use_and_end_one_by_one(store: Store) -> None:
    for id in ("a", "b"):
        await store.sessions.add_session(session(id), secret_hash=id, token_hash="t1")
    await store.sessions.add_session(session("other"), secret_hash="c", token_hash="t2")
    await store.sessions.touch_session("b", 200.0)
    assert await store.sessions.list_sessions("t1") == [session("b", seen=200.0), session("a")]
    await store.sessions.end_session("b")
    assert await store.sessions.list_sessions("t1") == [session("a")]
    assert await store.sessions.find_session(secret_hash="b", token_hash="t1") is None


async def test_old_sessions_and_those_of_another_token_are_deleted(store: Store) -> None:
    for id, created, token in (("old", 50.0, "t1"), ("new", 150.0, "t1"), ("other", 150.0, "t2")):
        await store.sessions.add_session(session(id, created), secret_hash=id, token_hash=token)
    await store.sessions.prune_sessions(token_hash="t1", before=100.0)
    assert isinstance(store, SqlStore)
    assert [row["id"] for row in await store.db.read("SELECT id FROM sessions")] == ["new"]

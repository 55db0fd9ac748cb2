import pytest

from emulator import recording, state


def test_the_oldest_uploads_go_when_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "MOST_BYTES", 100)
    assets = state.Assets()
    keys = [assets.keep("cat.jpg", bytes(40)).key for _ in range(3)]
    assert list(assets.kept) == keys[1:] and assets.size == 80


def test_the_oldest_conversation_goes_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "MOST_CONVERSATIONS", 2)
    conversations = state.Conversations()
    started = [conversations.start("UNIFY_CHAT_WITH_AI", "Cats", "gpt-4o").uuid for _ in range(3)]
    assert list(conversations) == started[1:]


def test_the_visitors_book_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "MOST", 2)
    book: list[recording.RecordedRequest] = []
    for path in "abc":
        recording.note(book, recording.RecordedRequest("GET", path))
    assert [one.path for one in book] == ["b", "c"]

"""What a photo carried is told to its sender, where nobody else reads it, and the place is kept nowhere."""

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.platforms.web.adapter import WebPage
from bot.messages import Channel, OutgoingPost
from bot.web.server import WebServer
from bot.words import LANGUAGES, speaking
from tests.conftest import said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.work import Worker, hear

TOLD = "Your photo carried the place where it was taken (59.33 N, 18.07 E), the camera; I removed all of it."
PLACES = ("59.33 N", "59,33 N", "५९.३३ N", "۵۹٫۳۳ N")


@pytest.fixture(autouse=True)
def local_provider(provider: FakeProvider) -> FakeProvider:
    """The provider that answers is one that tells it, as local/eyes is."""
    provider.tells_traces = True
    return provider


async def test_the_answer_of_any_other_model_stays_as_it_is(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.tells_traces = False
    await hear(worker, replace(said(photos=1), private=True))
    assert platform.reads() == ["a cat"]


async def test_in_private_it_is_told_with_the_place(worker: Worker, platform: FakePlatform) -> None:
    await hear(worker, replace(said(photos=1), private=True))
    assert platform.reads() == [f"a cat\n\n🔒 {TOLD}"]
    turn = await worker.store.turns.get_turn(1)
    assert turn is not None
    assert "59.33" not in repr(turn)


async def test_in_a_group_nobody_reads_it(worker: Worker, platform: FakePlatform) -> None:
    await hear(worker, said(photos=1))
    assert not any("carried" in text for text in platform.reads())


async def test_a_later_question_about_the_photo_tells_it_no_more(worker: Worker, platform: FakePlatform) -> None:
    await hear(worker, replace(said(photos=1), private=True), replace(said("and now?"), private=True))
    assert sum("carried" in text for text in platform.reads()) == 1


async def test_the_page_shows_the_place_and_keeps_it_nowhere(tmp_path: Path) -> None:
    page = WebPage(WebServer("127.0.0.1", 0), tmp_path, max_bytes=1000)
    async with page:
        with page.audience.tab("lobby") as tab:
            post = OutgoingPost(text="It was taken at 48.86 N.", stored_text="It was taken somewhere.")
            await page.send(Channel("web", "lobby"), post)
            [event] = await tab.wait_for_events(5)
        assert event.data["text"] == post.text
        [entry] = await page.journal.list_last_entries("lobby", 10)
        assert entry.text == post.stored_text
    assert all(b"48.86" not in file.read_bytes() for file in tmp_path.iterdir())


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_is_told_in_every_language(worker: Worker, platform: FakePlatform, language: str) -> None:
    with speaking(language):
        await hear(worker, replace(said(photos=1), private=True, language=language))
    assert any(place in text for text in platform.reads() for place in PLACES), platform.reads()

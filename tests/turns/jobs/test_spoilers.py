"""What is made of a photo behind a spoiler stays behind one, whoever answers and whatever is made."""

from dataclasses import replace

import pytest

from bot.messages import Message
from tests.conftest import said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.studio import FakeStudio
from tests.doubles.work import Worker, hear, pressed


def hidden(text: str = "what is this?") -> Message:
    """A question about a photo behind a spoiler."""
    message = said(text, photos=1)
    return replace(message, attachments=tuple(replace(each, is_spoiler=True) for each in message.attachments))


async def test_compared_answers_are_behind_one(worker: Worker, platform: FakePlatform) -> None:
    await hear(worker, hidden(), said("/compare gpt-4o gpt-4o-mini"))
    assert [*platform.hidden.values()] == [True, True, True, False]  # the vote below them tells nothing of the photo


async def test_other_versions_and_the_way_back_are_behind_one(worker: Worker, platform: FakePlatform) -> None:
    await hear(worker, hidden())
    for command in ("/retry 1", "/version 1 1"):
        await hear(worker, pressed(command, "1"))
        assert [*platform.hidden.values()] == [True]


async def test_a_failure_is_told_openly(worker: Worker, platform: FakePlatform, provider: FakeProvider) -> None:
    platform.away.add("ref0")
    await hear(worker, replace(hidden(), attachments=(replace(hidden().attachments[0], ref="gone"),)))
    assert [*platform.hidden.values()] == [False]


@pytest.mark.parametrize(("command", "is_hidden"), [("/vary", True), ("/imagine a house", False)])
async def test_pictures_made_of_one_are_behind_one(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, command: str, is_hidden: bool
) -> None:
    provider.media = FakeStudio()
    await hear(worker, hidden(command))
    [files] = [files for files in platform.sent_files.values() if files]
    assert [file.is_spoiler for file in files] == [is_hidden]
    await hear(worker, said("what is this?"))
    assert [*platform.hidden.values()][-1] == is_hidden

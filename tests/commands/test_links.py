"""One conversation in several channels."""

import re
from dataclasses import replace

import pytest

from bot.commands import COMMANDS, CommandContext, Response
from bot.errors import Refused
from bot.messages import Author, Channel, Turn
from bot.ports import Store
from tests.commands.conftest import again, heard, told
from tests.doubles.platform import FakePlatform

HERE, THERE = "web:lobby", "telegram:42"


async def code_of(desk: CommandContext, turn: Turn) -> str:
    """The code that somebody gets who says /link."""
    found = re.search(r"`/link (\S+)`", await told(desk, turn, "link"))
    assert found is not None
    return found[1]


async def home(store: Store, channel: str) -> int:
    conversation = await store.conversations.find_conversation(Channel.parse(channel))
    assert conversation is not None
    return conversation.id


async def test_a_code_joins_the_channel_that_says_it_to_the_one_that_got_it(
    desk: CommandContext, sqlite: Store, turn: Turn
) -> None:
    code = await code_of(desk, turn)
    assert "shares its conversation with one on Web" in await told(desk, await heard(sqlite, THERE), f"link {code}")
    assert await home(sqlite, THERE) == await home(sqlite, HERE) == turn.conversation.id


async def test_a_code_may_be_written_as_people_write(desk: CommandContext, sqlite: Store, turn: Turn) -> None:
    code = (await code_of(desk, turn)).lower()
    assert "Linked" in await told(desk, await heard(sqlite, THERE), f"link {code[:4]}-{code[4:]}")


async def test_a_code_counts_once(desk: CommandContext, sqlite: Store, turn: Turn) -> None:
    code = await code_of(desk, turn)
    await told(desk, await heard(sqlite, THERE), f"link {code}")
    with pytest.raises(Refused, match="I don't know that code"):
        await told(desk, await heard(sqlite, "telegram:43"), f"link {code}")


async def test_a_wrong_code_links_nothing(desk: CommandContext, sqlite: Store, turn: Turn) -> None:
    there = await heard(sqlite, THERE)
    with pytest.raises(Refused, match="I don't know that code"):
        await told(desk, there, "link ABCD2345")
    assert await home(sqlite, THERE) == there.conversation.id


async def test_twelve_wrong_codes_of_one_person_keep_nobody_else_from_linking(
    desk: CommandContext, sqlite: Store, turn: Turn
) -> None:
    code = await code_of(desk, turn)
    there = await heard(sqlite, THERE)
    eve = replace(there, message=replace(there.message, author=Author("666", "Eve")))
    for n in range(12):
        with pytest.raises(Refused, match="I don't know that code"):
            await told(desk, eve, f"link wrong{n}")
    assert "Linked" in await told(desk, there, f"link {code}")


async def test_a_channel_s_own_code_is_for_the_other_one(desk: CommandContext, turn: Turn) -> None:
    with pytest.raises(Refused, match="comes from this very channel"):
        await told(desk, turn, f"link {await code_of(desk, turn)}")


@pytest.mark.parametrize("words", ["link", "link ABCD2345", "unlink"])
async def test_only_who_manages_a_channel_links_it(
    desk: CommandContext, turn: Turn, platform: FakePlatform, words: str
) -> None:
    platform.managers = set()
    with pytest.raises(Refused, match="Only those who manage"):
        await told(desk, turn, words)


async def test_who_leaves_goes_on_alone_and_the_others_keep_what_was_said(
    desk: CommandContext, sqlite: Store, turn: Turn
) -> None:
    there = await heard(sqlite, THERE)
    await told(desk, there, f"link {await code_of(desk, turn)}")
    await sqlite.queue.finish(turn)
    assert "is on its own again" in await told(desk, await again(sqlite, there), "unlink")
    assert await home(sqlite, HERE) == turn.conversation.id
    assert await home(sqlite, THERE) not in (turn.conversation.id, there.conversation.id)


async def test_who_is_alone_cannot_leave(desk: CommandContext, turn: Turn) -> None:
    with pytest.raises(Refused, match="isn't linked to another one"):
        await told(desk, turn, "unlink")


async def test_mirroring_is_offered_as_a_button_when_channels_are_linked(
    desk: CommandContext, sqlite: Store, turn: Turn
) -> None:
    code = await code_of(desk, turn)
    there = await heard(sqlite, THERE)
    response = await COMMANDS["link"].run(desk, there, code)
    assert isinstance(response, Response)
    [button] = response.buttons
    assert (button.label, button.command) == ("Mirror answers?", "/settings mirroring answers")
    await told(desk, there, "settings mirroring answers")
    assert (await sqlite.channels.get_channel_settings(there.message.channel)).mirroring == "answers"

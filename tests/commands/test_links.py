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


async def code_of(context: CommandContext, turn: Turn) -> str:
    """The code that somebody gets who says /link."""
    found = re.search(r"`/link (\S+)`", await told(context, turn, "link"))
    assert found is not None
    return found[1]


async def home(store: Store, channel: str) -> int:
    conversation = await store.conversations.find_conversation(Channel.parse(channel))
    assert conversation is not None
    return conversation.id


async def test_a_code_joins_the_channel_that_says_it_to_the_one_that_got_it(
    context: CommandContext, sqlite: Store, turn: Turn
) -> None:
    code = await code_of(context, turn)
    assert "shares its conversation with one on Web" in await told(context, await heard(sqlite, THERE), f"link {code}")
    assert await home(sqlite, THERE) == await home(sqlite, HERE) == turn.conversation.id


async def test_a_code_may_be_written_as_people_write(context: CommandContext, sqlite: Store, turn: Turn) -> None:
    code = (await code_of(context, turn)).lower()
    assert "Linked" in await told(context, await heard(sqlite, THERE), f"link {code[:4]}-{code[4:]}")


async def test_a_code_counts_once(context: CommandContext, sqlite: Store, turn: Turn) -> None:
    code = await code_of(context, turn)
    await told(context, await heard(sqlite, THERE), f"link {code}")
    with pytest.raises(Refused, match="I don't know that code"):
        await told(context, await heard(sqlite, "telegram:43"), f"link {code}")


async def test_a_wrong_code_links_nothing(context: CommandContext, sqlite: Store, turn: Turn) -> None:
    there = await heard(sqlite, THERE)
    with pytest.raises(Refused, match="I don't know that code"):
        await told(context, there, "link ABCD2345")
    assert await home(sqlite, THERE) == there.conversation.id


async def test_twelve_wrong_codes_of_one_person_keep_nobody_else_from_linking(
    context: CommandContext, sqlite: Store, turn: Turn
) -> None:
    code = await code_of(context, turn)
    there = await heard(sqlite, THERE)
    eve = replace(there, message=replace(there.message, author=Author("666", "Eve")))
    for n in range(12):
        with pytest.raises(Refused, match="I don't know that code"):
            await told(context, eve, f"link wrong{n}")
    assert "Linked" in await told(context, there, f"link {code}")


async def test_a_channel_s_own_code_is_for_the_other_one(context: CommandContext, turn: Turn) -> None:
    with pytest.raises(Refused, match="comes from this very channel"):
        await told(context, turn, f"link {await code_of(context, turn)}")


@pytest.mark.parametrize("words", ["link", "link ABCD2345", "unlink"])
async def test_only_who_manages_a_channel_links_it(
    context: CommandContext, turn: Turn, platform: FakePlatform, words: str
) -> None:
    platform.managers = set()
    with pytest.raises(Refused, match="Only those who manage"):
        await told(context, turn, words)


async def test_who_leaves_goes_on_alone_and_the_others_keep_what_was_said(
    context: CommandContext, sqlite: Store, turn: Turn
) -> None:
    there = await heard(sqlite, THERE)
    await told(context, there, f"link {await code_of(context, turn)}")
    await sqlite.queue.finish(turn)
    assert "is on its own again" in await told(context, await again(sqlite, there), "unlink")
    assert await home(sqlite, HERE) == turn.conversation.id
    assert await home(sqlite, THERE) not in (turn.conversation.id, there.conversation.id)


async def test_who_is_alone_cannot_leave(context: CommandContext, turn: Turn) -> None:
    with pytest.raises(Refused, match="isn't linked to another one"):
        await told(context, turn, "unlink")


async def test_mirroring_is_offered_as_a_button_when_channels_are_linked(
    context: CommandContext, sqlite: Store, turn: Turn
) -> None:
    code = await code_of(context, turn)
    there = await heard(sqlite, THERE)
    response = await COMMANDS["link"].run(context, there, code)
    assert isinstance(response, Response)
    [button] = response.buttons
    assert (button.label, button.command) == ("Mirror answers?", "/settings mirroring answers")
    await told(context, there, "settings mirroring answers")
    assert (await sqlite.channels.get_channel_settings(there.message.channel)).mirroring == "answers"

"""Who asks where the bot may not answer is told so in private, whichever process finds out, and once."""

from pathlib import Path

import pytest

from adapters.platforms.discord.places import Place
from bot.errors import Refused
from bot.messages import ChannelSettings, File, Message, OutgoingPost
from bot.ports import Store
from tests.adapters.platforms.discord.pair import Pair, process, until
from tests.conftest import CAT
from tests.doubles.discord import BOB, GENERAL

CHART = File(name="usage.jpg", mime="image/jpeg", data=CAT)


async def asks(pair: Pair, text: str = "/usage", **more: object) -> Message:
    """Somebody asks where the bot may still answer."""
    question = str(await pair.discord.says(text, mention=True, **more))  # type: ignore[arg-type]
    await until(lambda: any(message.id == question for message in pair.heard))
    return next(message for message in pair.heard if message.id == question)  # Discord also tells of its new thread


async def test_a_process_that_did_not_hear_the_question_knows_whom_to_tell(pair: Pair) -> None:
    question = await asks(pair, by=BOB)
    pair.discord.deny(GENERAL, "SEND_MESSAGES")
    with pytest.raises(Refused, match="can't write in this channel"):
        await pair.speaker.send(question.channel, OutgoingPost(text="12 turns", reply_to=question.id))
    [told] = pair.discord.direct(BOB)
    assert "Send Messages" in told.text


async def test_it_is_told_once_by_all_processes_together(pair: Pair, sqlite: Store, tmp_path: Path) -> None:
    question = await asks(pair)
    pair.discord.deny(GENERAL, "SEND_MESSAGES")
    async with process(pair.discord, sqlite, tmp_path) as third:
        for bot in (pair.speaker, third, pair.listener):
            with pytest.raises(Refused):
                await bot.send(question.channel, OutgoingPost(text="12 turns", reply_to=question.id))
        await pair.discord.says("and now?", mention=True)  # the one that listens sees that by itself
        assert len(pair.discord.direct()) == 1
        await third.expire(before=1e12, photos_before=0)
        with pytest.raises(Refused):
            await third.send(question.channel, OutgoingPost(text="12 turns", reply_to=question.id))
    assert len(pair.discord.direct()) == 2


async def test_who_asked_in_the_thread_of_their_photo_is_told_as_well(pair: Pair, sqlite: Store) -> None:
    await sqlite.channels.save_channel_settings(Place(GENERAL).channel, ChannelSettings(threads=True))
    question = await asks(pair, "what is this?", files=[CAT])
    assert question.channel.id == question.id
    pair.discord.deny(GENERAL, "ATTACH_FILES")
    await pair.speaker.send(question.channel, OutgoingPost(text="12 turns", reply_to=question.id, files=(CHART,)))
    assert pair.discord.reads(int(question.channel.id)) == ["12 turns"]
    [told] = pair.discord.direct()
    assert "Attach Files" in told.text


async def test_where_discord_does_not_tell_who_asked_nobody_is_told(pair: Pair) -> None:
    question = await asks(pair)
    pair.discord.deny(GENERAL, "SEND_MESSAGES", "READ_MESSAGE_HISTORY")
    with pytest.raises(Refused):
        await pair.speaker.send(question.channel, OutgoingPost(text="12 turns", reply_to=question.id))
    assert pair.discord.direct() == []

"""Telegram fetches no address that the bot writes, whichever way it came to the chat."""

import pytest

from adapters.platforms.telegram.adapter import Telegram
from bot.messages import Channel, File, OutgoingPost
from tests.adapters.platforms.telegram.conftest import PHOTO
from tests.doubles.telegram import ANN, GROUP, Fault, TelegramBed

LINK = "https://evil.example/?said=the-pin-is-4711"
CHART = File(name="usage.jpg", mime="image/jpeg", data=PHOTO)
BAD_ENTITIES = Fault(400, description="Bad Request: can't parse entities: there is none")


@pytest.mark.parametrize("home", [Channel("telegram", str(ANN)), Channel("telegram", f"{GROUP}/77")])
async def test_an_answer_and_each_of_its_edits(telegram: Telegram, bed: TelegramBed, home: Channel) -> None:
    post = await telegram.send(home, OutgoingPost(text=f"[a cat]({LINK})", key="1-0", is_partial=True))
    await telegram.edit(home, post, OutgoingPost(text=f"a cat {LINK}", is_partial=True))
    await telegram.edit(home, post, OutgoingPost(text=f"a cat, {LINK} and more"))
    assert len(bed.called("editMessageText")) == 2
    assert bed.previewed == []


async def test_an_answer_whose_formatting_was_refused(telegram: Telegram, bed: TelegramBed) -> None:
    bed.fails("sendMessage", BAD_ENTITIES)
    await telegram.send(Channel("telegram", str(ANN)), OutgoingPost(text=f"**a cat** {LINK}"))
    assert len(bed.called("sendMessage")) == 2
    assert bed.previewed == []


async def test_the_words_of_a_caption_that_became_too_long_for_it(telegram: Telegram, bed: TelegramBed) -> None:
    home = Channel("telegram", str(ANN))
    post = await telegram.send(home, OutgoingPost(text=LINK, files=(CHART,)))
    await telegram.edit(home, post, OutgoingPost(text=f"{LINK} " + "word " * 300))
    assert len(bed.called("sendMessage")) == 1
    assert bed.previewed == []

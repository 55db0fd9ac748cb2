"""Rich messages where people want them, and text wherever Telegram takes none."""

from collections.abc import AsyncIterator

import pytest

from adapters.platforms.telegram.adapter import Telegram
from bot.errors import Busy, Refused
from bot.messages import Button, Channel, File, OutgoingPost
from tests.adapters.platforms.telegram.conftest import PHOTO, Client, Menus
from tests.doubles.telegram import ANN, flood
from tests.doubles.telegram_rich import blocks_of

HERE = Channel("telegram", str(ANN))
TABLE = "Sums:\n\n| shop | total |\n|---|--:|\n| A | 1 |\n"
CATS = tuple(File(name=f"{n}.jpg", mime="image/jpeg", data=PHOTO) for n in range(2))
CHOSEN: set[Channel] = set()


async def wants_rich(channel: Channel) -> bool:
    return channel in CHOSEN


@pytest.fixture
async def rich(client: Client) -> AsyncIterator[Telegram]:
    CHOSEN.clear()
    CHOSEN.add(HERE)
    async with client(wants_rich=wants_rich) as telegram:
        yield telegram


async def test_a_table_is_a_rich_message_only_where_people_chose_that(rich: Telegram, bed: Menus) -> None:
    await rich.send(HERE, OutgoingPost(text=TABLE, buttons=(Button("A", "/a"),)))
    CHOSEN.clear()
    await rich.send(HERE, OutgoingPost(text=TABLE))
    with_blocks, as_text = bed.posts()
    assert len(list(blocks_of("table", with_blocks.rich))) == 1
    assert with_blocks.commands == ["/a"]
    assert as_text.rich is None
    assert as_text.formatted("pre") == ["shop | total\n-----+------\nA    |     1"]


async def test_an_answer_grows_as_text_and_ends_rich_and_may_change_again(rich: Telegram, bed: Menus) -> None:
    id = await rich.send(HERE, OutgoingPost(text="Sums: ▌", is_partial=True))
    await rich.edit(HERE, id, OutgoingPost(text=TABLE))
    [post] = bed.posts()
    assert post.rich
    await rich.edit(HERE, id, OutgoingPost(text=TABLE))  # which changes nothing
    assert post.edits == 1
    await rich.edit(HERE, id, OutgoingPost(text="no table"))
    assert post.text == "no table"
    assert bed.posts()[0].rich is None


async def test_pictures_stand_in_the_answer(rich: Telegram, bed: Menus) -> None:
    await rich.send(HERE, OutgoingPost(text="two cats", files=CATS))
    [post] = bed.posts()
    assert post.pictures == [PHOTO, PHOTO]


@pytest.mark.parametrize("knows_method", [True, False])
async def test_a_refusal_brings_the_text_and_is_remembered(rich: Telegram, bed: Menus, knows_method: bool) -> None:
    bed.knows_rich, bed.refuses_rich = knows_method, True
    await rich.send(HERE, OutgoingPost(text=TABLE, files=CATS))
    id = await rich.send(HERE, OutgoingPost(text=TABLE))
    await rich.edit(HERE, id, OutgoingPost(text=f"{TABLE}\nmore"))
    assert len(bed.called("sendRichMessage")) == 1
    assert [post.text[:5] for post in bed.posts() if post.text] == ["Sums:", "Sums:"]
    assert len([post for post in bed.posts() if post.file]) == 2


async def test_a_wait_is_no_refusal(rich: Telegram, bed: Menus) -> None:
    bed.fails("sendRichMessage", flood())
    with pytest.raises(Busy):
        await rich.send(HERE, OutgoingPost(text=TABLE))
    assert bed.called("sendMessage") == []


async def test_a_post_that_is_gone_is_no_refusal_of_the_form(rich: Telegram, bed: Menus) -> None:
    id = await rich.send(HERE, OutgoingPost(text="first"))
    await rich.delete(HERE, id)
    with pytest.raises(Refused):
        await rich.edit(HERE, id, OutgoingPost(text=TABLE))
    await rich.send(HERE, OutgoingPost(text=TABLE))
    assert bed.posts()[-1].rich


async def test_a_file_with_its_caption_and_what_is_hidden_stay_as_they_are(rich: Telegram, bed: Menus) -> None:
    id = await rich.send(HERE, OutgoingPost(text="one cat", files=CATS[:1]))
    await rich.edit(HERE, id, OutgoingPost(text=TABLE))
    await rich.send(HERE, OutgoingPost(text=TABLE, is_spoiler=True))
    assert [post.rich for post in bed.posts()] == [None, None]
    await rich.send(HERE, OutgoingPost(text=TABLE))
    assert bed.posts()[-1].rich, "a caption is no refusal"

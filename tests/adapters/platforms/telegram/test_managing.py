"""Who may change what the bot does in a chat."""

import pytest

from adapters.platforms.telegram.adapter import Telegram
from bot.errors import Busy, Refused
from bot.messages import Author, Channel, OutgoingPost
from tests.doubles.telegram import ANN, BAD_GATEWAY, GROUP, Fault, TelegramBed, flood

ANN_HERSELF = Author(str(ANN), "Ann")
BEN = Author("43", "Ben")
ROOM = Channel("telegram", str(GROUP))
TOPIC = Channel("telegram", f"{GROUP}/77")


async def test_a_private_chat_is_managed_by_whoever_talks_there(telegram: Telegram, bed: TelegramBed) -> None:
    assert await telegram.can_manage(Channel("telegram", str(ANN)), ANN_HERSELF)
    assert not bed.calls


@pytest.mark.parametrize("status", ["creator", "administrator"])
@pytest.mark.parametrize("channel", [ROOM, TOPIC], ids=["group", "topic"])
async def test_a_group_is_managed_by_its_admins(
    telegram: Telegram, bed: TelegramBed, channel: Channel, status: str
) -> None:
    bed.admins[ANN] = status
    assert await telegram.can_manage(channel, ANN_HERSELF)
    assert not await telegram.can_manage(channel, BEN)


async def test_an_admin_who_stays_anonymous_speaks_as_the_group(telegram: Telegram) -> None:
    assert await telegram.can_manage(TOPIC, Author(str(GROUP), "G"))


async def test_somebody_who_speaks_as_a_channel_may_be_anybody(telegram: Telegram) -> None:
    assert not await telegram.can_manage(ROOM, Author("-1009", "a channel"))


async def test_the_admins_of_a_group_that_moved_go_on_managing_it(telegram: Telegram, bed: TelegramBed) -> None:
    old = Channel("telegram", "-5")
    bed.moved_groups[-5] = GROUP
    bed.admins[ANN] = "creator"
    await telegram.send(old, OutgoingPost(text="still with you"))
    assert await telegram.can_manage(old, ANN_HERSELF)


async def test_they_do_so_where_another_process_heard_that_it_moved(telegram: Telegram, bed: TelegramBed) -> None:
    bed.moved_groups[-5] = GROUP
    bed.admins[ANN] = "creator"
    assert await telegram.can_manage(Channel("telegram", "-5"), ANN_HERSELF)
    assert not await telegram.can_manage(Channel("telegram", "-5"), BEN)
    assert [call.chat for call in bed.called("getChatMember")] == [-5, GROUP, GROUP]


@pytest.mark.parametrize(
    ("fault", "error", "key"),
    [
        (flood(7), Busy, "telegram_slow_down"),
        (BAD_GATEWAY, Busy, "telegram_unreachable"),
        (Fault(403, description="Forbidden: bot was kicked from the supergroup chat"), Refused, "channel_lost"),
        (Fault(400, description="Bad Request: chat not found"), Refused, "channel_lost"),
    ],
    ids=["flood", "502", "kicked", "gone"],
)
async def test_where_telegram_does_not_say_nobody_manages(
    telegram: Telegram, bed: TelegramBed, fault: Fault, error: type[Busy | Refused], key: str
) -> None:
    bed.admins[ANN] = "creator"
    bed.fails("getChatMember", fault)
    with pytest.raises(error) as caught:
        await telegram.can_manage(ROOM, ANN_HERSELF)
    assert caught.value.code == key

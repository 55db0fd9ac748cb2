"""Photos are fetched by a handle that lasts, and what cannot be had is named."""

import pytest

from adapters.platforms.telegram.adapter import Telegram
from bot.errors import Busy, Unreadable
from bot.messages import Attachment
from tests.adapters.platforms.telegram.conftest import PHOTO
from tests.doubles.telegram import BAD_GATEWAY, Fault, TelegramBed, flood

LIMIT = 20 << 20


def uploaded(bed: TelegramBed, data: bytes = PHOTO, size: int | None = None) -> Attachment:
    file = bed.file(data, size)
    return Attachment(ref=file["file_id"], name="photo.jpg", mime="image/jpeg")


async def test_a_photo_arrives_byte_for_byte(telegram: Telegram, bed: TelegramBed) -> None:
    assert await telegram.download(uploaded(bed), LIMIT) == PHOTO


async def test_a_file_larger_than_telegram_hands_out_is_named(telegram: Telegram, bed: TelegramBed) -> None:
    with pytest.raises(Unreadable) as caught:
        await telegram.download(uploaded(bed, b"", size=LIMIT + 1), LIMIT * 2)
    assert str(caught.value) == "it is larger than 20 MB, which is the most that Telegram hands to bots"


async def test_a_file_that_claims_more_than_telegram_hands_out_is_not_asked_for(
    telegram: Telegram, bed: TelegramBed
) -> None:
    for limit in (LIMIT, LIMIT * 2):
        with pytest.raises(Unreadable) as caught:
            await telegram.download(
                Attachment(ref="any", name="bill.pdf", mime="application/pdf", size=40 << 20), limit
            )
        assert caught.value.code == "telegram_too_heavy"
    assert not bed.called("getFile")


async def test_a_file_that_claims_too_much_is_not_asked_for(telegram: Telegram, bed: TelegramBed) -> None:
    with pytest.raises(Unreadable) as caught:
        await telegram.download(Attachment(ref="any", name="huge.png", size=LIMIT), LIMIT // 2)
    assert str(caught.value) == "it is larger than 10 MB", "the operator's own limit counts where it is lower"
    assert not bed.called("getFile")


async def test_a_file_that_claims_too_little_is_cut_off(telegram: Telegram, bed: TelegramBed) -> None:
    with pytest.raises(Unreadable) as caught:
        await telegram.download(uploaded(bed, b"x" * 3_000_000, size=1), 2 << 20)
    assert caught.value.code == "photo_too_heavy"


async def test_a_recording_arrives_byte_for_byte(telegram: Telegram, bed: TelegramBed) -> None:
    voice = Attachment(ref=bed.file(b"OggS and so on")["file_id"], name="voice.oga", mime="audio/ogg")
    assert await telegram.download(voice, LIMIT) == b"OggS and so on"


async def test_what_can_be_neither_seen_nor_heard_is_not_fetched(telegram: Telegram, bed: TelegramBed) -> None:
    with pytest.raises(Unreadable) as caught:
        await telegram.download(Attachment(ref="any", name="tune", mime="audio/midi"), LIMIT)
    assert caught.value.code == "photo_not_an_image"
    assert not bed.called("getFile")


async def test_a_file_that_is_gone_is_named(telegram: Telegram) -> None:
    with pytest.raises(Unreadable) as caught:
        await telegram.download(Attachment(ref="unknown", name="photo.jpg"), LIMIT)
    assert caught.value.code == "photo_gone"


@pytest.mark.parametrize("call", ["getFile", "file"])
@pytest.mark.parametrize("fault", [flood(3), BAD_GATEWAY, Fault(500)], ids=["flood", "502", "500"])
async def test_a_hiccup_is_worth_another_try(telegram: Telegram, bed: TelegramBed, call: str, fault: Fault) -> None:
    photo = uploaded(bed)
    bed.fails(call, fault)
    with pytest.raises(Busy) as caught:
        await telegram.download(photo, LIMIT)
    assert caught.value.code.startswith("telegram_")
    assert await telegram.download(photo, LIMIT) == PHOTO


async def test_a_file_that_is_away_for_a_moment_is_asked_for_once_more(telegram: Telegram, bed: TelegramBed) -> None:
    away = Fault(400, description="Bad Request: wrong file_id or the file is temporarily unavailable")
    photo = uploaded(bed)
    bed.fails("getFile", away)
    assert await telegram.download(photo, LIMIT) == PHOTO
    bed.fails("getFile", away, times=2)
    with pytest.raises(Unreadable) as caught:
        await telegram.download(photo, LIMIT)
    assert caught.value.code == "photo_gone"

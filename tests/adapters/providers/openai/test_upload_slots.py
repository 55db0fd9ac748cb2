"""Only so many questions with files are on their way at the same time."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from adapters.providers.openai.request_body import RequestBody, RequestOptions
from adapters.providers.openai.upload_slots import UploadSlots
from bot.errors import Busy
from bot.messages import Conversation, Photo, Prompt

CONVERSATION = Conversation(1, "openai/gpt-4o")


@pytest.fixture
def body(tmp_path: Path) -> RequestBody:
    file = tmp_path / "photo.jpg"
    file.write_bytes(b"a photo")
    return RequestBody(
        Prompt(
            conversation=CONVERSATION,
            text="what is this?",
            photos=(Photo(name="photo", mime="image/jpeg", file=file, size=7, sha256="0", width=1, height=1),),
        ),
        RequestOptions(),
    )


async def is_full(sending: UploadSlots, body: RequestBody) -> bool:
    try:
        async with asyncio.timeout(0.05), sending.acquire(body):
            return False
    except TimeoutError:
        return True


async def test_whoever_comes_later_waits_until_one_is_sent(body: RequestBody) -> None:
    sending = UploadSlots(2)
    async with sending.acquire(body) as first, sending.acquire(body):
        assert await is_full(sending, body)
        sent = b"".join([piece async for piece in first])
        assert sent == b"".join([piece async for piece in body.stream()])
        assert not await is_full(sending, body)  # its answer may take long


async def test_a_question_that_is_given_up_gives_its_place_back(body: RequestBody) -> None:
    sending = UploadSlots(1)
    async with sending.acquire(body) as pieces:
        await anext(aiter(pieces))
        assert await is_full(sending, body)
    assert not await is_full(sending, body)


async def test_a_question_without_files_waits_for_nobody(body: RequestBody) -> None:
    sending = UploadSlots(1)
    words = RequestBody(Prompt(conversation=CONVERSATION, text="and now?"), RequestOptions())
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(sending.acquire(body))
        async with asyncio.timeout(30), sending.acquire(words) as pieces:
            assert b"and now?" in b"".join([piece async for piece in pieces])


async def test_a_photo_that_went_meanwhile_is_asked_for_again_and_keeps_no_place(body: RequestBody) -> None:
    sending = UploadSlots(1)
    body.files[0].file.unlink()
    with pytest.raises(Busy) as caught:
        async with sending.acquire(body):
            raise AssertionError("it was sent")
    assert caught.value.code == "photo_gone"
    body.files[0].file.write_bytes(b"a photo")
    assert not await is_full(sending, body)

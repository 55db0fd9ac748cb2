"""Connections to servers that hang up: behind an answer without saying so, as llama.cpp's does, or instead of one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from adapters.providers.openai.provider import OpenAI
from adapters.providers.openai.services import profile_of
from bot.errors import Busy
from bot.messages import Conversation, Prompt, Text
from bot.util.http import Http
from tests.doubles.quirky import words

PROMPT = Prompt(conversation=Conversation(1, "openai/tiny"), text="what is this?")
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nkeep-alive: timeout=5, max=100\r\n"


@asynccontextmanager
async def hanging_up(answer: bytes) -> AsyncIterator[str]:
    """A server that serves one request on each connection, promises more, and closes it when the next one comes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.partition(b"content-length: ")[2].split()[0]))
        is_last = b"connection: close" in head
        if answer:
            ends = b"connection: close\r\n" if is_last else b""
            writer.write(HEAD + ends + b"content-length: %d\r\n\r\n" % len(answer) + answer)
            await writer.drain()
        if answer and not is_last:
            await reader.read(1)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


async def test_a_question_that_is_lost_in_an_old_connection_is_asked_again_in_a_new_one() -> None:
    async with hanging_up(words("a cat").body) as url, OpenAI(profile_of("openai", url), "", url) as client:
        for _ in range(3):
            pieces = [piece async for piece in client.ask(PROMPT)]
            assert "".join(piece.text for piece in pieces if isinstance(piece, Text)) == "a cat"


async def test_a_server_that_hangs_up_instead_of_answering_may_have_done_what_it_was_asked() -> None:
    async with hanging_up(b"") as url, Http(url, silence=5) as http:
        with pytest.raises(Busy) as busy:
            await http.call("POST", "images/generations", json={})
    assert busy.value.lost_reply

"""The emulator as a program of its own."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT

import aiohttp

from emulator import Emulator

from .conftest import ROOT


async def started(*words: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "emulator", *words, cwd=ROOT, stdout=PIPE, stderr=STDOUT
    )


async def test_it_says_where_it_listens_answers_there_and_ends_when_told_to() -> None:
    process = await started("--port", "0")
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    url = line.partition(" at ")[2].split()[0]
    async with aiohttp.ClientSession() as http, http.get(f"{url}/models?feature=UNIFY_CHAT_WITH_AI") as reply:
        assert (await reply.json())["total"] > 20
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0


async def test_a_port_in_use_is_a_sentence(emulator: Emulator) -> None:
    port = emulator.url.rpartition(":")[2]
    process = await started("--port", port)
    printed, _ = await process.communicate()
    assert process.returncode == 1
    assert printed.decode().startswith(f"Cannot listen on 127.0.0.1:{port}: ")
    assert len(printed.splitlines()) == 1

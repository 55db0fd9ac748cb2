"""The bot as its operator runs it: a process of its own, which can be killed."""

import asyncio
import os
import random
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

import aiohttp

ROOT = Path(__file__).parents[2]


PORTS = range(20_000, 32_000)  # the kernel gives none of these to anybody who asks for any port
dice = random.SystemRandom()  # other workers of the tests choose as well, and none of them may choose the same


def free_port() -> int:
    """A port that nobody uses at the moment, and that nobody gets by chance."""
    while True:
        with suppress(OSError), socket.create_server(("127.0.0.1", port := dice.choice(PORTS))):
            return port


class BotProcess:
    """`python -m bot COMMAND` with everything it keeps below `folder`; `settings` are environment variables."""

    module = "bot"  # that is run

    def __init__(self, folder: Path, command: str = "run", **settings: str) -> None:
        self.folder, self.command = folder, command
        self.url = f"http://127.0.0.1:{free_port()}"
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "BOT_STORE": f"sqlite:///{folder}/bot.db",
            "BOT_DATA": str(folder),
            "BOT_ACCESS": "open",  # but for stories of how people are let in
            "BOT_LOCAL_TEXT": "false",  # it takes seconds; stories about it switch it on
            "BOT_LOG_LEVEL": "warning",
            "WEB_PORT": self.url.rpartition(":")[2],
            **settings,
        }

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *exc: object) -> None:
        if kind is not None:  # pytest shows this below the failure
            print(f"the bot: exit code {self.process.returncode}, and at last it said:\n{self.said()[-4000:]}")
        await self.kill()

    async def start(self) -> None:
        """Start it; it may take a second until it answers."""
        self.log = (self.folder / "log.txt").open("ab")
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self.module, self.command,
            env=self.environment, cwd=self.folder, stdout=self.log, stderr=self.log,
        )  # fmt: skip

    async def ready(self, seconds: float = 60) -> None:
        """Wait until all parts of it work."""
        async with asyncio.timeout(seconds), aiohttp.ClientSession() as http:
            while True:
                with suppress(aiohttp.ClientError):
                    async with http.get(f"{self.url}/readyz") as reply:
                        if reply.status == 200:
                            return
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """End it without a warning, as a power cut would."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Ask it to end, as an operator would; return its exit code."""
        await self._end(signal.SIGTERM)
        return self.process.returncode or 0

    def said(self) -> str:
        """All it printed and logged."""
        return (self.folder / "log.txt").read_text()

    async def _end(self, how: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self.process.send_signal(how)
        await self.process.wait()
        self.log.close()

"""The client against an endpoint that others wrote: LiteLLM's proxy, with models that are made up.

    python -m venv litellm && litellm/bin/pip install 'litellm[proxy]'
    python -m bench.litellm litellm/bin/litellm

No part of `make test`, for LiteLLM brings a hundred libraries along. Some of its models answer by themselves, others
pass on what is asked to our own double of OpenAI, which tells what came of a photo on its way. Ends with 1 when
something did not come out as it should.
"""

import asyncio
import json
import os
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from adapters.providers.openai.provider import OpenAI
from adapters.providers.openai.services import OPENAI
from bench.measure import table
from bot.errors import BotError
from bot.files.photos import PhotoIntake
from bot.messages import Conversation, Photo, Piece, Prompt, Text, Usage
from tests.conftest import CAT
from tests.doubles.openai import FakeOpenAI
from tests.doubles.page import Page
from tests.doubles.process import BotProcess, free_port

KEY = "sk-of-this-proxy"
ANSWER = "It is a cat on a sofa. 猫がいます。🐈 It looks at you."
QUESTION = "what is this?"
PATIENCE = 90.0  # seconds until LiteLLM listens
MOCKED = {
    "mock": ANSWER,
    "limited": "litellm.RateLimitError",
    "broken": "litellm.InternalServerError",
    "long": "litellm.ContextWindowExceededError",
}
PASSED_ON = {"sees": "gpt-4o", "blind": "o3-mini", "misnamed": "gpt-9"}
NOBODY = "http://127.0.0.1:9/v1"

Ask = Callable[[str], Awaitable[str]]


def main() -> int:
    """Print what came of each question; 1 when something is not as it should be."""
    command = shlex.split(sys.argv[1]) if len(sys.argv) == 2 else sys.exit(__doc__)
    rows = asyncio.run(_rows(command))
    print(table("LiteLLM's proxy", rows))
    return int(any(row["as it should be"] == "no" for row in rows))


async def _rows(command: Sequence[str]) -> list[dict[str, object]]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)  # whoever runs LiteLLM reads its settings here
        endpoint = await stack.enter_async_context(FakeOpenAI())
        url = await stack.enter_async_context(proxy(command, folder, endpoint))
        photos = await stack.enter_async_context(PhotoIntake())
        client = await stack.enter_async_context(OpenAI(OPENAI, KEY, url))
        stranger = await stack.enter_async_context(OpenAI(OPENAI, "sk-of-nobody", url))
        trial = Trial(client, await photos.read("cat.jpg", CAT), endpoint)
        rows = [_row(*each) for each in await trial.questions()]
        rows.append(_row("the models", "named", await trial.models()))
        rows.append(_row("a wrong key", "provider_wrong_key", await _key_of(stranger.check())))
        rows.append(_row("a question with a wrong key", "provider_wrong_key", await Trial(stranger).ask("mock")))
        rows += [_row(*each) for each in await _whole_bot(folder, url)]
        return rows


def _row(what: str, wanted: str, came: str) -> dict[str, object]:
    return {"what": what, "wanted": wanted, "came": came, "as it should be": "yes" if came == wanted else "no"}


# LiteLLM


@asynccontextmanager
async def proxy(command: Sequence[str], folder: Path, endpoint: FakeOpenAI) -> AsyncGenerator[str, None]:
    """Run LiteLLM while entered; hands out its address. It gets no environment but a home and a path."""
    config, port = folder / "litellm.json", free_port()
    config.write_text(json.dumps(_config(endpoint), ensure_ascii=False), "utf-8")
    home = folder / "home"
    home.mkdir(mode=0o777)
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    with (folder / "litellm.txt").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, "--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False",
            env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        await _listens(f"{url}/health/liveliness", process, folder / "litellm.txt")
        yield f"{url}/v1"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        await process.wait()


def _config(endpoint: FakeOpenAI) -> Mapping[str, Any]:
    """Its YAML may be JSON."""
    mocked = {name: {"api_key": "none", "mock_response": said} for name, said in MOCKED.items()}
    there = {"api_base": endpoint.url, "api_key": endpoint.key}
    passed_on = {name: {**there, "model": f"openai/{model}"} for name, model in PASSED_ON.items()}
    wrong = {"keyless": {**there, "api_key": "sk-wrong"}, "away": {"api_base": NOBODY, "api_key": "none"}}
    models = {**mocked, **passed_on, **wrong}
    return {
        "model_list": [
            {"model_name": name, "litellm_params": {"model": "openai/gpt-4o", **how}} for name, how in models.items()
        ],
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
        "general_settings": {"master_key": KEY},
    }


async def _listens(url: str, process: asyncio.subprocess.Process, log: Path) -> None:
    begun = time.monotonic()
    async with aiohttp.ClientSession() as http:
        while process.returncode is None and time.monotonic() < begun + PATIENCE:
            with suppress(aiohttp.ClientError):
                async with http.get(url) as reply:
                    if reply.ok:
                        return
            await asyncio.sleep(0.5)
    raise SystemExit(f"LiteLLM does not listen.\n{log.read_text()[-2000:]}")


# the client


@dataclass(frozen=True)
class Trial:
    """Questions to LiteLLM's models, and what becomes of them."""

    client: OpenAI
    photo: Photo | None = None
    endpoint: FakeOpenAI | None = None

    async def questions(self) -> Sequence[tuple[str, str, str]]:
        """What was asked, what should come, and what came: an answer told in a few words, or the key of an error."""
        return [
            ("a text question", "the answer, in pieces, with tokens", await self.ask("mock")),
            ("a text question, passed on", "an answer, in pieces, with tokens", await self.ask("sees")),
            ("a photo", "an answer, in pieces, with tokens, byte for byte", await self.ask("sees", photo=True)),
            ("a photo for a blind model", "model_blind", await self.ask("blind", photo=True)),
            ("too many requests", "provider_rate_limited", await self.ask("limited")),
            ("an error over there", "provider_down", await self.ask("broken")),
            ("too long a question", "provider_context_too_long", await self.ask("long")),
            ("nobody behind it", "provider_down", await self.ask("away")),
            ("a wrong key behind it", "provider_wrong_key", await self.ask("keyless")),
            ("a model that is not there", "provider_unknown_model", await self.ask("nothing")),
            ("a model that is not behind it", "provider_unknown_model", await self.ask("misnamed")),
        ]

    async def ask(self, model: str, *, photo: bool = False) -> str:
        """Ask; with `photo`, bring one along."""
        photos = (self.photo,) if photo and self.photo else ()
        prompt = Prompt(conversation=Conversation(1, f"openai/{model}"), text=QUESTION, photos=photos)
        try:
            pieces = [piece async for piece in self.client.ask(prompt)]
        except BotError as error:
            return error.code
        whole = photos and self.endpoint and self.endpoint.asked[-1].photos == [photos[0].sha256]
        return ", ".join(filter(None, (*_told(pieces), "byte for byte" if whole else "")))

    async def models(self) -> str:
        """Whether the list names all models."""
        listed = {model.id for model in await self.client.models()}
        missing = {*MOCKED, *PASSED_ON, "keyless", "away"} - listed
        return f"missing: {', '.join(sorted(missing))}" if missing else "named"


def _told(pieces: Sequence[Piece]) -> tuple[str, ...]:
    texts = [piece.text for piece in pieces if isinstance(piece, Text)]
    usage = sum((piece for piece in pieces if isinstance(piece, Usage)), Usage())
    answer = "the answer" if "".join(texts) == ANSWER else "an answer" if texts else "nothing"
    return answer, "in pieces" if len(texts) > 1 else "", "with tokens" if usage.output_tokens else ""


async def _key_of(work: Awaitable[None]) -> str:
    try:
        await work
    except BotError as error:
        return error.code
    return "nothing wrong"


# the whole bot


async def _whole_bot(folder: Path, url: str) -> Sequence[tuple[str, str, str]]:
    settings = {"OPENAI_API_URL": url, "OPENAI_API_KEY": KEY}
    return [
        ("make check", "exit 0", await _check(folder / "check", BOT_MODEL="openai/sees", **settings)),
        (
            "make check, a model that is not there",
            "exit 1",
            await _check(folder / "no", BOT_MODEL="openai/no", **settings),
        ),
        ("a photo on the page", "an answer", await _page(folder / "page", BOT_MODEL="openai/sees", **settings)),
    ]


async def _check(folder: Path, **settings: str) -> str:
    folder.mkdir()
    bot = BotProcess(folder, "check", **settings)
    await bot.start()
    return f"exit {await bot.process.wait()}"


async def _page(folder: Path, **settings: str) -> str:
    folder.mkdir()
    async with BotProcess(folder, **settings) as bot, aiohttp.ClientSession() as http:
        await bot.ready()
        page = Page(bot.url, "litellm")
        await page.say(http, QUESTION, "1", **{"cat.jpg": CAT})
        async with asyncio.timeout(30):
            while not (answers := await page.answers(http)):
                await asyncio.sleep(0.1)
    return "an answer" if "I am the double" in answers[0][1] else answers[0][1]


if __name__ == "__main__":
    sys.exit(main())

"""The client against OpenAI-compatible servers that others wrote and that run already: mock servers, or llama.cpp's.

    python -m bench.endpoints NAME=ADDRESS,MODEL[,KEY] ...

No part of `make test`, because none of these servers is. Each is asked for its models, for words, about photos, with a
model that is not there, with a wrong key where it has one, and by `check`. What comes is printed; a traceback, silence
and a reply that nobody understands are faults, and end this with 1. docs/providers.md tells what came of which version.
"""

import asyncio
import sys
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.providers.openai.provider import OpenAI
from adapters.providers.openai.services import profile_of
from bench.measure import table
from bot.errors import BotError, FailureCode
from bot.files.photos import PhotoIntake
from bot.messages import Conversation, Photo, Prompt, Text, Thought, Usage
from tests.conftest import CAT, PHOTOS
from tests.doubles.process import BotProcess

QUESTION = "what is this?"
PATIENCE = 60.0  # seconds for one answer
NOT_UNDERSTOOD = (FailureCode.PROVIDER_NONSENSE, FailureCode.PROVIDER_EMPTY, FailureCode.BUG)
FAULT = "FAULT: "


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that runs."""

    name: str
    url: str
    model: str
    key: str = ""


def main() -> int:
    """Print what came of each question; 1 when something was not understood."""
    servers = [_server(argument) for argument in sys.argv[1:]] or sys.exit(__doc__)
    rows = asyncio.run(_rows(servers))
    print(table("Servers that others wrote", rows))
    return int(any(FAULT in str(value) for row in rows for value in row.values()))


def _server(argument: str) -> Server:
    name, _, rest = argument.partition("=")
    url, model, *key = rest.split(",")
    return Server(name=name, url=url, model=model, key=key[0] if key else "")


async def _rows(servers: list[Server]) -> list[dict[str, object]]:
    columns = {server.name: await _replies(server) for server in servers}
    questions = next(iter(columns.values()))
    return [{"what": what, **{name: replies[what] for name, replies in columns.items()}} for what in questions]


async def _replies(server: Server) -> dict[str, str]:
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(OpenAI(profile_of("openai", server.url), server.key, server.url))
        stranger = await stack.enter_async_context(OpenAI(profile_of("openai", server.url), "sk-wrong", server.url))
        intake = await stack.enter_async_context(PhotoIntake())
        webp = (PHOTOS / "astronaut.webp").read_bytes()
        photos = (await intake.read("cat.jpg", CAT), await intake.read("a.webp", webp))
        folder = Path(stack.enter_context(TemporaryDirectory()))
        return {
            "the models": await _said(_models(client)),
            "words": await _said(_ask(client, server.model)),
            "a photo": await _said(_ask(client, server.model, photos[:1])),
            "two photos, one of them WebP": await _said(_ask(client, server.model, photos)),
            "a question of 60,000 characters": await _said(_ask(client, server.model, text="word " * 12_000)),
            "twelve photos": await _said(_ask(client, server.model, photos[:1] * 12)),
            "a model that is not there": await _said(_ask(client, "nothing-of-the-kind")),
            "a wrong key": await _said(_ask(stranger, server.model)),
            "the check of the client": await _said(_check(client)),
            "`make check`": await _whole_check(folder, server),
        }


async def _said(work: Awaitable[str]) -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            return await work
    except TimeoutError:
        return f"no end within {PATIENCE:.0f} s"
    except BotError as error:
        return f"{FAULT if error.code in NOT_UNDERSTOOD else ''}{error.code}"
    except Exception as error:
        return f"{FAULT}{type(error).__name__}"


async def _models(client: OpenAI) -> str:
    models = await client.models()
    return f"{len(models)}, of which {sum(model.sees for model in models)} see"


async def _check(client: OpenAI) -> str:
    await client.check()
    return "nothing wrong"


async def _ask(client: OpenAI, model: str, photos: tuple[Photo, ...] = (), text: str = QUESTION) -> str:
    prompt = Prompt(conversation=Conversation(1, f"openai/{model}"), text=text, photos=photos)
    pieces = [piece async for piece in client.ask(prompt)]
    usage = sum((piece for piece in pieces if isinstance(piece, Usage)), Usage())
    texts = [piece.text for piece in pieces if isinstance(piece, Text)]
    thoughts = any(isinstance(piece, Thought) for piece in pieces)
    told: list[tuple[object, str]] = [
        (texts, f"{len(''.join(texts))} characters in {len(texts)} pieces"),
        (thoughts, "thoughts"),
        (usage.output_tokens, "tokens"),
    ]
    return ", ".join(words for there, words in told if there) or f"{FAULT}nothing"


async def _whole_check(folder: Path, server: Server) -> str:
    settings = {"OPENAI_API_URL": server.url, "OPENAI_API_KEY": server.key, "BOT_MODEL": f"openai/{server.model}"}
    bot = BotProcess(folder, "check", **{name: value for name, value in settings.items() if value})
    await bot.start()
    return f"exit {await bot.process.wait()}"


if __name__ == "__main__":
    sys.exit(main())

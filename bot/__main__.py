"""The command line: run, try, check, sandbox."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any

import structlog

from bot import logs
from bot.app import running
from bot.settings import Settings, SettingsError
from bot.store.sqlite import AlreadyRunning

log = structlog.get_logger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return its exit code."""
    options = _parser().parse_args(arguments)
    work: Coroutine[Any, Any, int] = options.command(options)
    try:
        return asyncio.run(work)
    except SettingsError as error:
        print(f"These settings are wrong:\n{error}\nSee .env.example for what each of them means.", file=sys.stderr)
    except (AlreadyRunning, OSError) as error:
        print(f"Cannot start: {error}.", file=sys.stderr)
    return 1


async def run(options: argparse.Namespace) -> int:
    """Run every platform that is switched on, until SIGINT or SIGTERM."""
    return await _until_stopped(_settings(), greeting="Snapthread is running. The page: {url}")


async def try_(options: argparse.Namespace) -> int:
    """Run the page alone, with the sandbox where no provider has a key."""
    settings = _settings(discord_token=None, telegram_token=None)
    if not _provider_keys(settings):
        settings = _settings(discord_token=None, telegram_token=None, bot_sandbox=True, bot_model="sandbox/gpt-4o")
    return await _until_stopped(settings, greeting="Open {url} and drop a photo there. Ctrl-C ends it.")


async def check(options: argparse.Namespace) -> int:
    """Say what is configured, what is wrong and how to mend it."""
    from bot.check import report

    faults = await report(_settings(), print)
    return 1 if faults else 0


async def sandbox(options: argparse.Namespace) -> int:
    """Run the 1min.ai emulator alone."""
    from adapters.providers.sandbox import Sandbox

    async with Sandbox(host=options.host, port=options.port) as emulator:
        print(f"A sandbox of 1min.ai's API is at {emulator.url} (any API-KEY). Ctrl-C ends it.", flush=True)
        await _signalled()
    return 0


def _settings(**overrides: object) -> Settings:
    settings = Settings.read(**overrides)
    logs.set_up(settings.bot_log, settings.bot_log_level, settings.secrets())
    return settings


def _provider_keys(settings: Settings) -> bool:
    return any((settings.onemin_api_key, settings.vapi_api_key, settings.aimlapi_api_key, settings.openai_on))


async def _until_stopped(settings: Settings, greeting: str) -> int:
    async with running(settings) as bot:
        print(greeting.format(url=bot.url), flush=True)
        stopped, ended = asyncio.create_task(_signalled()), asyncio.create_task(bot.ended())
        await asyncio.wait([stopped, ended], return_when=asyncio.FIRST_COMPLETED)
        return 0 if stopped.done() else 1


async def _signalled() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bot", description="Talk about your photos in Discord and Telegram."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command in {"run": run, "try": try_, "check": check, "sandbox": sandbox}.items():
        sub = commands.add_parser(name, help=(command.__doc__ or "").partition("\n")[0])
        sub.set_defaults(command=command)
        if command is sandbox:
            sub.add_argument("--host", default="127.0.0.1", help="address to listen on")
            sub.add_argument("--port", type=int, default=8081, help="port to listen on; 0 takes any free one")
    return parser


if __name__ == "__main__":
    sys.exit(main())

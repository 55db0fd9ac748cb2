"""The command line: run, try, setup, check; backup, restore, move and turns for the store."""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from adapters.platforms import PLATFORMS
from adapters.providers import PROVIDERS
from bot import __version__
from bot.app import operator_consoles, running
from bot.configuration import Platforms, Providers, read_settings, read_usable_settings
from bot.operations import logs
from bot.operations.file_rights import write_for_owner_only
from bot.operations.watchdog import watching
from bot.ports import Provider, Store
from bot.settings import Settings, SettingsError
from bot.store import backup as copies
from bot.store import visit_store
from bot.store.backup import NotDone
from bot.store.sqlite import AlreadyRunning
from bot.util.tasks import running_task
from bot.web.server import PortTaken, TrialRun, WebServer

if TYPE_CHECKING:  # `run` starts faster without it
    from bot.operations.set_up.key_page import KeyPage

log = structlog.get_logger(__name__)

LookOver = Callable[[Settings, Mapping[str, Provider]], Coroutine[Any, Any, None]]
"""Looks over a bot that has just started."""

MOST_LISTED = 1000  # turns that were put aside
NONE_ASIDE = "No turn is put aside."


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return its exit code."""
    write_for_owner_only()
    options = _parser().parse_args(arguments)
    try:
        done = options.command(options)  # commands that only wait for the disk or a person run synchronously
        return done if isinstance(done, int) else asyncio.run(done)
    except SettingsError as error:
        print(f"These settings are wrong:\n{error}\nSee .env.example for what each of them means.", file=sys.stderr)
    except PortTaken as error:
        again = f"WEB_PORT={error.port + 10} {_as_called(options.name)}"
        print(f"Cannot {options.task}: {error}. Choose another one: {again}", file=sys.stderr)
    except (AlreadyRunning, NotDone, OSError) as error:
        print(f"Cannot {options.task}: {error}.", file=sys.stderr)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130  # by the convention of shells
    return 1


async def run(options: argparse.Namespace) -> int:
    """Run every enabled platform, until SIGINT or SIGTERM."""
    from bot.operations.check import log_findings

    settings = _settings()
    if _is_untouched(settings):
        await _set_up_by_page(settings)
        settings = _settings()
    greeting = f"Snapthread is running. {_address_of_page(settings)}"
    return await _until_stopped(settings, greeting=greeting, look_over=log_findings) or 0


async def try_(options: argparse.Namespace) -> int:
    """Run the page alone, with what answers on this machine where no provider has a key."""
    from bot.operations.set_up import ENV_FILE
    from bot.operations.set_up.key_page import KeyPage

    pasted: Mapping[str, object] = {}
    while True:
        key_page = KeyPage(ENV_FILE)
        code = await _try(key_page, pasted)
        if code is not None:
            return code
        pasted = {name.lower(): value for name, value in key_page.values.items()}


async def _try(key_page: "KeyPage", pasted: Mapping[str, object]) -> int | None:
    """Run the page until it is stopped, or until a key was pasted: then return None."""
    from bot.operations.set_up.key_page import ADDRESS
    from bot.operations.set_up.services_here import find_service_here

    settings, found = _settings(**pasted), None
    providers: Providers = PROVIDERS
    if not _has_provider(settings):
        settings = _settings(**_keyless_trial())
        found = await find_service_here()
    if found:
        providers = found.providers
        settings = _settings(providers, **{**_keyless_trial(), "bot_model": found.model})
        print(f"{found.title} runs on this machine and answers, with {found.model}.", flush=True)

    def add_to(server: WebServer) -> None:
        server.trial = TrialRun(key_page=ADDRESS, found=found.title if found else "")
        key_page.add_routes(server)

    consoles = {name: PLATFORMS[name] for name in operator_consoles(PLATFORMS)}
    greeting = "Open {url} and drop a photo there. Ctrl-C ends it."
    return await _until_stopped(
        settings,
        greeting=greeting,
        platforms=consoles,
        providers=providers,
        add_to=add_to,
        ends_with=key_page.is_chosen,
    )


def setup(options: argparse.Namespace) -> int | Coroutine[Any, Any, int]:
    """Ask for tokens and keys in this terminal, test each, write .env, and start the bot."""
    from bot.operations.set_up import ENV_FILE
    from bot.operations.set_up.terminal import TerminalSetUp

    if not sys.stdin.isatty():
        msg = "there is no terminal to ask in. Write .env by hand, from .env.example"
        raise NotDone(msg)
    settings, _ = read_usable_settings()
    _set_up_logs(settings, "critical")  # the findings say it in words
    try:
        if not TerminalSetUp(ask=input, ask_secret=getpass, write=print).run(ENV_FILE):
            return 0
        starts = input("Start it now? [Y/n] ").strip().lower() in ("", "y", "yes")
    except EOFError:
        msg = "the terminal was closed in the middle of it"
        raise NotDone(msg) from None
    return run(options) if starts else 0


async def check(options: argparse.Namespace) -> int:
    """Report the configuration, its problems and their fixes."""
    from bot.operations.check import report

    settings, faults = read_usable_settings()
    # The findings say it in words; of log lines about the same, only those remain that somebody asked for.
    _set_up_logs(settings, "critical" if settings.bot_log_level != "debug" else "debug")
    return 1 if await report(settings, print, faults=faults) else 0


def sandbox(options: argparse.Namespace) -> int:
    """Point to the new place of the 1min.ai emulator."""
    print("`python -m bot sandbox` is now `python -m emulator`, with the same --host and --port.", file=sys.stderr)
    return 2


def backup(options: argparse.Namespace) -> int:
    """Copy the SQLite store into a file, while the bot is running."""
    store = copies.store_file(_settings().bot_store)
    copy = copies.backup(store, options.file, force=options.force)
    print(f"{store} is copied to {options.file}: {copy.turns:,} turns, {_size(copy)}, {copy.seconds:.1f} seconds.")
    return 0


def restore(options: argparse.Namespace) -> int:
    """Restore the store from such a file, while the bot is stopped."""
    store = copies.store_file(_settings().bot_store)
    copy = copies.restore(store, options.file)
    print(f"{store} is now what {options.file} is: {copy.turns:,} turns, {_size(copy)}, {copy.seconds:.1f} seconds.")
    if copy.count_waiting:
        print(f"{copy.count_waiting:,} of them were waiting for an answer then, and are answered when the bot starts.")
    if copy.kept:
        print(f"What was there before is kept as {copy.kept}.")
    return 0


async def move(options: argparse.Namespace) -> int:
    """Move everything from SQLite to PostgreSQL, while the bot is stopped."""
    settings = _settings()
    store = copies.store_file(settings.bot_store)
    try:
        from bot.store import move as moving
    except ImportError:
        msg = "PostgreSQL needs packages that are not installed: pip install '.[postgres]'"
        raise NotDone(msg) from None
    url = _address(options)
    moved = await moving.move(store, url, settings.bot_model, lambda line: print(line, flush=True))
    print(f"{sum(moved.rows.values()):,} rows were moved in {moved.seconds:.1f} seconds. {store} stays as it is.")
    if moved.replaced:
        print(
            f"{moved.replaced:,} texts had signs that PostgreSQL cannot keep (NUL); there is a \ufffd in their place."
        )
    print(f"Now put this into .env, and start the bot:\nBOT_STORE={moving.without_password(url)}")
    return 0


async def turns(options: argparse.Namespace) -> int:
    """List the turns that were put aside because they brought the bot down, or release one; the bot may be running."""
    settings = _settings()
    async with visit_store(settings.bot_store, settings.bot_model) as store:
        if options.release is not None:
            return await _release(store, options.release)
        for turn in await store.reporting.list_put_aside(MOST_LISTED):
            since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(turn.at))
            print(f"{turn.turn}  {turn.platform}  put aside {since}  stalls: {turn.stalls}  crashes: {turn.crashes}")
        total = await store.reporting.count_put_aside()
    print(f"{total:,} put aside. To have one answered: python -m bot turns --release NUMBER" if total else NONE_ASIDE)
    return 0


async def _release(store: Store, turn: int) -> int:
    if not await store.queue.release_put_aside(turn):
        msg = f"turn {turn} is not put aside"
        raise NotDone(msg)
    print(f"Turn {turn} is back on the queue. A running bot takes it up within seconds.")
    return 0


def _size(copy: copies.Copy) -> str:
    return f"{copy.size / 1_000_000:,.1f} MB"


def _address(options: argparse.Namespace) -> str:
    """Read the target of the move from the environment: a password on the command line is visible to everybody."""
    if options.env:
        return os.environ.get(options.env, "").strip()  # noqa: TID251 (one of any name)
    if options.target != "-":
        return str(options.target)
    return (getpass("Move to (postgresql://...): ") if sys.stdin.isatty() else sys.stdin.readline()).strip()


def _settings(providers: Providers = PROVIDERS, /, **overrides: object) -> Settings:
    settings = read_settings(PLATFORMS, providers, **overrides)
    _set_up_logs(settings, settings.bot_log_level)
    return settings


def _is_untouched(settings: Settings) -> bool:
    """Tell whether the set-up page shall come first: nothing is configured, and only this machine could open it."""
    from bot.operations.set_up import can_serve, is_untouched

    return can_serve(settings) and is_untouched(settings)


async def _set_up_by_page(settings: Settings) -> None:
    """Serve the set-up page until it has written .env."""
    from bot.operations.set_up import ENV_FILE
    from bot.operations.set_up.set_up_page import SetUpPage

    _set_up_logs(settings, "critical")  # the page says it in words
    server = WebServer(settings.web_host, settings.web_port)
    page = SetUpPage(server, ENV_FILE)
    async with server:
        print(f"Nothing is set up yet. Open this once, in a browser on this machine:\n{page.url}", flush=True)
        print(f"Or stop it with Ctrl-C, and answer in the terminal: {_as_called('setup')}", flush=True)
        await page.wait_until_written()
    print(f"{ENV_FILE} is written. Starting.", flush=True)


def _set_up_logs(settings: Settings, level: str) -> None:
    logs.set_up(
        settings.bot_log,
        level,
        settings.secrets(),
        quiet=[name for part in settings.adapters for name in part.quiet_loggers],
        exposed=[name for part in settings.adapters for name in part.exposed_loggers],
    )


def _address_of_page(settings: Settings) -> str:
    if settings.webhook_only:
        public = " and ".join(f"The webhook of {title}" for title in settings.webhooks)
        return public + " is at {url}; WEB_TOKEN opens the page and the dashboard as well."
    is_served = any(settings.listens(console) for console in operator_consoles(PLATFORMS))
    return "The page: {url}" if is_served else "The dashboard: {url}/dashboard"


def _has_provider(settings: Settings) -> bool:
    """Tell whether a provider is enabled that needs more settings than those of a trial without a key."""
    return any(plugin.is_on(settings) for plugin in PROVIDERS.values() if not plugin.settings_class.keyless_trial)


def _keyless_trial() -> Mapping[str, object]:
    """Return the settings by which the first provider that can answers without a key."""
    return next((trial for plugin in PROVIDERS.values() if (trial := plugin.settings_class.keyless_trial)), {})


async def _no_look(settings: Settings, providers: Mapping[str, Provider]) -> None:
    """Look over nothing: a trial needs no settings."""


async def _until_stopped(
    settings: Settings,
    *,
    greeting: str,
    platforms: Platforms = PLATFORMS,
    providers: Providers = PROVIDERS,
    look_over: LookOver = _no_look,
    add_to: Callable[[WebServer], None] = lambda server: None,
    ends_with: asyncio.Event | None = None,
) -> int | None:
    """Run the bot; return its exit code, or None if `ends_with` was set before."""
    with watching(Path(settings.bot_data)) as watchdog:
        async with running(settings, watchdog, platforms=platforms, providers=providers, add_to=add_to) as bot:
            print(greeting.format(url=bot.url), flush=True)
            if bot.claim:
                print(f"Nobody runs this bot yet. Send it this in private, and you do: /claim {bot.claim}", flush=True)
            async with (
                running_task(look_over(settings, bot.providers)),
                running_task(_signalled()) as stopped,
                running_task((ends_with or asyncio.Event()).wait()) as other_end,
                running_task(bot.wait_until_ended()) as ended,
            ):
                await asyncio.wait([stopped, other_end, ended], return_when=asyncio.FIRST_COMPLETED)
                was_stopped, goes_on = stopped.done(), other_end.done()
            watchdog.stop()  # anything slow from now on is up to the caller
            return 0 if was_stopped else None if goes_on else 1


async def _signalled() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=_program(), description="Talk about your photos in Discord and Telegram.")
    parser.add_argument("--version", action="version", version=f"Snapthread {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command in {"run": run, "try": try_, "setup": setup, "check": check}.items():
        _command(commands, name, command, "start")
    moved = commands.add_parser("sandbox", add_help=False, prefix_chars="\0")  # accepts the same arguments as before
    moved.add_argument("rest", nargs="*")
    moved.set_defaults(command=sandbox)
    sub = _command(commands, "backup", backup, "back up")
    sub.add_argument("file", type=Path, metavar="FILE", help="the file to write")
    sub.add_argument("--force", action="store_true", help="write over a file that is there")
    sub = _command(commands, "restore", restore, "restore")
    sub.add_argument("file", type=Path, metavar="FILE", help="a file that backup wrote")
    sub = _command(commands, "move", move, "move")
    target = sub.add_mutually_exclusive_group(required=True)
    target.add_argument("target", nargs="?", metavar="TARGET", help="postgresql://..., or - to be asked for it")
    target.add_argument("--env", metavar="VARIABLE", help="the variable of the environment that holds it")
    sub = _command(commands, "turns", turns, "show turns")
    sub.add_argument("--release", type=int, metavar="NUMBER", help="put this one back on the queue")
    return parser


def _command(commands: Any, name: str, command: Callable[..., Any], task: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=(command.__doc__ or "").partition("\n")[0])
    parser.set_defaults(command=command, name=name, task=task)
    return parser


def _program() -> str:
    """Return the program as it was called."""
    name = Path(sys.argv[0]).name
    return f"{Path(sys.orig_argv[0]).name} -m bot" if name == "__main__.py" else name


def _as_called(command: str) -> str:
    """Return a command as somebody would call it again."""
    by_make = "MAKELEVEL" in os.environ  # noqa: TID251 (make sets it)
    return f"make {command}" if by_make else f"{_program()} {command}"


if __name__ == "__main__":
    sys.exit(main())

"""The way of one photo: through how many files a turn passes, and how often one file calls another one.

The bot runs in this process, on Telegram's double and on the emulator of 1min.ai; a first turn warms everything up, and
the second one is traced, from the update to the last edit. `python -m bench.walk` prints the figures, and with
`--files` every file in the order in which the photo comes to it.
"""

import argparse
import asyncio
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from bench.measure import log_errors_only

ROOT = Path(__file__).parents[1]
PRODUCT = tuple(f"{ROOT / package}/" for package in ("bot", "adapters"))
PHOTO = ROOT / "tests" / "files" / "photos" / "cat.jpg"
CHAT = 42
DEADLINE = 60.0  # seconds for a turn


@dataclass
class Walk:
    """The calls between files of the product while `is_on`; in the order in which each file was reached first."""

    is_on: bool = False
    files: dict[str, None] = field(default_factory=dict)
    hand_overs: set[tuple[str, str]] = field(default_factory=set)

    def note(self, frame: FrameType, event: str, argument: Any) -> None:
        """Take a call down, as `sys.setprofile` reports it."""
        if not self.is_on or event != "call" or not frame.f_code.co_filename.startswith(PRODUCT):
            return
        callee = frame.f_code.co_filename
        self.files.setdefault(callee)
        caller = next(_product_files_above(frame), None)
        if caller is not None and caller != callee:
            self.hand_overs.add((caller, callee))


def _product_files_above(frame: FrameType) -> Iterator[str]:
    above = frame.f_back
    while above is not None:
        if above.f_code.co_filename.startswith(PRODUCT):
            yield above.f_code.co_filename
        above = above.f_back


async def walk() -> Walk:
    """Trace one turn."""
    from bot.app import running
    from bot.configuration import read_settings
    from emulator import Emulator
    from tests.doubles.telegram import TOKEN, TelegramBed

    traced, photo = Walk(), PHOTO.read_bytes()
    threading.setprofile(traced.note)
    sys.setprofile(traced.note)
    try:
        async with TelegramBed(TOKEN) as telegram, Emulator() as emulator:
            with tempfile.TemporaryDirectory() as folder:
                settings = read_settings(
                    _env_file=None,
                    telegram_token=TOKEN,
                    telegram_api_url=telegram.url,
                    onemin_api_key="key",
                    onemin_api_url=emulator.url,
                    bot_access="open",
                    bot_listen="telegram",
                    bot_store=f"sqlite:///{folder}/bot.db",
                    bot_data=folder,
                    web_port=0,
                )
                async with running(settings) as bot:
                    await _turn(telegram, bot, photo)
                    traced.is_on = True
                    await _turn(telegram, bot, photo)
                    traced.is_on = False
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return traced


async def _turn(telegram: Any, bot: Any, photo: bytes) -> None:
    """Send a photo with a question, and wait until the turn is finished."""
    before = len(telegram.reads(CHAT))
    await telegram.sends_photo(photo, "What is this?", CHAT, by=CHAT)
    async with asyncio.timeout(DEADLINE):
        while len(telegram.reads(CHAT)) <= before or await bot.store.queue.count_waiting():
            await asyncio.sleep(0.05)


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.walk", description=__doc__)
    parser.add_argument("--files", action="store_true", help="print every file as well")
    options = parser.parse_args()
    log_errors_only()
    traced = asyncio.run(walk())
    if options.files:
        print(*(str(Path(name).relative_to(ROOT)) for name in traced.files), sep="\n")
    print(f"{len(traced.files)} files, {len(traced.hand_overs)} hand-overs from file to file")
    return 0


if __name__ == "__main__":
    sys.exit(main())

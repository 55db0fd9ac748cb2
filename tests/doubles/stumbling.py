"""The bot, with words over which it stumbles: `python -m tests.doubles.stumbling run`.

A question that holds one of them stops the event loop, or ends the process, as a fault in a library would. The watchdog
is less patient than usual.
"""

import itertools
import os
import re
import signal
import sys
import time
from collections.abc import Callable

from bot.__main__ import main
from bot.asking.asker import Asker
from bot.asking.question import Question
from bot.operations import watchdog

HOLD = r"(a+)+$"  # with what follows, it is tried for ages, and no other thread runs meanwhile
STUMBLES: dict[str, Callable[[], object]] = {
    "loop-waits": lambda: time.sleep(3600),
    "loop-spins": lambda: all(True for _ in itertools.count()),
    "loop-matches": lambda: re.match(HOLD, "a" * 64 + "b"),
    "process-dies": lambda: os.kill(os.getpid(), signal.SIGKILL),
}

ask = Asker._ask  # in a task of its own, as most of a turn's work is


async def stumble(self: Asker, asked: Question) -> None:
    for word, happens in STUMBLES.items():
        if word in asked.turn.message.text:
            happens()
    await ask(self, asked)


if __name__ == "__main__":
    Asker._ask = stumble  # type: ignore[method-assign]
    watchdog.LIMIT = 4.0
    sys.exit(main())

"""The bot with a clock that is `LATER` seconds ahead: `python -m tests.doubles.later run`."""

import os
import sys
import time
from collections.abc import Callable

from bot.__main__ import main

clock: Callable[[], float] = time.time
AHEAD = float(os.environ["LATER"])


def later() -> float:
    return clock() + AHEAD


if __name__ == "__main__":
    time.time = later
    sys.exit(main())

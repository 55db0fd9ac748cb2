"""What the figures were measured on: a figure without its machine says little."""

import os
import platform
import re
import sqlite3
import tempfile
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from bench import database
from bench.measure import percentile

FLUSHES = 200
LIBRARIES = ("aiohttp", "discord.py", "python-telegram-bot", "httpx", "psycopg")


def describe() -> Mapping[str, str]:
    """The machine and what runs on it, by what people call it."""
    return {
        "processor": f"{os.cpu_count()} cores, {_processor()}, {_memory_gb():.0f} GB of memory",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "databases": f"SQLite {sqlite3.sqlite_version}, PostgreSQL {database.version()}",
        "libraries": ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
        "a flush to disk": flushes(),
    }


def load() -> float:
    """How many programs wanted a core during the last minute."""
    return os.getloadavg()[0]


def flushes() -> str:
    """What it takes to put 4 kB on the disk for good, where temporary files lie."""
    took = []
    with tempfile.TemporaryFile() as file:
        for _ in range(FLUSHES):
            file.write(b"x" * 4096)
            file.flush()
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - begun)
    return f"p50 {percentile(took, 0.5) * 1000:.2f} ms, p99 {percentile(took, 0.99) * 1000:.2f} ms"


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9

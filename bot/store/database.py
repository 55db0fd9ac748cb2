"""The database beneath the store's ports. Differences of SQLite and PostgreSQL stand in their own modules."""

import asyncio
import math
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, Protocol, Self, TypeVar
from uuid import uuid4

from bot.errors import LeaseLost
from bot.messages import RateLimit

Row = dict[str, Any]
Result = TypeVar("Result")


class Execute(Protocol):
    """Runs one statement with `:named` values inside the transaction at hand, and returns its rows."""

    async def __call__(self, sql: str, /, **values: object) -> list[Row]: ...


Unit = Callable[[Execute], Awaitable[Result]]
"""Statements that happen together or not at all. May be run again from the start, so it keeps no state of its own."""


class Database(ABC):
    """Reads and writes, and the few words that the databases spell differently."""

    lock = ""  # the clause that lets processes claim side by side
    hold = ""  # the clause that keeps others from changing these rows until the transaction ends
    keep = ""  # the clause that keeps others from deleting these rows until the transaction ends
    share = 1_000_000  # turns of one claim
    identity = ""  # how a table numbers its rows
    next_turn = ""  # the number of the next turn, which no turn ever had
    each_id = ""  # the query that makes rows of the JSON list :ids

    def __init__(self, first_model: str) -> None:
        self.first_model = first_model
        self.me = uuid4().hex  # a process that starts again is somebody else
        self.stopped: Callable[[int], object] = lambda conversation: None
        self.awake = asyncio.Event()
        self.telling_since = math.inf  # since when this process has told of itself without a gap
        self.told = -math.inf  # when it did so last

    @abstractmethod
    async def read(self, sql: str, **values: object) -> list[Row]:
        """Run a query on what has been committed."""

    async def read_apart(self, sql: str, **values: object) -> list[Row]:
        """Run a query that may take long, where nobody else waits for it."""
        return await self.read(sql, **values)

    @abstractmethod
    async def write(self, unit: Unit[Result], *, single: bool = False) -> Result:
        """Run the unit in a transaction; it is durable once this returns, even if the caller is cancelled meanwhile.

        `single` says that it is one statement, which needs no transaction around it.
        """

    async def lock_line(self, execute: Execute, conversation: int) -> None:  # noqa: B027  (one writer needs no lock)
        """Keep others from changing the conversation's line until the transaction ends."""

    async def lock_subjects(self, execute: Execute, subjects: Iterable[str]) -> None:  # noqa: B027  (as above)
        """Let no other transaction reserve anything for these people and places until this one ends."""

    async def announce(self, execute: Execute) -> None:  # noqa: B027  (one process has nobody to tell)
        """Tell other processes, on commit, that there is something to claim."""

    async def tell_stop(self, execute: Execute, conversation: int) -> None:  # noqa: B027  (one process tells itself)
        """Tell other processes, on commit, that somebody wants the conversation's answer to end."""

    @abstractmethod
    async def run_exclusively(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do the work while no other process does what has this name."""

    @abstractmethod
    async def acquire(self, gate: RateLimit, patience: float) -> float:
        """Book a pass through the gate, and return how many seconds from now it is good."""

    async def keep_numbers(self, execute: Execute) -> None:  # noqa: B027  (a sequence never goes back)
        """See to it that no turn to come gets the number of one that is about to be deleted."""

    @abstractmethod
    async def __aenter__(self) -> Self: ...

    @abstractmethod
    async def __aexit__(self, *exc: object) -> None: ...

    def wake(self) -> None:
        """End this process's `wait`."""
        self.awake.set()

    async def run(self, sql: str, **values: object) -> list[Row]:
        """Run one statement in a transaction of its own."""
        return await self.write(lambda execute: execute(sql, **values), single=True)

    async def run_held(self, sql: str, **values: object) -> None:
        """Run a statement of a turn we hold. LeaseLost when it touched nothing: somebody else holds it now."""
        if not await self.run(sql, me=self.me, **values):
            raise LeaseLost

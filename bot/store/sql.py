"""The memory in portable SQL, put together. What the databases do differently stands in their own files."""

from typing import Self

from bot.store.answers import AnswerTable
from bot.store.assets import AssetTable
from bot.store.database import Execute
from bot.store.deletion import DeletionTable
from bot.store.file_records import FileTable
from bot.store.generated_files import GeneratedFileTable
from bot.store.migrate import migrate
from bot.store.people import PeopleTable
from bot.store.posts import PostTable
from bot.store.processes import ProcessTable
from bot.store.reporting import ReportingTable
from bot.store.turn_intake import TurnIntakeTable
from bot.store.turn_queue import TurnQueueTable
from bot.store.web_sessions import WebSessions


class SqlStore(
    TurnIntakeTable,
    TurnQueueTable,
    PostTable,
    FileTable,
    GeneratedFileTable,
    AnswerTable,
    DeletionTable,
    PeopleTable,
    AssetTable,
    ProcessTable,
    ReportingTable,
    WebSessions,
):
    """Everything the store remembers, in statements both databases understand."""

    async def _migrate(self, execute: Execute) -> None:
        await migrate(execute, self.identity)

    # The ports, each of which is still the whole.

    @property
    def intake(self) -> Self:
        return self

    @property
    def queue(self) -> Self:
        return self

    @property
    def posts(self) -> Self:
        return self

    @property
    def turns(self) -> Self:
        return self

    @property
    def conversations(self) -> Self:
        return self

    @property
    def channels(self) -> Self:
        return self

    @property
    def files(self) -> Self:
        return self

    @property
    def people(self) -> Self:
        return self

    @property
    def sessions(self) -> Self:
        return self

    @property
    def ledger(self) -> Self:
        return self

    @property
    def blobs(self) -> Self:
        return self

    @property
    def deletion(self) -> Self:
        return self

    @property
    def coordination(self) -> Self:
        return self

    @property
    def reporting(self) -> Self:
        return self

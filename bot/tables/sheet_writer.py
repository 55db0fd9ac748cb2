"""The spreadsheet of a table, written by a worker process."""

import structlog

from bot.errors import Unreadable
from bot.files.isolation.client import WorkerFailed, run
from bot.tables.photo_table import PhotoTable
from bot.tables.table_files import sheet_data

log = structlog.get_logger(__name__)


async def write_xlsx(table: PhotoTable, owner: str = "") -> bytes | None:
    """Return the table as an XLSX file; None where it could not be written."""
    try:
        _, data = await run("write_sheet", sheet_data(table), owner=owner)
    except (Unreadable, WorkerFailed) as error:
        log.warning("a spreadsheet was not written", reason=str(error))
        return None
    return data

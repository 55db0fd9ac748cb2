"""Read PDF and DOCX in a process of its own, with limits.

A parser of what strangers send may take for ever, or all memory there is; and both are written in Python, so that they
would stop the event loop again and again.
"""

import asyncio
import json
import sys
from pathlib import Path

from bot.documents import program
from bot.documents.reading import MOST_TEXT, Reading

PATIENCE = 30.0  # seconds that reading a document may take, by the clock


async def read_apart(file: Path, kind: str) -> Reading | str:
    """Read a `pdf` or `docx`; or else a word for why it cannot be read. FileNotFoundError: the file is gone."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", program.__file__, str(file), kind, str(MOST_TEXT)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            out, _ = await process.communicate()
    except TimeoutError:
        return program.SLOW
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:  # it ran into a limit, or its parser broke it
        return program.SLOW if process.returncode == -program.TOO_LONG else program.BROKEN
    said = json.loads(out)
    if said == program.GONE:
        raise FileNotFoundError(file)
    return said if isinstance(said, str) else Reading(tuple(said[0]), said[1], said[2])

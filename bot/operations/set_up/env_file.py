"""The file `.env`: written whole or not at all, for its owner only, and never over another one unasked."""

import io
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import mkstemp

from dotenv import dotenv_values

from bot.settings import SettingsError

HEAD = "# Written by the set-up of Snapthread. Every variable has its sentence in .env.example.\n"
PLAIN = re.compile(r"[A-Za-z0-9_.:/,+=@%-]*")  # needs no quotation marks anywhere
_LINE = re.compile(r"\A\s*+(?:export\s++)?+([A-Za-z_]\w*+)\s*+=")


def write_env(path: Path, values: Mapping[str, str], *, replace: bool = False) -> None:
    """Write the variables. FileExistsError if there is such a file, unless `replace`, which keeps its other lines."""
    former = path.read_text("utf-8") if replace and path.exists() else HEAD
    text = compose(former, values)
    handle, name = mkstemp(dir=path.absolute().parent, prefix=".env-")  # readable by its owner only
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            temporary.replace(path)
        else:
            os.link(temporary, path)  # unlike a rename, it fails where a file is
    finally:
        temporary.unlink(missing_ok=True)


def compose(former: str, values: Mapping[str, str]) -> str:
    """Return the text of the file with these variables, in place of their former lines."""
    lines = [line for line in former.splitlines() if _name_in(line) not in values]
    text = "\n".join([*lines, *_assignments(values)]) + "\n"
    read_back = dotenv_values(stream=io.StringIO(text))
    wrong = [name for name, value in values.items() if (read_back.get(name) or "") != value]
    if wrong:
        msg = f"{' and '.join(wrong)}: it holds characters that cannot stand in a file like .env"
        raise SettingsError(msg)
    return text


def _name_in(line: str) -> str:
    found = _LINE.match(line)
    return found[1].upper() if found else ""


def _assignments(values: Mapping[str, str]) -> Iterator[str]:
    for name, value in values.items():
        if value:
            yield f"{name}={value}" if PLAIN.fullmatch(value) else f"{name}='{value}'"

"""Text extraction from e-mails, notebooks and RTF."""

import json
import re
from collections.abc import Callable, Iterator
from email import message_from_binary_file, policy
from email.message import EmailMessage
from typing import Any, BinaryIO

from bot.files.decoders.extract import Extract, in_one, reader
from bot.files.decoders.html_text import html_lines
from bot.files.decoders.plain_text import decode

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_ASIDE = re.compile(r"\\(?:(?:header|footer)[lrf]?|footnote)\b ?")  # their words are skipped otherwise
_DEPTH = 8  # mails within mails
_MOST_OUTPUT = 4_000  # characters of one output of a notebook


@reader
def read_mail(file: BinaryIO, most_text: int) -> Extract:
    """Read an e-mail: its main headers, its words, and the names of what is attached."""
    return in_one(_mail(message_from_binary_file(file, policy=policy.default), _DEPTH), most_text)


@reader
def read_notebook(file: BinaryIO, most_text: int) -> Extract:
    """Read a Jupyter notebook: notes, code, and outputs in words."""
    return in_one(_cells(json.loads(decode(file.read()))), most_text)


@reader
def read_rtf(file: BinaryIO, most_text: int) -> Extract:
    """Read the words of an RTF file."""
    from striprtf import striprtf

    to_text: Callable[..., str] = striprtf.rtf_to_text
    source = _ASIDE.sub(r"\\par ", file.read().decode("latin-1"))
    text = to_text(source, errors="replace")
    return in_one(text.split("\n"), most_text)


# mail


def _mail(mail: EmailMessage, depth: int) -> Iterator[str]:
    yield from (f"{name}: {value}" for name in _HEADERS if (value := _header(mail, name)))
    yield ""
    body = mail.get_body(("plain", "html"))
    if body is not None:
        yield from _words(body)
    for part in mail.iter_attachments() if mail.is_multipart() else ():
        yield from _attached(part, depth)


def _attached(part: Any, depth: int) -> Iterator[str]:
    name = part.get_filename() or part.get_content_type()
    yield f"[attached: {name}]"
    if part.get_content_type() == "message/rfc822" and depth:
        yield from _mail(part.get_payload(0), depth - 1)
    elif part.get_content_maintype() == "text":
        yield from _words(part)


def _words(part: Any) -> Iterator[str]:
    raw = part.get_payload(decode=True) or b""
    charset = part.get_content_charset()
    try:
        text = raw.decode(charset) if charset else decode(raw)
    except (LookupError, UnicodeDecodeError):
        text = decode(raw)
    yield from html_lines(text) if part.get_content_subtype() == "html" else text.splitlines()


def _header(mail: EmailMessage, name: str) -> str:
    try:
        value = str(mail.get(name, ""))
        if "\ufffd" in value:  # bytes beyond ASCII that name no encoding
            raw = next((raw for key, raw in mail.raw_items() if key.lower() == name.lower()), "")
            value = decode(str(raw).encode("ascii", "surrogateescape"))
        return " ".join(value.split())
    except (ValueError, IndexError, AttributeError, TypeError):  # what the standard library makes of odd addresses
        return ""


# notebook


def _cells(notebook: Any) -> Iterator[str]:
    cells = notebook.get("cells") or [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]
    for cell in cells:
        source = _joined(cell.get("source", cell.get("input", "")))
        is_code = cell.get("cell_type") == "code"
        yield from ("```", source, "```", "") if is_code else (source, "")
        for output in cell.get("outputs", ()):
            if text := _output(output).strip():
                yield from ("[output]", text[:_MOST_OUTPUT], "")


def _output(output: Any) -> str:
    data = output.get("data", output)
    if "ename" in output:
        return f"{output['ename']}: {output.get('evalue', '')}"
    return _joined(output.get("text") or data.get("text/markdown") or data.get("text/plain") or data.get("text") or "")


def _joined(text: Any) -> str:
    return text if isinstance(text, str) else "".join(map(str, text))

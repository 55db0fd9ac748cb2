"""Detection of document types by the first bytes; for text, the name tells the kind of text."""

import codecs
import re

from bot.errors import FailureCode, Unreadable
from bot.messages import PDF

ZIP = "application/zip"  # of documents of many kinds: a worker tells which
RTF, HTML, MAIL = "application/rtf", "text/html", "message/rfc822"
TEXTS_BY_ENDING = {
    "md": "text/markdown",
    "markdown": "text/markdown",
    "csv": "text/csv",
    "tsv": "text/csv",
    "json": "application/json",
    "ipynb": "application/x-ipynb+json",
    "eml": MAIL,
    "mht": MAIL,
    "mhtml": MAIL,
    "html": HTML,
    "htm": HTML,
    "xhtml": HTML,
}

_ZIP = b"PK\x03\x04"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # also the container of encrypted newer ones
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # the name of the stream that holds such a one
_HEAD = 1024  # bytes in which the header of a PDF must start
_FIELD = re.compile(rb"(?:[A-Za-z-]+: |From )\S")
_MAIL = re.compile(rb"^(From|Date|Subject): \S", re.IGNORECASE | re.MULTILINE)
# Bounded, and without blanks in front, so that no text holds it up.
_HTML = re.compile(
    rb"(?:<\?xml[^>]{0,200}+>\s{0,20}+)?(?:<!--.{0,400}?-->\s{0,20}+)?<(?:!doctype\s{1,20}+html|html)\b", re.I | re.S
)


def kind_of(name: str, data: bytes) -> str:
    """Return the type of document this may be; ZIP for one of the many kinds in a zip; anything else may be text.

    Raise Unreadable for old Office files, which cannot be read, and for locked ones.
    """
    if b"%PDF-" in data[:_HEAD]:
        return PDF
    if data.startswith(_ZIP):
        return ZIP
    if data.startswith(_OLD_OFFICE):
        raise Unreadable(FailureCode.DOCUMENT_LOCKED if _ENCRYPTED in data else FailureCode.DOCUMENT_OFFICE)
    if data.startswith(b"{\\rtf"):
        return RTF
    if by_name := TEXTS_BY_ENDING.get(name.rpartition(".")[2].lower()):
        return by_name
    if _HTML.match(data[:_HEAD].removeprefix(codecs.BOM_UTF8).lstrip()):
        return HTML
    return MAIL if _is_mail(data[: 4 * _HEAD]) else "text/plain"


def _is_mail(head: bytes) -> bool:
    """Tell whether a text begins with the headers that every mail has."""
    return bool(_FIELD.match(head)) and {b"from", b"date", b"subject"} <= {each.lower() for each in _MAIL.findall(head)}

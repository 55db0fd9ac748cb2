"""Detection of document types by the first bytes; for text, the name tells the kind of text."""

from bot.errors import FailureCode, Unreadable

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TEXTS = {"md": "text/markdown", "markdown": "text/markdown", "csv": "text/csv", "tsv": "text/csv"}

_ZIP = b"PK\x03\x04"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # also the container of encrypted newer ones
_HEAD = 1024  # bytes in which the header of a PDF must start


def kind_of(name: str, data: bytes) -> str:
    """Return the type of document this may be: any zip may be a DOCX, and anything else may be text.

    Raise Unreadable (document_office) for Office files that cannot be read.
    """
    if b"%PDF-" in data[:_HEAD]:
        return PDF
    if data.startswith(_ZIP):
        return DOCX
    if data.startswith(_OLD_OFFICE):
        raise Unreadable(FailureCode.DOCUMENT_OFFICE)
    return TEXTS.get(name.rpartition(".")[2].lower(), "text/plain")

"""What a document is, by its first bytes; for text, the name says which kind of text."""

from bot.errors import Unreadable

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TEXTS = {"md": "text/markdown", "markdown": "text/markdown", "csv": "text/csv", "tsv": "text/csv"}

_ZIP = b"PK\x03\x04"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # also what locks newer ones in
_HEAD = 1024  # bytes in which a PDF may begin


def kind_of(name: str, data: bytes) -> str:
    """The type of the document that this is, if it is one: any zip may be a DOCX, and anything else may be text.

    Unreadable (document_office) for the files of Office that cannot be read.
    """
    if b"%PDF-" in data[:_HEAD]:
        return PDF
    if data.startswith(_ZIP):
        return DOCX
    if data.startswith(_OLD_OFFICE):
        raise Unreadable("document_office")
    return TEXTS.get(name.rpartition(".")[2].lower(), "text/plain")

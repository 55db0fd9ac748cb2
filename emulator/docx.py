"""DOCX: the words of a document, read from its XML without ever unpacking more than a document is worth."""

import re
import zipfile
from io import BytesIO
from xml.parsers import expat

MOST = 16 * 1024 * 1024  # bytes of the main part, unpacked
_WORDS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PART = "word/document.xml"


def paragraphs(data: bytes) -> list[str]:
    """Return the paragraphs that hold words. Raises ValueError for what is no DOCX, is damaged or unpacks too far."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive, archive.open(_PART) as part:
            raw = part.read(MOST + 1)
    # What zipfile raises for damaged, encrypted and oddly packed files.
    except (zipfile.BadZipFile, KeyError, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        raise ValueError(f"no DOCX: {error}") from None
    except Exception as error:  # zlib and lzma have errors of their own
        raise ValueError(f"a damaged DOCX: {error}") from None
    if len(raw) > MOST:
        raise ValueError("a DOCX that unpacks too far")
    return _read(raw)


def _read(raw: bytes) -> list[str]:
    found: list[str] = [""]
    inside = False

    def start(name: str, _: object) -> None:
        nonlocal inside
        inside = name == f"{_WORDS} t"
        if name in (f"{_WORDS} tab", f"{_WORDS} br"):
            found[-1] += " "

    def end(name: str) -> None:
        nonlocal inside
        inside = False
        if name == f"{_WORDS} p":
            found.append("")

    def text(piece: str) -> None:
        if inside:
            found[-1] += piece

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.StartDoctypeDeclHandler = _no_doctype  # a document has none; entities hide behind it
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise ValueError(f"a damaged DOCX: {error}") from None
    return [re.sub(r"\s+", " ", one).strip() for one in found if one.strip()]


def _no_doctype(*_: object) -> None:
    raise ValueError("a DOCX with a document type")

"""PDFs as people have them: filled in, annotated, scanned, and with fonts that a parser fails over."""

import io
import time
from pathlib import Path

import pytest
from PIL import Image

from bot.files.decoders.pdf_text import is_garbled
from bot.files.documents import DocumentIntake
from bot.files.documents.document_text import DocumentText, numbers_in_words
from bot.files.file_cache import FileCache
from tests.files.documents.portable import HELVETICA, TOO_WIDE, Page, field, note, picture_of, portable

NO_MAP = HELVETICA.replace("/WinAnsiEncoding", "<</Type/Encoding/Differences[65/g1/g2/g3/g4/g5/g6/g7/g8/g9]>>")


@pytest.fixture
def documents(tmp_path: Path) -> DocumentIntake:
    return DocumentIntake(FileCache(tmp_path / "photos", 500_000_000))


async def read(documents: DocumentIntake, data: bytes) -> DocumentText:
    return await documents.words(await documents.take("a.pdf", data))


@pytest.mark.parametrize(
    ("widget", "said"),
    [
        (field("Name", "(Ada)"), "[Name: Ada]"),
        (field("n1", "(Ada)", more="/TU(Your name)"), "[Your name: Ada]"),
        (field("paid", "/Yes", "Btn", "/AS/Yes"), "[paid: ☑ Yes]"),
        (field("colour", "(red)", "Ch"), "[colour: red]"),
        (field("paid", "/Off", "Btn", "/AS/Off"), ""),
        (field("send", "(x)", "Btn", "/Ff 65536"), ""),
    ],
)
async def test_what_is_filled_into_a_form_stands_at_its_page(documents: DocumentIntake, widget: str, said: str) -> None:
    reading = await read(documents, portable(Page("One"), Page("Two", notes=[widget]), form=True))
    assert reading.pages == ("One", f"Two\n{said}".strip())


@pytest.mark.parametrize("kind", ["FreeText", "Text", "Highlight", "Stamp"])
async def test_notes_and_comments_stand_at_their_page(documents: DocumentIntake, kind: str) -> None:
    reading = await read(documents, portable(Page("One", notes=[note(kind, "check this", "Ada")]), Page("Two")))
    label = "note" if kind == "FreeText" else "comment"
    assert reading.pages == (f"One\n[{label} by Ada] check this", "Two")


async def test_a_damaged_annotation_spoils_nothing(documents: DocumentIntake) -> None:
    reading = await read(documents, portable(Page("One", notes=["<</Subtype/Widget/FT 7/V null>>", note("Text", "x")])))
    assert reading.pages == ("One\n[comment] x",)


@pytest.mark.parametrize(
    ("size", "drawn"), [((595, 842), (1447, 2048)), ((200, 3000), (800, 12000)), ((14400, 600), (24000, 1000))]
)
async def test_pages_are_drawn_so_that_small_letters_are_legible(
    documents: DocumentIntake, size: tuple[int, int], drawn: tuple[int, int]
) -> None:
    data = portable(Page(picture=picture_of("scanned"))).replace(b"612 792]", b"%d %d]" % size)
    [(n, picture)] = await documents.pictures(await documents.take("a.pdf", data), 8)
    with Image.open(io.BytesIO(picture)) as image:
        assert (n, abs(image.width - drawn[0]) < 5, abs(image.height - drawn[1]) < 5) == (1, True, True), image.size


async def test_a_page_that_one_parser_cannot_read_is_read_by_another(documents: DocumentIntake) -> None:
    reading = await read(documents, portable(Page("Cover"), Page("Total 4711", TOO_WIDE)))
    assert reading.pages == ("Cover", "Total 4711")
    assert (reading.unread, reading.pictured) == ((), ())


async def test_a_pdf_that_one_parser_cannot_open_is_opened_by_another(documents: DocumentIntake) -> None:
    data = portable(Page("Total 4711")).replace(b"/Count 1", b"/Count -")
    assert "Total 4711" in (await read(documents, data)).pages[0]


async def test_pages_without_words_are_known_unless_they_are_blank(documents: DocumentIntake) -> None:
    data = portable(Page("Cover"), Page(picture=picture_of("scanned")), Page())
    reading = await read(documents, data)
    assert (reading.pages, reading.pictured) == (("Cover", "", ""), (2,))


async def test_a_stamp_on_a_scan_does_not_make_it_words(documents: DocumentIntake) -> None:
    reading = await read(documents, portable(Page("Page 7", picture=picture_of("scanned"))))
    assert (reading.pages, reading.pictured) == (("Page 7",), (1,))


async def test_what_was_drawn_on_a_blank_page_is_to_be_seen(documents: DocumentIntake) -> None:
    ink = "<</Type/Annot/Subtype/Ink/InkList[[10 10 90 90]]/Rect[0 0 99 99]>>"
    reading = await read(documents, portable(Page(notes=[ink]), Page(notes=[field("Name", "()")]), form=True))
    assert reading.pictured == (1,)


async def test_a_page_that_takes_one_parser_too_long_is_read_by_another(documents: DocumentIntake) -> None:
    endless = "q Q " * 400_000 + "BT /F1 24 Tf 72 700 Td (Total 4711) Tj ET"
    began = time.monotonic()
    assert "Total 4711" in (await read(documents, portable(Page(content=endless)))).pages[0]
    assert time.monotonic() - began < 20


async def test_a_page_in_a_font_without_a_map_is_to_be_seen(documents: DocumentIntake) -> None:
    garbage = "".join(f"\\{ord(sign) - 29:03o}" for sign in "The invoice of June is forty-two")
    reading = await read(documents, portable(Page(garbage, HELVETICA.replace("/Encoding/WinAnsiEncoding", ""))))
    assert reading.pictured == (1,)


async def test_the_characters_are_used_up_and_not_the_pages(documents: DocumentIntake) -> None:
    reading = await read(documents, portable(*[Page(f"Page {n}") for n in range(400)]))
    assert len(reading.pages) == 400


@pytest.mark.parametrize(
    ("text", "is_garbage"),
    [
        ("The invoice of June is forty-two euros.", False),
        ("Счёт за июнь: сорок два рубля, спасибо.", False),
        ("六月份的账单合计四千七百一十一元谢谢您的支持六月份的账单", False),
        ("1. Introduction ................................ 7", False),
        ("Contents\nAbstract . . . . . . . . . . . . . . 7\nPreface . . . . . . . . . . . . . . . . . . 9", False),
        ("4711.00 42.50 3,141.59 1,000.00 12.5% 99 4711.00", False),
        ("7KH\x03LQYRLFH\x03RI\x03-XQH\x03LV\x03IRUW\\\x10WZR\x03HXURV", True),
        ("\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd words \ufffd\ufffd\ufffd\ufffd\ufffd\ufffd of it", True),
        ("\ue001\ue002\ue003\ue004\ue005\ue006\ue007\ue008\ue009\ue00a\ue00b\ue00c\ue00dx\ue01a", True),
        ("(cid:12)(cid:7)(cid:99)(cid:4)(cid:12)(cid:7)(cid:99)", True),
    ],
)  # fmt: skip
def test_places_in_a_font_are_told_from_letters(text: str, is_garbage: bool) -> None:
    assert is_garbled(text) is is_garbage


def test_pages_are_named_as_people_do() -> None:
    assert numbers_in_words((2, 5, 6, 7, 9)) == "2, 5–7, 9"
    assert numbers_in_words(tuple(range(1, 60, 2))).endswith("…")


def test_a_page_that_is_not_told_says_why() -> None:
    reading = DocumentText(pages=("one", "", ""), of=3, pictured=(2,), unread=(3,))
    assert (
        reading.first(1000)[0] == "[page 1]\none\n\n[page 2] (a picture without text)\n\n[page 3] (could not be read)"
    )
    assert "[page 2] (shown as photo 4)" in reading.first(1000, {2: 4})[0]

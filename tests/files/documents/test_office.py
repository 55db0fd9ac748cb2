"""Office files, books, mails and pages: every word that their programs show arrives, and nothing of their markup."""

import io
import json
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image

from bot.errors import Unreadable
from bot.files.decoders.number_formats import shown
from bot.files.documents import DocumentIntake
from bot.files.file_cache import FileCache
from tests.files.documents.office import book, letter, mail, office, open_document, slides, zipped
from tests.files.documents.portable import picture_of


@pytest.fixture
def documents(tmp_path: Path) -> DocumentIntake:
    return DocumentIntake(FileCache(tmp_path / "photos", 500_000_000))


async def text(documents: DocumentIntake, name: str, data: bytes) -> str:
    return (await documents.words(await documents.take(name, data))).first(60_000)[0]


async def ending(documents: DocumentIntake, name: str, data: bytes) -> str:
    return (await documents.take(name, data)).file.suffix


def run(words: str, format: str = "") -> str:
    return f"<w:r>{format}<w:t>{words}</w:t></w:r>"


def line(*words: str) -> str:
    return f"<w:p>{''.join(each if each.startswith('<') else run(each) for each in words)}</w:p>"


def row(*cells: str) -> str:
    return f"<w:tr>{''.join(f'<w:tc>{cell}</w:tc>' for cell in cells)}</w:tr>"


BOX = f"<w:txbxContent>{line('in a box')}</w:txbxContent>"
GONE = "<w:del><w:r><w:delText>11</w:delText></w:r></w:del>"
NESTED = f"<w:tbl>{row(line('b'), line('c'))}</w:tbl>"
MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'

# Word


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (f"<w:sdt><w:sdtPr/><w:sdtContent>{line('rent')}</w:sdtContent></w:sdt>", "rent"),
        (line("a ", f"<w:sdt><w:sdtContent>{run('b')}</w:sdtContent></w:sdt>", " c"), "a b c"),
        (line("now ", f"<w:ins>{run('47')}</w:ins>", "<w:del><w:r><w:delText>11</w:delText></w:r></w:del>"), "now 47"),
        (line("a", f"<w:moveFrom>{run('x')}</w:moveFrom>", f"<w:moveTo>{run('b')}</w:moveTo>"), "ab"),
        (line('<w:fldSimple w:instr="DATE">' + run("May 1") + "</w:fldSimple>"), "May 1"),
        (line("<w:r><w:instrText>PAGE</w:instrText></w:r>", "7"), "7"),
        (line('<w:hyperlink r:id="x">' + run("a link") + "</w:hyperlink>"), "a link"),
        (line("before", f"<w:r><w:pict>{BOX}</w:pict></w:r>"), "before\nin a box"),
        (line(f"<w:r><mc:AlternateContent {MC}><mc:Choice>{BOX}</mc:Choice><mc:Fallback>{BOX}</mc:Fallback>"
              "</mc:AlternateContent></w:r>"), "in a box"),
        (f"<w:tbl>{row(line('a'), NESTED)}</w:tbl>", "a | b | c"),
        (f"<w:tbl><w:sdt><w:sdtContent>{row(line('a'))}</w:sdtContent></w:sdt></w:tbl>", "a"),
        (f"<w:tbl>{row(line('now ', GONE), line('b'))}</w:tbl>", "now | b"),
        (f"<w:tbl><w:tr><w:trPr><w:del/></w:trPr><w:tc>{line('x')}</w:tc></w:tr>{row(line('a'))}</w:tbl>", "a"),
        (line(run("secret", "<w:rPr><w:vanish/></w:rPr>"), "open"), "open"),
        (line("a", "<w:r><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r>"), "a\tb\nc"),
        (line('<w:r><w:pict><v:textpath xmlns:v="v" string="DRAFT"/></w:pict></w:r>'), "DRAFT"),
        (f"<w:customXml>{line('<w:smartTag>' + run('smart') + '</w:smartTag>')}</w:customXml>", "smart"),
    ],
)  # fmt: skip
async def test_whatever_word_shows_is_read_in_its_order(documents: DocumentIntake, body: str, said: str) -> None:
    assert await text(documents, "a.docx", letter(line("top") + body + line("end"))) == f"top\n{said}\nend"


async def test_headers_notes_and_comments_are_marked_as_such(documents: DocumentIntake) -> None:
    body = line("Rent", '<w:r><w:footnoteReference w:id="2"/></w:r>', '<w:r><w:commentReference w:id="0"/></w:r>')
    data = letter(
        body,
        header1=line("ACME"),
        header2=line("ACME"),
        footer1=line("page"),
        footnotes=f'<w:footnote w:id="2">{line("per month")}</w:footnote>',
        comments=f'<w:comment w:id="0" w:author="Ada">{line("too much")}</w:comment>',
    )
    assert (await text(documents, "a.docx", data)).split("\n") == [
        "[header] ACME", "Rent[note 1]", "[comment by Ada] too much", "[footer] page", "[note 1] per month",
    ]  # fmt: skip


def item(words: str, number: int = 0, level: int = 0, style: str = "") -> str:
    """A paragraph in a list, or of a style that is in one."""
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    listed = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>' if number else ""
    return line(f"<w:pPr>{named}{listed}</w:pPr>", words)


def level(n: int, kind: str, text: str, more: str = "") -> str:
    return (
        f'<w:lvl w:ilvl="{n}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>{more}<w:lvlText w:val="{text}"/></w:lvl>'
    )


def lists(*definitions: str, more: str = "") -> str:
    """The list n has the n-th definition, from 1."""
    return "".join(
        f'<w:abstractNum w:abstractNumId="{n}">{levels}</w:abstractNum>' for n, levels in enumerate(definitions, 1)
    ) + "".join(
        f'<w:num w:numId="{n}"><w:abstractNumId w:val="{n}"/></w:num>' for n in range(1, len(definitions) + 1)
    ) + more  # fmt: skip


HEADINGS = level(0, "decimal", "%1", '<w:pStyle w:val="H1"/>') + level(1, "decimal", "%1.%2", '<w:pStyle w:val="H2"/>')
STYLES = (
    '<w:style w:type="paragraph" w:styleId="H1"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr>'
    '<w:outlineLvl w:val="0"/></w:pPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="H2"><w:basedOn w:val="H1"/><w:pPr><w:numPr><w:ilvl w:val="1"/></w:numPr>'
    '</w:pPr></w:style>'
)  # fmt: skip


async def test_lists_have_the_numbers_that_word_shows(documents: DocumentIntake) -> None:
    steps = level(0, "decimal", "%1.") + level(1, "lowerLetter", "%2)") + level(2, "lowerRoman", "(%3)")
    again = '<w:num w:numId="7"><w:abstractNumId w:val="1"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="4"/>'
    again += "</w:lvlOverride></w:num>"
    body = (
        item("one", 1) + item("x", 1, 1) + item("y", 1, 1) + item("deep", 1, 2) + line("between") + item("two", 1)
        + item("x", 1, 1) + item("four", 7) + item("five", 7) + item("point", 2) + item("plain", 99)
    )  # fmt: skip
    data = letter(body, numbering=lists(steps, level(0, "bullet", "\uf0b7"), more=again))
    assert (await text(documents, "a.docx", data)).split("\n") == [
        "1. one", "  a) x", "  b) y", "    (i) deep", "between", "2. two", "  a) x", "4. four", "5. five",
        "• point", "plain",
    ]  # fmt: skip


async def test_headings_have_the_numbers_of_their_styles(documents: DocumentIntake) -> None:
    body = item("Rent", style="H1") + item("Term", style="H2") + item("Notice", style="H2")
    body += item("Costs", style="H1") + item("Heat", style="H2") + f"<w:tbl>{row(item('cell', style='H2'))}</w:tbl>"
    data = letter(body, numbering=lists(HEADINGS), styles=STYLES)
    assert (await text(documents, "a.docx", data)).split("\n") == [
        "1 Rent", "1.1 Term", "1.2 Notice", "2 Costs", "2.1 Heat", "2.2 cell",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        ("upperRoman", "III"), ("upperLetter", "C"), ("decimalZero", "03"), ("ordinal", "3rd"), ("russianLower", "в"),
        ("chineseCounting", "三"), ("decimalEnclosedCircle", "③"), ("unheardOf", "3"), ("none", ""),
    ],
)  # fmt: skip
async def test_numbers_are_spelled_as_in_any_language(documents: DocumentIntake, kind: str, label: str) -> None:
    data = letter(item("a", 1) * 3, numbering=lists(level(0, kind, "%1")))
    assert (await text(documents, "a.docx", data)).split("\n")[-1] == f"{label} a".strip()


async def test_so_have_those_of_pages_and_slides(documents: DocumentIntake) -> None:
    page = "<ol><li>a<li>b<ol type=a><li>x<li>y</ol><li value=7>c<li>d</ol><ol start=3><li>e</ol><ul><li>f</ul>"
    said = await text(documents, "a.html", f"<!DOCTYPE html><html><body>{page}</body></html>".encode())
    assert said.split("\n") == ["1. a", "2. b", "a. x", "b. y", "7. c", "8. d", "3. e", "f"]
    counted = [
        f'<a:p><a:pPr lvl="{level}"><a:buAutoNum type="{kind}"/></a:pPr><a:r><a:t>{words}</a:t></a:r></a:p>'
        for level, kind, words in (
            (0, "arabicPeriod", "a"), (1, "alphaLcParenR", "x"), (1, "alphaLcParenR", "y"), (0, "arabicPeriod", "b"),
            (1, "alphaLcParenR", "z"),
        )
    ]  # fmt: skip
    assert (await text(documents, "a.pptx", slides("".join(counted)))).split("\n") == [
        "1. a", "a) x", "b) y", "2. b", "a) z",
    ]  # fmt: skip


async def test_so_have_those_of_open_documents(documents: DocumentIntake) -> None:
    styles = (
        '<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="1" '
        'style:num-suffix="."/><text:list-level-style-number text:level="2" style:num-format="a" style:num-suffix=")"/>'
        '</text:list-style><text:list-style style:name="B"><text:list-level-style-bullet text:level="1" '
        'text:bullet-char="•"/></text:list-style><text:outline-style style:name="Outline">'
        '<text:outline-level-style text:level="1" style:num-format="1"/><text:outline-level-style text:level="2" '
        'style:num-format="1" text:display-levels="2"/></text:outline-style>'
    )
    heading = '<text:h text:outline-level="{}">{}</text:h>'
    inner = "<text:list><text:list-item><text:p>x</text:p></text:list-item></text:list>"
    counted = '<text:list text:style-name="L"{}><text:list-item><text:p>{}</text:p>{}</text:list-item></text:list>'
    body = (
        heading.format(1, "One") + heading.format(2, "Sub") + heading.format(1, "Two") + heading.format(2, "Next")
        + counted.format("", "a", inner) + counted.format(' text:continue-numbering="true"', "b", "")
        + counted.format("", "new", "")
        + '<text:list text:style-name="B"><text:list-item><text:p>dot</text:p></text:list-item></text:list>'
    )  # fmt: skip
    said = await text(documents, "a.odt", open_document("text", body, styles))
    assert said.split("\n") == [
        "1 One", "1.1 Sub", "2 Two", "2.1 Next", "1. a", "  a) x", "2. b", "1. new", "• dot",
    ]  # fmt: skip


async def test_notes_are_numbered_by_kind_and_symbols_are_signs(documents: DocumentIntake) -> None:
    notes = [
        f'<w:r><w:{kind}Reference w:id="{n}"/></w:r>' for n, kind in ((1, "footnote"), (1, "endnote"), (2, "footnote"))
    ]
    own = '<w:r><w:footnoteReference w:customMarkFollows="1" w:id="3"/><w:t>†</w:t></w:r>'
    checked = '<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>'
    data = letter(
        line("Rent", *notes[:2], own, notes[2]) + line(checked, " agreed"),
        footnotes="".join(f'<w:footnote w:id="{n}">{line(f"foot {n}")}</w:footnote>' for n in (1, 2, 3)),
        endnotes=f'<w:endnote w:id="1">{line("end")}</w:endnote>',
    )
    assert (await text(documents, "a.docx", data)).split("\n") == [
        "Rent[note 1][note i]†[note 2]", "☑ agreed", "[note 1] foot 1", "[note i] end", "[note †] foot 3",
        "[note 2] foot 2",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["wordprocessingml.template", "wordprocessingml.document"])
async def test_templates_and_documents_with_macros_are_read(documents: DocumentIntake, kind: str) -> None:
    data = letter(line("Dear Ada"), kind)
    assert await text(documents, "a.docm", data) == "Dear Ada"
    assert await ending(documents, "a", data) == (".docm" if "template" in kind else ".docx")


async def test_entities_of_a_document_are_not_followed(documents: DocumentIntake) -> None:
    evil = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><w:d xmlns:w="x"><p>&x;</p></w:d>'
    data = office("word/document.xml", "wordprocessingml.document", {"word/document.xml": evil})
    with pytest.raises(Unreadable) as refused:
        await text(documents, "a.docx", data)
    assert refused.value.code == "document_empty"


# sheets


def workbook() -> bytes:
    book, out = Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Bills"
    sheet.append(["day", "sum", "share", "paid"])
    sheet.append([date(2026, 5, 1), 4711.5, 0.125, True])
    sheet["A2"].number_format, sheet["B2"].number_format, sheet["C2"].number_format = (
        "dd.mm.yyyy",
        '#,##0.00 "€"',
        "0.0%",
    )
    sheet["B2"].comment = Comment("too much", "Ada")
    book.create_sheet("Hidden").sheet_state = "hidden"
    book["Hidden"].append(["secret"])
    book.create_sheet("Empty")
    book.create_sheet("Last").append(["x", None, "y"])
    book.save(out)
    return out.getvalue()


async def test_sheets_are_tables_with_values_as_they_are_shown(documents: DocumentIntake) -> None:
    said = (await text(documents, "a.xlsx", workbook())).split("\n")
    assert said[:3] == ["## Bills", "day | sum | share | paid", "01.05.2026 | 4,711.50 € | 12.5% | TRUE"]
    assert any(each.startswith("[comment at B2]") and "too much" in each for each in said)
    assert said[-1] == "x |  | y"
    assert "secret" not in said


async def test_a_formula_that_nobody_calculated_stands_for_itself(documents: DocumentIntake) -> None:
    book, out = Workbook(), io.BytesIO()
    assert book.active is not None
    book.active.append([1, 2, "=A1+B1"])
    book.save(out)
    assert await text(documents, "a.xlsx", out.getvalue()) == "## Sheet\n1 | 2 | =A1+B1"


async def test_wide_gaps_between_cells_take_no_room(documents: DocumentIntake) -> None:
    book, out = Workbook(), io.BytesIO()
    assert book.active is not None
    book.active["A1"], book.active["XFD1048576"] = "first", "last"
    book.save(out)
    assert await text(documents, "a.xlsx", out.getvalue()) == "## Sheet\nfirst\n\n | … | last"


async def test_a_workbook_that_only_looks_like_one_is_damaged(documents: DocumentIntake) -> None:
    broken = office("xl/workbook.xml", "spreadsheetml.sheet", {"xl/workbook.xml": "<no/>"})
    with pytest.raises(Unreadable) as refused:
        await text(documents, "a.xlsx", broken)
    assert refused.value.code in ("document_broken", "document_empty")


@pytest.mark.parametrize(
    ("value", "code", "said"),
    [
        (None, "General", ""),
        ("words", "0.00", "words"),
        (42, "General", "42"),
        (42.0, "General", "42"),
        (0.1 + 0.2, "General", "0.3"),
        (1234567.891, "#,##0.00", "1,234,567.89"),
        (-5, '0.00;(0.00)', "(5.00)"),
        (0, '0;-0;"none"', "none"),
        (0.256, "0%", "26%"),
        (7, "000", "007"),
        (1.5, "0.##", "1.5"),
        (2.0, "0.##", "2"),
        (12.5, '[$€-407] #,##0.00', "€ 12.50"),
        (1500, '0.0,"k"', "1.5k"),
        (12345.678, "0.00E+00", "1.23E+04"),
        (date(2026, 5, 1), "yyyy-mm-dd", "2026-05-01"),
        (datetime(2026, 5, 1, 14, 7), "d mmm yy hh:mm", "1 May 26 14:07"),
        (datetime(2026, 5, 1, 14, 7), "h:mm AM/PM", "2:07 PM"),
        (datetime(2026, 5, 1, 14, 7, 9), "mm:ss", "07:09"),
        (time(9, 5), "hh:mm", "09:05"),
        (timedelta(hours=30, minutes=5), "[h]:mm", "30:05"),
        (timedelta(hours=30, minutes=5), "[h]:mm:ss", "30:05:00"),
        (timedelta(minutes=90), "[mm]:ss", "90:00"),
        (-5, "0.00", "-5.00"),
        (-5, "General", "-5"),
        (-1234.5, "#,##0.00", "-1,234.50"),
        (-0.256, "0.0%", "-25.6%"),
        (-1234, '"$"#,##0_);\\("$"#,##0\\)', "($1,234)"),
        (5, ";;;", ""),
        (-1500, '[>=1000]0.0,"k";0', "-1500"),
        (1500, '[>=1000]0.0,"k";0', "1.5k"),
        (1.25, "# ?/?", "1 1/4"),
        (-1.375, "# ?/8", "-1 3/8"),
        ("7", '@" kg"', "7 kg"),
        ("a", '0;-0;0;"Text: "@', "Text: a"),
        (True, "General", "TRUE"),
    ],
)  # fmt: skip
def test_a_cell_says_what_its_format_makes_of_it(value: object, code: str, said: str) -> None:
    assert shown(value, code) == said


# slides


async def test_slides_come_in_the_order_of_the_show_with_their_notes(documents: DocumentIntake) -> None:
    cells = "".join(f"<a:tc><a:p><a:r><a:t>{each}</a:t></a:r></a:p></a:tc>" for each in "ab")
    table = f"<a:tbl><a:tr>{cells}</a:tr></a:tbl>"
    reading = await documents.words(await documents.take("a.pptx", slides("Hello", table, notes="say it slowly")))
    assert reading.pages == ("a | b", "Hello\n[notes] say it slowly")
    assert reading.first(1000)[0].startswith("[slide 1]\na | b")
    assert reading.first(15)[1] == "the first 1 of 2 slides"


async def test_a_slide_show_is_slides(documents: DocumentIntake) -> None:
    assert "Hello" in await text(documents, "a.ppsx", slides("Hello", kind="presentationml.slideshow"))


# OpenDocument


async def test_the_words_of_an_odt(documents: DocumentIntake) -> None:
    gone = "<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>"
    body = "<text:note-body><text:p>small</text:p></text:note-body>"
    note = f"<text:note><text:note-citation>1</text:note-citation>{body}</text:note>"
    comment = "<office:annotation><dc:creator>Ada</dc:creator><text:p>hm</text:p></office:annotation>"
    box = "<draw:frame><draw:text-box><text:p>boxed</text:p></draw:text-box></draw:frame>"
    body = f"{gone}<text:h>Title</text:h><text:p>one<text:s text:c='2'/>two<text:tab/>x{note}{comment}{box}</text:p>"
    styles = "<style:header><text:p>ACME</text:p></style:header>"
    said = (await text(documents, "a.odt", open_document("text", body, styles))).split("\n")
    assert said == ["[header] ACME", "Title", "one  two\tx[note 1]", "[note 1] small", "[comment by Ada] hm", "boxed"]


async def test_the_cells_of_an_ods(documents: DocumentIntake) -> None:
    filled = "<table:table-cell><text:p>1.000,50 €</text:p></table:table-cell>"
    cells = f"{filled}<table:table-cell table:number-columns-repeated='999'/>"
    body = f"<table:table table:name='May'><table:table-row>{cells}</table:table-row></table:table>"
    assert await text(documents, "a.ods", open_document("spreadsheet", body)) == "## May\n1.000,50 €"


async def test_the_slides_of_an_odp(documents: DocumentIntake) -> None:
    notes = "<presentation:notes><text:p>slowly</text:p></presentation:notes>"
    body = (
        f"<draw:page><draw:frame><draw:text-box><text:p>Hello</text:p></draw:text-box></draw:frame>{notes}</draw:page>"
    )
    assert await text(documents, "a.odp", open_document("presentation", body * 2)) == (
        "[slide 1]\nHello\n[notes] slowly\n\n[slide 2]\nHello\n[notes] slowly"
    )


async def test_a_locked_odt_is_called_so(documents: DocumentIntake) -> None:
    whole = open_document("text", "<text:p>x</text:p>")
    data = zipped({**_parts(whole), "META-INF/manifest.xml": b"<m><encryption-data/></m>"})
    with pytest.raises(Unreadable) as refused:
        await documents.take("a.odt", data)
    assert refused.value.code == "document_locked"


def _parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# pictures


async def test_pictures_in_sheets_and_open_documents_are_found(documents: DocumentIntake) -> None:
    book, out = Workbook(), io.BytesIO()
    assert book.active is not None
    book.active.add_image(Image(io.BytesIO(picture_of("a chart", (300, 200)))))
    book.save(out)
    frame = "<text:p><draw:frame><draw:image xlink:href='Pictures/a.jpg'/></draw:frame></text:p>"
    whole = _parts(open_document("text", frame))
    for data in (out.getvalue(), zipped({**whole, "Pictures/a.jpg": picture_of("a cat", (300, 200))})):
        document = await documents.take("a", data)
        [(n, picture)] = await documents.pictures(document, 4)
        assert (n, picture[:3]) == (1, b"\xff\xd8\xff")


# the others


async def test_the_chapters_of_a_book(documents: DocumentIntake) -> None:
    said = await text(documents, "a.epub", book("<h1>One</h1><p>It was <i>dark</i>.</p>", "<p>The end</p>"))
    assert said == "A Book\n\nOne\nIt was dark.\n\nThe end"


PAGE = (
    "<!DOCTYPE html><html><head><title>A page</title><style>p {}</style></head><body><script>alert(1)</script>"
    "<p>Größe &amp; <b>Maß</b></p><ul><li>a<li>b</ul><table><tr><td>1</td><td>2</td></tr></table>"
    "<pre>x\n  y</pre></body>"
)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
async def test_a_page_in_html_is_its_words(documents: DocumentIntake, encoding: str) -> None:
    said = await text(documents, "a.html", PAGE.encode(encoding))
    assert said == "A page\n\nGröße & Maß\na\nb\n1 | 2\nx\n  y".replace("\n\n", "\n")


async def test_a_page_is_known_without_its_name(documents: DocumentIntake) -> None:
    assert await ending(documents, "saved", PAGE.encode()) == ".html"
    assert await ending(documents, "README.md", b"# one\n<html>") == ".md"


async def test_rtf_is_its_words(documents: DocumentIntake) -> None:
    data = rb"{\rtf1\ansi\ansicpg1251{\fonttbl{\f0 Arial;}}\f0 Dear \b Ada\b0\par \'cf\'f0\'e8\'e2\'e5\'f2\par}"
    assert await text(documents, "a.rtf", data) == "Dear Ada\nПривет"


async def test_a_mail_is_its_headers_words_and_what_is_attached(documents: DocumentIntake) -> None:
    said = await text(documents, "a.eml", mail("Größe 42\n", "<p>html</p>", ("cat.png", b"x")))
    assert "From: Ada <ada@example.org>" in said
    assert "Subject: Rechnung für Mai" in said
    assert "Größe 42" in said
    assert "[attached: cat.png]" in said
    assert "html" not in said
    only = b"Subject: x\nContent-Type: text/html\n\n<p>nothing but html"
    assert "nothing but html" in await text(documents, "b.eml", only)


async def test_a_mail_that_names_no_encoding_is_read_in_its_own(documents: DocumentIntake) -> None:
    raw = "From: a@example.org\nSubject: Счёт за июнь\n\nИтого: 4711 рублей, просим оплатить до пятницы.\n"
    said = await text(documents, "a.eml", raw.encode("cp1251"))
    assert "Subject: Счёт за июнь" in said and "просим оплатить" in said


async def test_a_mail_is_known_by_its_headers(documents: DocumentIntake) -> None:
    assert await ending(documents, "message.txt", mail("Hello\n")) == ".eml"
    assert await ending(documents, "notes.txt", b"To: do\nbuy milk\n") == ".txt"


async def test_a_notebook_is_its_notes_code_and_outputs(documents: DocumentIntake) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Plan\n", "more"]},
        {"cell_type": "code", "source": "6 * 7", "outputs": [{"data": {"text/plain": ["42"], "image/png": "AAAA"}}]},
    ]
    said = await text(documents, "a.ipynb", json.dumps({"cells": cells}).encode())
    assert said == "# Plan\nmore\n\n```\n6 * 7\n```\n\n[output]\n42"


async def test_of_a_long_one_the_share_is_said(documents: DocumentIntake) -> None:
    reading = await documents.words(await documents.take("a.docx", letter(line("word " * 1000) * 40)))
    assert len(reading.pages[0]) == 60_000
    assert reading.first(60_000)[1] == "about the first 29%"

"""Office files, books and mails to try, made here part by part."""

import io
import zipfile
from collections.abc import Mapping
from email.message import EmailMessage
from types import MappingProxyType

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_ODF = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "text", "table", "style", "presentation")
)
_ODF += ' xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"'
_ODF += ' xmlns:dc="http://purl.org/dc/elements/1.1/"'


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """A zip of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def relations(**targets: str) -> str:
    """The relations of a part: kind and number before the target, as `slide1="slides/slide1.xml"`."""
    rows = "".join(
        f'<Relationship Id="{name}" Type="{_RELATION}{name.rstrip("0123456789")}" Target="{target}"/>'
        for name, target in targets.items()
    )
    return f'<Relationships xmlns="{_RELATIONS}">{rows}</Relationships>'


def office(main: str, kind: str, parts: Mapping[str, str | bytes]) -> bytes:
    """An Office file whose main part is of this kind, such as `wordprocessingml.document`."""
    override = (
        f'<Override PartName="/{main}" ContentType="application/vnd.openxmlformats-officedocument.{kind}.main+xml"/>'
    )
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{_TYPES}">{override}</Types>',
            "_rels/.rels": relations(officeDocument=main),
            **parts,
        }
    )


def letter(
    body: str,
    kind: str = "wordprocessingml.document",
    parts: Mapping[str, str | bytes] = MappingProxyType({}),
    **beside: str,
) -> bytes:
    """A DOCX with this body in XML, and parts beside it, such as `header1`, `footnotes` and `comments`."""
    named = {f"word/{name}.xml": f"<w:part {W}>{xml}</w:part>" for name, xml in beside.items()}
    return office(
        "word/document.xml",
        kind,
        {
            "word/document.xml": f"<w:document {W} {R} {A}><w:body>{body}</w:body></w:document>",
            "word/_rels/document.xml.rels": relations(**{name: f"{name}.xml" for name in beside}),
            **named,
            **parts,
        },
    )


def slides(*texts: str, notes: str = "", kind: str = "presentationml.presentation") -> bytes:
    """A PPTX with a slide for each text, and notes for the first one."""
    parts: dict[str, str | bytes] = {}
    for n, text in enumerate(texts, 1):
        parts[f"ppt/slides/slide{n}.xml"] = (
            f"<p:sld {P} {A}><p:cSld><p:spTree>{_shape(text)}</p:spTree></p:cSld></p:sld>"
        )
    if notes:
        parts["ppt/notesSlides/notesSlide1.xml"] = f"<p:notes {P} {A}>{_shape('7', 'sldNum')}{_shape(notes)}</p:notes>"
        parts["ppt/slides/_rels/slide1.xml.rels"] = relations(notesSlide="../notesSlides/notesSlide1.xml")
    ids = "".join(f'<p:sldId id="{n}" r:id="slide{n}"/>' for n in range(len(texts), 0, -1))
    parts["ppt/presentation.xml"] = f"<p:presentation {P} {R}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>"
    targets = {f"slide{n}": f"slides/slide{n}.xml" for n in range(1, len(texts) + 1)}
    parts["ppt/_rels/presentation.xml.rels"] = relations(**targets)
    return office("ppt/presentation.xml", kind, parts)


def _shape(text: str, placeholder: str = "body") -> str:
    words = text if text.startswith("<") else f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>"
    return (
        f'<p:sp><p:nvSpPr><p:nvPr><p:ph type="{placeholder}"/></p:nvPr></p:nvSpPr><p:txBody>{words}</p:txBody></p:sp>'
    )


def open_document(kind: str, body: str, styles: str = "", **parts: bytes) -> bytes:
    """An ODT, ODS or ODP (kind: text, spreadsheet, presentation) with this body in XML."""
    content = f"<office:document-content {_ODF}><office:body><office:{kind}>{body}</office:{kind}></office:body>"
    return zipped(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": f"{content}</office:document-content>",
            "styles.xml": f"<office:document-styles {_ODF}>{styles}</office:document-styles>",
            **{name.replace("__", "/").replace("_", "."): data for name, data in parts.items()},
        }
    )


def book(*chapters: str, title: str = "A Book") -> bytes:
    """An EPUB with these chapters in HTML."""
    names = [f"c{n}.xhtml" for n in range(len(chapters))]
    items = "".join(f'<item id="{name}" href="text/{name}"/>' for name in names)
    spine = "".join(f'<itemref idref="{name}"/>' for name in names)
    head = f'<metadata><dc:title xmlns:dc="http://purl.org/dc/elements/1.1/">{title}</dc:title></metadata>'
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container><rootfiles><rootfile full-path="OPS/a.opf"/></rootfiles></container>',
            "OPS/a.opf": f"<package>{head}<manifest>{items}</manifest><spine>{spine}</spine></package>",
            **{
                f"OPS/text/{name}": f"<html><body>{text}</body></html>"
                for name, text in zip(names, chapters, strict=True)
            },
        }
    )


def mail(text: str, html: str = "", attached: tuple[str, bytes] | None = None) -> bytes:
    """A mail with these words, and a file."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Ada <ada@example.org>", "bob@example.org", "Rechnung für Mai"
    message["Date"] = "Fri, 1 May 2026 09:00:00 +0000"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    if attached:
        message.add_attachment(attached[1], maintype="image", subtype="png", filename=attached[0])
    return bytes(message)

"""PDFs to try, made here object by object: forms, notes, scans, and fonts that parsers fail over."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

HELVETICA = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
# pypdf fails on every page with this font, whose table of widths is one too long.
TOO_WIDE = HELVETICA[:-2] + f"/FirstChar 0/LastChar 255/Widths[{'500 ' * 257}]>>"


@dataclass(frozen=True)
class Page:
    """A page: words, the font they are in, annotations as dictionaries, and a picture that covers it."""

    text: str = ""
    font: str = HELVETICA
    notes: Sequence[str] = ()
    picture: bytes = b""  # a JPEG
    content: str = ""


def portable(*pages: Page, form: bool = False) -> bytes:
    """A PDF of these pages. The annotations of a page are its fields if it has a form."""
    objects: list[bytes] = [b"", b""]

    def add(body: str | bytes) -> int:
        objects.append(body.encode("latin-1") if isinstance(body, str) else body)
        return len(objects)

    kids, fields = list[int](), list[int]()
    for page in pages:
        words = f"BT /F1 24 Tf 72 700 Td ({page.text}) Tj ET\n" if page.text else page.content
        drawn = words + ("q 612 0 0 792 0 0 cm /Im Do Q\n" if page.picture else "")
        resources = f"/Font<</F1 {add(page.font)} 0 R>>"
        if page.picture:
            resources += f"/XObject<</Im {add(_image(page.picture))} 0 R>>"
        notes = [add(each) for each in page.notes]
        fields += notes
        content = add(_stream(b"<<", drawn.encode("latin-1")))
        annotations = f"/Annots[{' '.join(f'{n} 0 R' for n in notes)}]" if notes else ""
        body = f"/MediaBox[0 0 612 792]/Contents {content} 0 R/Resources<<{resources}>>{annotations}"
        kids.append(add(f"<</Type/Page/Parent 2 0 R{body}>>"))
    acro = f"/AcroForm<</Fields[{' '.join(f'{n} 0 R' for n in fields)}]>>" if form else ""
    objects[0] = f"<</Type/Catalog/Pages 2 0 R{acro}>>".encode()
    objects[1] = f"<</Type/Pages/Kids[{' '.join(f'{n} 0 R' for n in kids)}]/Count {len(kids)}>>".encode()
    return _file(objects)


def field(name: str, value: str, kind: str = "Tx", more: str = "") -> str:
    """A form field with its value, as a PDF writes it: (words) or /Name."""
    return f"<</Type/Annot/Subtype/Widget/FT/{kind}/T({name})/V {value}/Rect[72 600 300 620]{more}>>"


def note(kind: str, words: str, author: str = "") -> str:
    """An annotation with words."""
    by = f"/T({author})" if author else ""
    return f"<</Type/Annot/Subtype/{kind}/Contents({words}){by}/Rect[72 500 300 520]/DA(/F1 12 Tf)>>"


def picture_of(words: str, size: tuple[int, int] = (850, 1100)) -> bytes:
    """A picture of some words, as a scanner takes it."""
    image, out = Image.new("L", size, 255), io.BytesIO()
    ImageDraw.Draw(image).text((80, 80), words, fill=0, font_size=40)
    image.save(out, "JPEG")
    return out.getvalue()


def _image(jpeg: bytes) -> bytes:
    with Image.open(io.BytesIO(jpeg)) as image:
        width, height = image.size
    head = f"<</Type/XObject/Subtype/Image/Width {width}/Height {height}/ColorSpace/DeviceGray/BitsPerComponent 8"
    return _stream(f"{head}/Filter/DCTDecode".encode(), jpeg)


def _stream(head: bytes, data: bytes) -> bytes:
    return head + b"/Length %d>>\nstream\n%s\nendstream" % (len(data), data)


def _file(objects: Sequence[bytes]) -> bytes:
    file, places = b"%PDF-1.7\n", list[int]()
    for number, body in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    return (
        file
        + head
        + table
        + b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (
            len(objects) + 1,
            len(file),
        )
    )

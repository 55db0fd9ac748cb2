"""Documents of strangers: known by their bytes, kept beside the photos, read within limits, or refused with advice."""

import asyncio
import gc
import hashlib
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import Busy, Unreadable
from bot.files.documents import DocumentIntake
from bot.files.file_cache import FileCache
from bot.files.isolation import client
from bot.files.isolation.decoder_tasks import TASKS
from bot.messages import Document
from bot.words import catalogue
from tests.files.documents import bomb, locked, packed, pdf, scan, word

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
INVOICE = pdf("The invoice of May", "The total is 42")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "photos"


@pytest.fixture
def documents(folder: Path) -> DocumentIntake:
    return DocumentIntake(FileCache(folder, 500_000_000))


async def read(documents: DocumentIntake, name: str, data: bytes) -> tuple[Document, str, str]:
    """A document, what it says, and how much of it that is."""
    document = await documents.take(name, data)
    return document, *(await documents.words(document)).first(10_000)


async def refusal(documents: DocumentIntake, name: str, data: bytes) -> str:
    with pytest.raises(Unreadable) as refused:
        await read(documents, name, data)
    return refused.value.code


def give_seconds(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(client, "TASKS", {"read_pdf": replace(TASKS["read_pdf"], seconds=seconds)})


# what is taken


@pytest.mark.parametrize(
    ("name", "data", "mime", "said"),
    [
        ("a.pdf", INVOICE, PDF, "[page 1]\nThe invoice of May\n\n[page 2]\nThe total is 42"),
        ("a.docx", word("Dear Ada,", "see you", table=(("day", "hour"), ("Mon", "9"))), DOCX,
         "Dear Ada,\nsee you\nday | hour\nMon | 9"),
        ("a.txt", b"naive", "text/plain", "naive"),
        ("a.md", b"# One", "text/markdown", "# One"),
        ("a.csv", b"a;b\n1;2\n", "text/csv", "a;b\n1;2\n"),
        ("a.py", b"print(1)\n", "text/plain", "print(1)\n"),
        ("a.json", b'{"a": 1}', "application/json", '{"a": 1}'),
        ("none", b"print(1)\n", "text/plain", "print(1)\n"),
    ],
)  # fmt: skip
async def test_a_document_is_known_kept_and_read(
    documents: DocumentIntake, folder: Path, name: str, data: bytes, mime: str, said: str
) -> None:
    document, text, extent = await read(documents, name, data)
    assert (document.name, document.mime, document.size) == (name, mime, len(data))
    assert document.sha256 == hashlib.sha256(data).hexdigest()
    assert document.file.parent == folder
    assert document.file.read_bytes() == data
    assert (text, extent) == (said, "")


@pytest.mark.parametrize("name", ["invoice.txt", "cat.jpg", "invoice", "../../invoice.docx"])
async def test_its_bytes_count_and_not_its_name(documents: DocumentIntake, name: str) -> None:
    document, text, _ = await read(documents, name, INVOICE)
    assert document.mime == PDF
    assert "The total is 42" in text
    assert "/" not in document.name


async def test_a_pdf_may_begin_a_little_later(documents: DocumentIntake) -> None:
    document, text, _ = await read(documents, "a.pdf", b"\r\n\r\n" + INVOICE)
    assert document.mime == PDF
    assert "The total is 42" in text


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
async def test_a_pdf_that_anybody_may_open_is_read_however_it_is_encrypted(
    documents: DocumentIntake, algorithm: str
) -> None:
    _, text, _ = await read(documents, "a.pdf", locked(INVOICE, "", algorithm))
    assert "The total is 42" in text


async def test_a_scan_is_a_document_that_says_nothing(documents: DocumentIntake) -> None:
    assert (await documents.words(await documents.take("a.pdf", scan()))).is_empty


async def test_one_of_forty_megabytes_is_read_in_time(documents: DocumentIntake) -> None:
    began = time.monotonic()
    document, text, _ = await read(documents, "a.pdf", INVOICE + bytes(40_000_000))
    assert document.size > 40_000_000
    assert "The total is 42" in text
    assert time.monotonic() - began < TASKS["read_pdf"].seconds


async def test_of_many_pages_the_first_ones_are_read(documents: DocumentIntake) -> None:
    reading = await documents.words(await documents.take("a.pdf", pdf(*["word " * 1000] * 312)))
    text, extent = reading.first(60_000)
    assert extent == "the first 11 of 312 pages"
    assert "[page 11]" in text
    assert "[page 12]" not in text


async def test_the_loop_goes_on_while_one_is_read(documents: DocumentIntake) -> None:
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.005)
            longest = max(longest, time.thread_time() - before)

    watching = asyncio.create_task(watch())
    await read(documents, "a.pdf", pdf(*["word " * 500] * 100))
    await read(documents, "a.txt", b"word " * 5_000_000)
    watching.cancel()
    assert longest < 0.5


async def test_the_same_bytes_are_read_once(documents: DocumentIntake, monkeypatch: pytest.MonkeyPatch) -> None:
    document = await documents.take("a.pdf", INVOICE)
    first = await documents.words(document)
    give_seconds(monkeypatch, 0)
    again = await documents.take("b.pdf", INVOICE)
    assert await documents.words(again) is first
    assert (again.name, again.file) == ("b.pdf", document.file)


async def test_it_is_recalled_by_its_hash(documents: DocumentIntake, folder: Path) -> None:
    document = await documents.take("a.pdf", INVOICE)
    for each in (documents, DocumentIntake(FileCache(folder, 500_000_000))):
        recalled = await each.recall(document.sha256, "again.pdf")
        assert recalled == Document(
            name="again.pdf", mime=PDF, file=document.file, size=document.size, sha256=document.sha256
        )
    assert await documents.recall("0" * 64, "again.pdf") is None


async def test_one_whose_file_has_gone_is_asked_for_later(documents: DocumentIntake) -> None:
    for name, data in (("a.pdf", INVOICE), ("a.txt", b"text")):
        document = await documents.take(name, data)
        document.file.unlink()
        with pytest.raises(Busy):
            await documents.words(document)


# what is not


@pytest.mark.parametrize(
    ("name", "data", "key"),
    [
        ("empty.pdf", b"", "photo_empty"),
        ("locked.pdf", locked(INVOICE, "secret"), "document_locked"),
        ("locked.pdf", locked(INVOICE, "secret", "RC4-128"), "document_locked"),
        ("cut.pdf", INVOICE[:200], "document_broken"),
        ("nothing.pdf", b"%PDF-1.7 and then nothing", "document_broken"),
        ("cut.docx", word("Dear Ada,")[:2000], "document_broken"),
        ("nothing.docx", b"PK\x03\x04", "document_broken"),
        ("odd.docx", packed(word__document_xml=b"<no"), "document_broken"),
        ("bomb.docx", bomb(), "document_bomb"),
        ("table.xlsx", packed(xl__workbook_xml=b"<a"), "document_broken"),
        ("table.xlsb", packed(xl__workbook_bin=b"x"), "document_office"),
        ("pages.pages", packed(Index__Document_iwa=b"x"), "document_office"),
        ("locked.docx", OLD + "EncryptedPackage".encode("utf-16-le"), "document_locked"),
        ("blank.txt", b" \n\n", "document_empty"),
        ("blank.docx", word(""), "document_empty"),
        ("old.doc", OLD + bytes(512), "document_office"),
        ("photos.zip", packed(cat_jpg=b"\xff\xd8\xff"), "photo_not_an_image"),
        ("film.mp4", b"\0\0\0\x18ftypmp42" + bytes(100), "photo_not_an_image"),
        ("program", bytes(range(256)) * 10, "photo_not_an_image"),
    ],
)
async def test_what_cannot_be_read_says_what_to_do_and_is_not_kept(
    documents: DocumentIntake, folder: Path, name: str, data: bytes, key: str
) -> None:
    assert await refusal(documents, name, data) == key
    gc.collect()  # the error holds whatever was at hand
    async with asyncio.timeout(30):
        while list(folder.iterdir()):
            await asyncio.sleep(0.001)


def test_every_refusal_says_what_to_do() -> None:
    for key in ("too_heavy", "locked", "broken", "office", "bomb", "empty", "slow", "no_text", "refused"):
        assert "send" in catalogue("en")[f"document_{key}"] or "save" in catalogue("en")[f"document_{key}"]


async def test_one_that_is_too_heavy_is_refused_with_the_limit(folder: Path) -> None:
    small = DocumentIntake(FileCache(folder, 500_000_000), most_bytes=2 * 1024 * 1024)
    with pytest.raises(Unreadable) as refused:
        await small.take("a.pdf", INVOICE + bytes(2 * 1024 * 1024))
    assert refused.value.code == "document_too_heavy"
    assert "2 MB" in str(refused.value)


async def test_one_that_takes_too_long_is_given_up(documents: DocumentIntake, monkeypatch: pytest.MonkeyPatch) -> None:
    give_seconds(monkeypatch, 0.01)
    assert await refusal(documents, "a.pdf", INVOICE) == "document_slow"


@pytest.mark.parametrize(
    ("reason", "key"), [("slow", "document_slow"), ("memory", "document_bomb"), ("crashed", "document_broken")]
)
async def test_one_that_breaks_its_worker_is_refused_with_advice(
    documents: DocumentIntake, monkeypatch: pytest.MonkeyPatch, reason: client.Failure, key: str
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise client.WorkerFailed(reason)

    monkeypatch.setattr("bot.files.documents.run", fail)
    assert await refusal(documents, "a.pdf", INVOICE) == key


async def test_who_waits_no_more_leaves_no_process(documents: DocumentIntake) -> None:
    document = await documents.take("a.pdf", pdf(*["word " * 500] * 200))
    reading = asyncio.create_task(documents.words(document))
    await asyncio.sleep(0.05)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert len((await documents.words(document)).pages) > 1


async def test_where_documents_are_switched_off_they_are_named_and_other_files_are_what_they_were(
    folder: Path,
) -> None:
    off = DocumentIntake(FileCache(folder, 500_000_000), off=True)
    assert await refusal(off, "a.pdf", INVOICE) == "feature_off"
    assert await refusal(off, "a.txt", b"text") == "feature_off"
    assert await refusal(off, "program", bytes(100)) == "photo_not_an_image"


async def test_plain_text_in_place_of_a_picture_is_no_document(documents: DocumentIntake) -> None:
    with pytest.raises(Unreadable) as refused:
        await documents.take("cat.jpg", b"<html>404</html>", plain=False)
    assert refused.value.code == "photo_not_an_image"

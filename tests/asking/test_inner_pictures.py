"""Pages without words and pictures in Office files: photos of the conversation, for a model that sees."""

from dataclasses import replace

import pytest

from bot.errors import Refused, Unreadable
from bot.files.photos import PhotoIntake
from bot.messages import Attachment, Channel, Message, Model, Prompt
from bot.ports import Store
from bot.words import say
from tests.conftest import PHOTOS, said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.work import Worker, hear, make_worker
from tests.files.documents import pdf, scan
from tests.files.documents.office import letter, relations
from tests.files.documents.portable import HELVETICA, Page, picture_of, portable

PDF = "application/pdf"
GARBAGE = "".join(f"\\{ord(sign) - 29:03o}" for sign in "The invoice of June is forty-two")
DRAWING = '<w:p><w:r><w:drawing><a:blip r:embed="image{n}"/></w:drawing></w:r></w:p>'


def letter_with(*pictures: bytes, words: str = "See below") -> bytes:
    """A letter with pictures in it."""
    body = f"<w:p><w:r><w:t>{words}</w:t></w:r></w:p>" if words else ""
    body += "".join(DRAWING.format(n=n) for n in range(len(pictures)))
    targets = {f"image{n}": f"media/image{n}.jpeg" for n in range(len(pictures))}
    return letter(body, parts={
        "word/_rels/document.xml.rels": relations(**targets),
        **{f"word/media/image{n}.jpeg": data for n, data in enumerate(pictures)},
    })  # fmt: skip


FILES = {
    "cat.jpg": (PHOTOS / "cat.jpg").read_bytes(),
    "report.pdf": pdf("The total is 42", "Thank you"),
    "scan.pdf": portable(*[Page(picture=picture_of(f"page {n}")) for n in range(2)]),
    "mixed.pdf": portable(Page("Cover"), Page(picture=picture_of("scanned")), Page()),
    "long.pdf": portable(*[Page(picture=picture_of(f"page {n}", (425, 550))) for n in range(10)]),
    "garbled.pdf": portable(Page(GARBAGE, HELVETICA.replace("/Encoding/WinAnsiEncoding", ""))),
    "blank.pdf": scan(),
    "letter.docx": letter_with(picture_of("a"), picture_of("icon", (32, 32)), picture_of("b")),
    "album.docx": letter_with(*[picture_of(f"{n}") for n in range(6)], words=""),
}


@pytest.fixture
def platform() -> FakePlatform:
    platform = FakePlatform()
    platform.files |= FILES
    return platform


@pytest.fixture
def vapi() -> FakeProvider:
    return FakeProvider(["an answer"], name="sandbox", keeps_history=False)


@pytest.fixture
def worker(sqlite: Store, platform: FakePlatform, vapi: FakeProvider, photos: PhotoIntake) -> Worker:
    """A worker whose only provider keeps no history, and opens no documents unless a test says so."""
    return make_worker(sqlite, platform, vapi, photos)


def shown(text: str, *names: str) -> Message:
    return replace(said(text), attachments=tuple(Attachment(ref=name, name=name) for name in names))


def photos_of(prompt: Prompt) -> dict[str, int]:
    """The names of the photos, with their numbers."""
    return {each.name: prompt.numbers.get(each.sha256, 0) for each in prompt.photos}


async def test_a_scan_is_shown_page_by_page(worker: Worker, platform: FakePlatform, vapi: FakeProvider) -> None:
    await hear(worker, shown("what?", "scan.pdf"))
    [prompt] = vapi.prompts
    assert photos_of(prompt) == {"scan.pdf, page 1": 2, "scan.pdf, page 2": 3}
    assert {each.name for each in vapi.uploads} == set(photos_of(prompt))
    assert all(max(each.width, each.height) > 2000 for each in prompt.photos), "small letters stay legible"
    assert prompt.excerpts == ("File 1 (scan.pdf) says:\n\n[page 1] (shown as photo 2)\n\n[page 2] (shown as photo 3)",)
    assert platform.reads() == ["an answer"]


async def test_of_a_mixed_one_only_pages_without_words_are_shown(worker: Worker, vapi: FakeProvider) -> None:
    await hear(worker, shown("what?", "mixed.pdf", "cat.jpg"))
    assert photos_of(vapi.prompts[0]) == {"cat.jpg": 2, "mixed.pdf, page 2": 3}
    assert "[page 1]\nCover\n\n[page 2] (shown as photo 3)\n\n[page 3]" in vapi.prompts[0].excerpts[0]


async def test_a_page_whose_letters_have_no_map_is_shown(worker: Worker, vapi: FakeProvider) -> None:
    await hear(worker, shown("what?", "garbled.pdf"))
    assert list(photos_of(vapi.prompts[0])) == ["garbled.pdf, page 1"]


async def test_of_a_long_one_the_first_eight_pages_are_shown_and_the_others_named(
    worker: Worker, platform: FakePlatform, vapi: FakeProvider
) -> None:
    await hear(worker, shown("what?", "long.pdf", "scan.pdf"))
    assert len(vapi.prompts[0].photos) == 8
    unseen = [say("document_unseen_pages", name="long.pdf", pages="9–10")]
    unseen += [say("document_unseen_pages", name="scan.pdf", pages="1–2")]
    assert platform.reads() == ["\n\n".join([*(f"_{each}_" for each in unseen), "an answer"])]


async def test_a_model_without_eyes_gets_the_words_and_people_are_told(
    worker: Worker, platform: FakePlatform, vapi: FakeProvider
) -> None:
    vapi.catalogue = [Model(id="gpt-4o", name="GPT-4o", sees=True), Model(id="o3-mini", name="o3 mini", sees=False)]
    await hear(worker, said("/model o3-mini"), shown("what?", "mixed.pdf"), shown("what?", "scan.pdf"))
    assert vapi.prompts[-1].photos == ()
    assert "[page 2] (a picture without text)" in vapi.prompts[-1].excerpts[0]
    assert say("document_unseen_pages", name="mixed.pdf", pages="2") in platform.reads()[1]
    assert str(Unreadable("document_no_text")) in platform.reads()[2]
    assert len(vapi.prompts) == 1


async def test_a_long_receipt_is_one_photo_in_legible_parts(
    worker: Worker, platform: FakePlatform, vapi: FakeProvider
) -> None:
    receipt = portable(Page(picture=picture_of("scanned"))).replace(b"612 792]", b"200 3000]")
    platform.files["receipt.pdf"] = receipt
    await hear(worker, shown("what?", "receipt.pdf"))
    [photo] = vapi.prompts[0].photos
    assert photos_of(vapi.prompts[0]) == {"receipt.pdf, page 1": 2}
    assert len(photo.pictures) > 2


async def test_blank_pages_are_not_shown(worker: Worker, platform: FakePlatform, vapi: FakeProvider) -> None:
    await hear(worker, shown("what?", "blank.pdf"))
    assert vapi.prompts == []
    assert str(Unreadable("document_no_text")) in platform.reads()[0]


async def test_the_next_question_shows_the_same_pages_under_the_same_numbers(
    worker: Worker, platform: FakePlatform, vapi: FakeProvider
) -> None:
    await hear(worker, shown("what?", "scan.pdf"), said("and the date?"), said("what is on photo 3?"))
    assert photos_of(vapi.prompts[1]) == photos_of(vapi.prompts[0])
    assert photos_of(vapi.prompts[2]) == {"scan.pdf, page 2": 3}
    assert platform.fetched == ["scan.pdf"]


async def test_a_page_that_is_no_longer_here_is_drawn_anew(
    worker: Worker, platform: FakePlatform, vapi: FakeProvider, photos: PhotoIntake
) -> None:
    await hear(worker, shown("what?", "scan.pdf"))
    known = await worker.store.files.list_files(vapi.prompts[0].conversation, 10)
    assert [each.is_inside for each in known] == [False, True, True]
    await photos.drop([each.sha256 for each in known])
    await hear(worker, said("what is on photo 2?"))
    assert photos_of(vapi.prompts[1]) == {"scan.pdf, page 1": 2}
    assert platform.fetched == ["scan.pdf", "scan.pdf"]


async def test_a_group_that_moves_takes_its_pages_along(
    worker: Worker, vapi: FakeProvider, platform: FakePlatform
) -> None:
    await hear(worker, shown("what?", "scan.pdf"))
    await worker.store.channels.migrate_channel(Channel("web", "lobby"), Channel("web", "hall"))
    known = await worker.store.files.list_files(vapi.prompts[0].conversation, 10)
    assert [str(each.channel) for each in known] == ["web:hall", "inside:web:hall", "inside:web:hall"]


async def test_who_opens_documents_gets_the_file_and_no_pictures(worker: Worker, vapi: FakeProvider) -> None:
    vapi.opens = {PDF}
    await hear(worker, shown("what?", "scan.pdf"))
    assert [each.name for each in vapi.prompts[0].documents] == ["scan.pdf"]
    assert vapi.prompts[0].photos == ()


async def test_who_would_only_read_its_words_gets_them_with_pictures(
    worker: Worker, vapi: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vapi, "reads", lambda document, _: not document.has_pictures)
    await hear(worker, shown("what?", "scan.pdf", "report.pdf"), shown("what?", "letter.docx"))
    assert [each.name for each in vapi.prompts[0].documents] == ["report.pdf"]
    assert list(photos_of(vapi.prompts[0])) == ["scan.pdf, page 1", "scan.pdf, page 2"]
    assert len(vapi.prompts[1].photos) == 2


async def test_one_too_long_for_its_words_to_travel_is_opened_all_the_same(
    worker: Worker, platform: FakePlatform, vapi: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vapi, "reads", lambda document, _: not document.has_pictures)
    platform.files["book.pdf"] = portable(Page(picture=picture_of("cover")), *[Page("word " * 2000)] * 9)
    await hear(worker, shown("what?", "book.pdf"))
    assert [each.name for each in vapi.prompts[0].documents] == ["book.pdf"]


async def test_one_that_is_not_opened_after_all_is_shown(worker: Worker, vapi: FakeProvider) -> None:
    vapi.opens = {PDF}
    vapi.script = [[Refused("provider_document_refused")], ["a scan"]]
    await hear(worker, shown("what?", "scan.pdf"))
    assert photos_of(vapi.prompts[-1]) == {"scan.pdf, page 1": 2, "scan.pdf, page 2": 3}
    assert vapi.prompts[-1].documents == ()


async def test_pictures_in_a_letter_are_photos_but_icons_are_not(worker: Worker, vapi: FakeProvider) -> None:
    await hear(worker, shown("what?", "letter.docx"))
    assert photos_of(vapi.prompts[0]) == {"letter.docx, picture 1": 2, "letter.docx, picture 2": 3}
    assert vapi.prompts[0].excerpts == ("File 1 (letter.docx) says:\n\nSee below",)


async def test_a_letter_of_nothing_but_pictures_is_shown(
    worker: Worker, platform: FakePlatform, vapi: FakeProvider
) -> None:
    await hear(worker, shown("what?", "album.docx"))
    assert len(vapi.prompts[0].photos) == 4
    assert platform.reads() == ["an answer"]


async def test_a_guessed_encoding_is_named_above_the_answer(worker: Worker, platform: FakePlatform) -> None:
    platform.files["notes.txt"] = "Größe: 3\n".encode("cp1252")
    await hear(worker, shown("what?", "notes.txt"), said("more"))
    note = say("document_encoding", name="notes.txt", encoding="Windows-1252")
    assert platform.reads() == [f"_{note}_\n\nan answer", "an answer"]

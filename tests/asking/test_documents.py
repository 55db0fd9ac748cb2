"""Documents in a conversation: opened by the provider or put into words, remembered, mended, and told about."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.errors import Forgotten, Refused, Unreadable
from bot.files.photos import PhotoIntake
from bot.messages import Attachment, Message, Model, Prompt
from bot.ports import Store
from bot.words import say
from tests.conftest import PHOTOS, said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider, Step
from tests.doubles.work import Worker, hear, make_worker
from tests.files.documents import bomb, locked, pdf, scan, word

PDF = "application/pdf"
REFUSED = Refused("provider_document_refused")
FILES = {
    "cat.jpg": (PHOTOS / "cat.jpg").read_bytes(),
    "rocket.jpg": (PHOTOS / "rocket.jpg").read_bytes(),
    "report.pdf": pdf("The total is 42", "Thank you"),
    "letter.docx": word("Dear Ada"),
    "notes.txt": "Größe: 3\n".encode("latin-1"),
    "table.csv": b"a;b\n1;2\n",
    "scan.pdf": scan(),
    "locked.pdf": locked(pdf("secret"), "secret"),
    "cut.pdf": pdf("x")[:200],
    "bomb.docx": bomb(),
    "program.exe": bytes(range(256)),
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
def worker(sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake) -> Worker:
    """A worker whose only provider keeps the history, and opens documents."""
    return make_worker(sqlite, platform, provider, photos)


@pytest.fixture
def stateless(sqlite: Store, platform: FakePlatform, vapi: FakeProvider, photos: PhotoIntake) -> Worker:
    """A worker whose only provider keeps no history, and opens no documents unless a test says so."""
    return make_worker(sqlite, platform, vapi, photos)


def shown(text: str, *names: str) -> Message:
    return replace(said(text), attachments=tuple(Attachment(ref=name, name=name) for name in names))


def last(provider: FakeProvider) -> Prompt:
    return provider.prompts[-1]


def documents(prompt: Prompt) -> list[str]:
    return [each.name for each in prompt.documents]


def photos_of(prompt: Prompt) -> list[str]:
    return [each.name for each in prompt.photos]


def script(provider: FakeProvider, *answers: Sequence[Step]) -> None:
    provider.script = list(answers)


# who opens documents


async def test_a_document_is_brought_to_whoever_opens_it(worker: Worker, provider: FakeProvider) -> None:
    await hear(worker, shown("the total?", "report.pdf", "letter.docx", "notes.txt", "table.csv"))
    assert documents(last(provider)) == ["report.pdf", "letter.docx", "notes.txt", "table.csv"]
    assert {each.name for each in provider.uploads} == set(documents(last(provider)))
    assert last(provider).excerpts == ()


async def test_it_goes_together_with_photos(worker: Worker, platform: FakePlatform, provider: FakeProvider) -> None:
    await hear(worker, shown("same?", "cat.jpg", "report.pdf", "rocket.jpg"))
    assert (photos_of(last(provider)), documents(last(provider))) == (["cat.jpg", "rocket.jpg"], ["report.pdf"])
    assert platform.reads() == ["a cat"]


@pytest.mark.parametrize(("order", "captioned"), [((0, 1, 2), 2), ((2, 0, 1), 0), ((1, 2, 0), 1)])
async def test_those_of_one_album_are_one_question(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, order: Sequence[int], captioned: int
) -> None:
    names = ("report.pdf", "letter.docx", "table.csv")
    parts = [replace(shown("compare" if n == captioned else "", name), album="a") for n, name in enumerate(names)]
    await hear(worker, *(parts[n] for n in order))
    [prompt] = provider.prompts
    assert (prompt.text, documents(prompt)) == ("compare", [*names])
    assert platform.reads() == ["a cat"]


async def test_alone_and_without_a_word_it_is_asked_what_it_is_about(worker: Worker, provider: FakeProvider) -> None:
    await hear(worker, shown("", "report.pdf"), shown("", "report.pdf", "cat.jpg"))
    assert [prompt.text for prompt in provider.prompts] == [say("ask_plain_document"), say("ask_plain")]


async def test_who_remembers_does_not_get_it_again(worker: Worker, provider: FakeProvider) -> None:
    await hear(worker, shown("what?", "report.pdf"), said("and the total?"))
    assert documents(last(provider)) == []
    assert len(provider.uploads) == 1


async def test_who_forgot_gets_it_again(worker: Worker, provider: FakeProvider) -> None:
    script(provider, ["42"], [Forgotten("provider_forgot")], ["still 42"])
    await hear(worker, shown("what?", "report.pdf"), said("really?"))
    assert documents(last(provider)) == ["report.pdf"]
    assert "[file 1] what?" in last(provider).text


# who does not


async def test_others_get_its_words_with_a_heading(stateless: Worker, vapi: FakeProvider) -> None:
    await hear(stateless, shown("what?", "report.pdf", "notes.txt"))
    assert documents(last(vapi)) == []
    assert last(vapi).excerpts == (
        "File 1 (report.pdf) says:\n\n[page 1]\nThe total is 42\n\n[page 2]\nThank you",
        "File 2 (notes.txt) says:\n\nGröße: 3\n",
    )
    assert vapi.uploads == []


async def test_they_get_them_again_with_the_next_question(stateless: Worker, vapi: FakeProvider) -> None:
    await hear(stateless, shown("what?", "cat.jpg"), shown("and this?", "report.pdf"), said("the total?"))
    assert [each.partition("\n")[0] for each in last(vapi).excerpts] == ["File 2 (report.pdf) says:"]
    assert photos_of(last(vapi)) == []
    assert "Photo 1 (cat.jpg): an answer" in last(vapi).background


async def test_one_that_is_named_by_its_number_comes_along(stateless: Worker, vapi: FakeProvider) -> None:
    await hear(stateless, shown("what?", "report.pdf"), shown("and this?", "cat.jpg"), said("the total of file 1?"))
    assert len(last(vapi).excerpts) == 1
    assert photos_of(last(vapi)) == []


async def test_earlier_ones_come_from_the_shelf(stateless: Worker, platform: FakePlatform) -> None:
    await hear(stateless, shown("what?", "report.pdf"), said("more"), said("and more"))
    assert platform.fetched == ["report.pdf"]


async def test_what_the_shelf_has_lost_is_fetched_again_and_what_nobody_has_is_named(
    stateless: Worker, platform: FakePlatform, vapi: FakeProvider, photos: PhotoIntake
) -> None:
    await hear(stateless, shown("what?", "report.pdf"))
    [known] = await stateless.store.files.list_files(last(vapi).conversation, 10)
    assert (known.attachment.mime, known.is_document) == (PDF, True)
    await photos.drop([known.sha256])
    await hear(stateless, said("more"))
    assert platform.fetched == ["report.pdf", "report.pdf"]
    assert len(last(vapi).excerpts) == 1

    await photos.drop([known.sha256])
    del platform.files["report.pdf"]
    await hear(stateless, said("and more"))
    assert platform.reads()[2].startswith("_I can't get file 1 (report.pdf) any more: it could not be downloaded._")
    assert last(vapi).excerpts == ()


async def test_where_only_a_part_goes_along_everybody_is_told(
    stateless: Worker, platform: FakePlatform, vapi: FakeProvider
) -> None:
    platform.files["long.pdf"] = pdf(*["word " * 1000] * 312)
    await hear(stateless, shown("what?", "long.pdf"), said("more"))
    assert vapi.prompts[0].excerpts[0].startswith("File 1 (long.pdf), the first 11 of 312 pages, says:")
    assert platform.reads()[0] == "_Of long.pdf, I passed on the first 11 of 312 pages._\n\nan answer"
    assert "the first 11 of 312 pages" in last(vapi).excerpts[0]
    assert platform.reads()[1] == "an answer", "once is enough for people"


async def test_several_long_ones_share_the_room(stateless: Worker, platform: FakePlatform, vapi: FakeProvider) -> None:
    platform.files |= {f"{n}.txt": f"{n} ".encode() * 100_000 for n in range(3)}
    await hear(stateless, shown("what?", "0.txt", "1.txt", "2.txt", "notes.txt"))
    assert sum(map(len, last(vapi).excerpts)) < 61_000
    assert [len(each) // 1000 for each in last(vapi).excerpts] == [20, 20, 20, 0]


async def test_pdfs_may_be_opened_where_the_rest_is_put_into_words(stateless: Worker, vapi: FakeProvider) -> None:
    vapi.opens = {PDF}
    await hear(stateless, shown("what?", "report.pdf", "letter.docx"), said("more"))
    for prompt in vapi.prompts:
        assert documents(prompt) == ["report.pdf"]
        assert [each.partition("\n")[0] for each in prompt.excerpts] == ["File 2 (letter.docx) says:"]


async def test_a_model_without_eyes_reads_documents(
    stateless: Worker, platform: FakePlatform, vapi: FakeProvider
) -> None:
    vapi.catalogue = [Model(id="gpt-4o", name="GPT-4o", sees=True), Model(id="o3-mini", name="o3 mini", sees=False)]
    await hear(stateless, said("/model o3-mini"), shown("what?", "report.pdf"))
    assert len(last(vapi).excerpts) == 1
    assert platform.reads()[1] == "an answer"


# what cannot be read


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("locked.pdf", "document_locked"),
        ("cut.pdf", "document_broken"),
        ("bomb.docx", "document_bomb"),
        ("lost.pdf", "photo_gone"),
    ],
)
async def test_it_is_named_and_the_others_are_answered(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, name: str, key: str
) -> None:
    await hear(worker, shown("what?", name, "report.pdf", "cat.jpg"))
    unread = say("files_some_read", read=2, total=3, names=f"{name}: {Unreadable(key)}")
    assert platform.reads() == [f"_{unread}_\n\na cat"]
    assert unread in last(provider).text


async def test_alone_it_is_named_and_nothing_is_asked(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    await hear(worker, shown("what?", "locked.pdf"))
    names = f"locked.pdf: {Unreadable('document_locked')}"
    assert platform.reads() == [f"⚠️ {say('files_none_read', names=names)}"]
    assert provider.prompts == []


async def test_what_is_neither_is_told_as_ever(worker: Worker, platform: FakePlatform) -> None:
    await hear(worker, shown("what?", "program.exe"))
    names = f"program.exe: {Unreadable('photo_not_an_image')}"
    assert platform.reads() == [f"⚠️ {say('photos_none_read', names=names)}"]


async def test_a_scan_is_opened_by_some_and_named_by_others(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    await hear(worker, shown("what?", "scan.pdf"))
    assert documents(last(provider)) == ["scan.pdf"]
    provider.opens = set()
    await hear(worker, shown("what?", "scan.pdf"))
    assert str(Unreadable("document_no_text")) in platform.reads()[1]


async def test_where_it_is_switched_off_the_file_is_named_and_the_rest_answered(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    worker = make_worker(sqlite, platform, provider, photos, bot_features_off="documents")
    await hear(worker, shown("what?", "report.pdf", "cat.jpg"))
    unread = say("files_some_read", read=1, total=2, names=f"report.pdf: {say('feature_off')}")
    assert platform.reads() == [f"_{unread}_\n\na cat"]
    assert photos_of(last(provider)) == ["cat.jpg"]


async def test_one_that_is_too_heavy_is_named_with_the_limit(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    platform.files["heavy.pdf"] = FILES["report.pdf"] + bytes(2_000_000)
    worker = make_worker(sqlite, platform, provider, photos, bot_document_mb="1")
    await hear(worker, shown("what?", "heavy.pdf"))
    assert "larger than 1 MB" in platform.reads()[0]


# mending


async def test_where_it_is_not_opened_after_all_its_words_go_along(
    stateless: Worker, platform: FakePlatform, vapi: FakeProvider
) -> None:
    vapi.opens = {PDF}
    for refusal in (REFUSED, Refused("provider_context_too_long"), Refused("provider_bad_request", status=400)):
        script(vapi, [refusal], ["42"])
        await hear(stateless, shown("what?", "report.pdf", "cat.jpg"))
        assert documents(last(vapi)) == []
        assert "The total is 42" in last(vapi).excerpts[0]
        assert photos_of(last(vapi)) == ["cat.jpg"]
    assert platform.reads() == ["42"] * 3


async def test_that_is_tried_once(stateless: Worker, platform: FakePlatform, vapi: FakeProvider) -> None:
    vapi.opens = {PDF}
    script(vapi, [REFUSED])
    await hear(stateless, shown("what?", "report.pdf"))
    assert len(vapi.prompts) == 2
    assert platform.reads() == [f"⚠️ {say('provider_document_refused')}"]


async def test_a_scan_that_is_not_opened_is_named_and_the_rest_answered(
    stateless: Worker, platform: FakePlatform, vapi: FakeProvider
) -> None:
    vapi.opens = {PDF}
    script(vapi, [REFUSED], ["a cat"])
    await hear(stateless, shown("what?", "scan.pdf", "cat.jpg"))
    unread = say("files_some_read", read=1, total=2, names=f"scan.pdf: {Unreadable('document_no_text')}")
    assert platform.reads() == [f"_{unread}_\n\na cat"]
    script(vapi, [REFUSED])
    await hear(stateless, shown("what?", "scan.pdf"))
    assert platform.reads()[1] == f"⚠️ {say('provider_document_refused')}"


async def test_an_upload_that_is_not_taken_goes_in_words(worker: Worker, provider: FakeProvider) -> None:
    provider.refuse["report.pdf"] = Unreadable("document_refused")
    await hear(worker, shown("what?", "report.pdf"))
    assert documents(last(provider)) == []
    assert "The total is 42" in last(provider).excerpts[0]


async def test_another_model_that_opens_none_gets_the_words(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    other = FakeProvider(["the other one"], name="vapi", keeps_history=False)
    worker = make_worker(sqlite, platform, [provider, other], photos, bot_fallbacks=("vapi/gpt-4o",))
    script(provider, ["42"], [Refused("provider_no_credits")])
    await hear(worker, shown("what?", "report.pdf"), said("and now?"))
    assert "The total is 42" in last(other).excerpts[0]
    assert platform.fetched == ["report.pdf"]


# elsewhere


async def test_asked_once_more_it_comes_along_again(stateless: Worker, vapi: FakeProvider) -> None:
    await hear(stateless, shown("what?", "report.pdf"), said("/retry"))
    assert len(last(vapi).excerpts) == 1


async def test_a_document_is_no_picture_to_change(worker: Worker, platform: FakePlatform) -> None:
    await hear(worker, shown("/upscale", "report.pdf"))
    assert platform.reads()[-1].startswith("⚠️ ")

"""Documents with every provider: opened over there where that is possible, or else put into words."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import Refused
from bot.files.file_cache import FileCache
from bot.messages import Document, Prompt
from bot.ports import Provider
from tests.adapters.providers.contract import NAMES, Rig, opened
from tests.adapters.providers.onemin.conftest import Told, photo
from tests.doubles.openai import FakeOpenAI
from tests.files.documents import locked, pdf, word

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
OPENS = ("aimlapi", "openai")  # PDFs, besides 1min.ai
CAT = photo()


@pytest.fixture(params=NAMES)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with opened(request.param) as rig:
        yield rig


@pytest.fixture
async def provider(rig: Rig) -> AsyncIterator[Provider]:
    async with rig.make() as provider:
        yield provider


@pytest.fixture
def keep(tmp_path: Path) -> FileCache:
    return FileCache(tmp_path, 500_000_000)


def only(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("rig", names, indirect=True)


async def told(provider: Provider, asked: Prompt) -> str:
    answer = Told()
    async with aclosing(provider.ask(asked)) as pieces:
        async for piece in pieces:
            answer.take(piece)
    return answer.text


async def asked(rig: Rig, provider: Provider, *documents: Document, text: str = "What is the total?") -> Prompt:
    for document in documents:
        await provider.capabilities.upload(document)
    return replace(await rig.prompt(provider, text), documents=documents)


def seen(rig: Rig) -> list[str]:
    """The sha256 of every document that came."""
    if isinstance(rig.server, FakeOpenAI):
        return [sha256 for each in rig.server.seen for sha256 in each.documents]
    return [each.sha256 for each in rig.server.seen if each.sha256]


async def test_who_opens_what(rig: Rig, provider: Provider, keep: FileCache) -> None:
    report, letter = keep.put_document("a", PDF, pdf("x")), keep.put_document("a", DOCX, word("x"))
    heavy = replace(report, size=30_000_000)
    assert provider.capabilities.reads(report, "gpt-4o") == (rig.name != "vapi")
    assert provider.capabilities.reads(letter, "gpt-4o") == (rig.name == "onemin")
    assert provider.capabilities.reads(heavy, "gpt-4o") == (rig.name == "onemin")
    await provider.models()
    assert provider.capabilities.reads(report, "o3-mini") == (rig.name == "onemin"), "PDFs are for models that see"


@only("onemin", *OPENS)
async def test_a_pdf_is_opened_over_there(rig: Rig, provider: Provider, keep: FileCache) -> None:
    report = keep.put_document("report.pdf", PDF, pdf("The total is 42", "Thank you"))
    answer = await told(provider, await asked(rig, provider, report))
    assert "2 pages" in answer
    assert "The total is 42" in answer
    assert seen(rig) == [report.sha256]


@only("onemin", *OPENS)
async def test_documents_and_photos_go_together_each_in_its_order(
    rig: Rig, provider: Provider, keep: FileCache
) -> None:
    one, two = (keep.put_document(f"{n}.pdf", PDF, pdf(f"Number {n}")) for n in (1, 2))
    await provider.capabilities.upload(CAT)
    answer = await told(provider, replace(await asked(rig, provider, one, two), photos=(CAT,)))
    assert "451 × 300" in answer
    assert answer.index("Number 1") < answer.index("Number 2")


@only("onemin", *OPENS)
async def test_one_of_forty_megabytes_goes_over_as_it_is(rig: Rig, provider: Provider, keep: FileCache) -> None:
    megabytes = 40 if rig.name == "onemin" else 20
    report = keep.put_document("report.pdf", PDF, pdf("The total is 42") + bytes(megabytes * 1_000_000))
    try:
        await told(provider, await asked(rig, provider, report))
    except Refused as error:  # the double is strict about the end of a PDF
        assert error.code == "provider_bad_request"
    assert seen(rig) == [report.sha256]


@only("onemin", *OPENS)
async def test_one_that_cannot_be_opened_there_is_refused(rig: Rig, provider: Provider, keep: FileCache) -> None:
    report = keep.put_document("report.pdf", PDF, locked(pdf("The total is 42"), "secret"))
    with pytest.raises(Refused) as refused:
        await told(provider, await asked(rig, provider, report))
    assert refused.value.code == "provider_bad_request"


async def test_words_of_a_document_go_along_everywhere(rig: Rig, provider: Provider) -> None:
    said = ("File 1 (a.txt) says:\n\nIt is blue.", "File 2 (b.txt) says:\n\nIt is red.")
    answer = await told(provider, replace(await rig.prompt(provider, "Which?"), excerpts=said))
    assert "File 1 (a.txt) says" in answer
    if isinstance(rig.server, FakeOpenAI):
        assert rig.server.asked[-1].texts == ["\n\n".join(("Which?", *said))]
    else:
        assert rig.server.seen[-1].prompt == "\n\n".join((*said, "Which?"))


@only("openai")
async def test_a_model_that_takes_no_files_says_so_once(rig: Rig, provider: Provider, keep: FileCache) -> None:
    report = keep.put_document("report.pdf", PDF, pdf("The total is 42"))
    question = await asked(rig, provider, report)
    question = replace(question, conversation=replace(question.conversation, model="openai/o3-mini"))
    assert provider.capabilities.reads(report, "o3-mini"), "nothing else is known yet"
    with pytest.raises(Refused) as refused:
        await told(provider, question)
    assert refused.value.code == "provider_document_refused"
    assert not provider.capabilities.reads(report, "o3-mini")
    assert provider.capabilities.reads(report, "gpt-4o")

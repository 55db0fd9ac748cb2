"""Documents at 1min.ai: uploaded once, named by their UUID, and known to the conversation from then on."""

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.providers.onemin.provider import OneMin
from bot.errors import Forgotten, Refused, Unreadable
from bot.files.file_cache import FileCache
from bot.messages import Document, Prompt
from emulator import Emulator
from tests.adapters.providers.onemin.conftest import Client, Cloakroom, begun, photo, told
from tests.files.documents import pdf, word

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.fixture
def keep(tmp_path: Path) -> FileCache:
    return FileCache(tmp_path, 500_000_000)


@pytest.fixture
def report(keep: FileCache) -> Document:
    return keep.put_document('a"\r\nX-Evil: 1.pdf', PDF, pdf("The total is 42", "Thank you"))


async def asked(onemin: OneMin, *documents: Document, text: str = "What is the total?", **options: object) -> Prompt:
    prompt = await begun(onemin, text, **options)
    for document in documents:
        await onemin.upload(document)
    return replace(prompt, documents=documents)


def later(prompt: Prompt, text: str, **more: object) -> Prompt:
    """The next question of a conversation, which brings nothing along."""
    return replace(prompt, text=text, **{"documents": (), "photos": (), **more})  # type: ignore[arg-type]


# today's API


@pytest.mark.parametrize(
    ("mime", "data", "measure"),
    [
        (PDF, pdf("one", "two"), "2 pages"),
        (DOCX, word("one", "two", "three"), "3 paragraphs"),
        ("text/plain", b"one\ntwo\n", "2 lines"),
        ("text/markdown", b"# One\ntwo\n", "2 lines"),
        ("text/csv", b"a,b\n1,2\n", "2 columns"),
    ],
)
async def test_every_kind_is_taken(onemin: OneMin, keep: FileCache, mime: str, data: bytes, measure: str) -> None:
    answer = await told(onemin, await asked(onemin, keep.put_document("a", mime, data)))
    assert measure in answer.text


async def test_markdown_goes_out_as_plain_text_because_it_is_refused_otherwise(
    onemin: OneMin, emulator: Emulator, keep: FileCache
) -> None:
    for mime, data in (("text/markdown", b"# One\n"), ("application/json", b"[1]\n")):
        document = keep.put_document("a", mime, data)
        assert onemin.reads(document, "any")
        await onemin.upload(document)
        assert emulator.seen[-1].name == f"{document.sha256[:16]}.txt"


def test_office_files_but_for_word_are_not_for_1min_ai(onemin: OneMin, keep: FileCache) -> None:
    for mime in ("application/epub+zip", "text/html", "application/vnd.oasis.opendocument.text"):
        assert not onemin.reads(keep.put_document("a", mime, b"x"), "any")


async def test_it_is_named_by_its_uuid_and_a_photo_by_its_path(
    onemin: OneMin, emulator: Emulator, cloakroom: Cloakroom, report: Document
) -> None:
    cat = photo()
    await onemin.upload(cat)
    prompt = await asked(onemin, report)
    await told(onemin, replace(prompt, photos=(cat,)))
    kept = {sha256: key for (_, _, sha256), key in cloakroom.kept.items()}
    assert kept[cat.sha256].startswith("images/")
    assert "/" not in kept[report.sha256]
    assert (emulator.seen[-1].photos, emulator.seen[-1].files) == (1, 1)


async def test_a_follow_up_does_not_send_it_again(onemin: OneMin, emulator: Emulator, report: Document) -> None:
    prompt = await asked(onemin, report)
    await told(onemin, prompt)
    answer = await told(onemin, later(prompt, "Where is the total?"))
    assert "Still about file 1" in answer.text
    assert "*total* on page 1" in answer.text
    assert emulator.seen[-1].files == 0
    assert [seen.path.rpartition("/")[2] for seen in emulator.seen].count("assets") == 1


async def test_nothing_of_the_sender_gets_into_the_headers(
    onemin: OneMin, emulator: Emulator, report: Document
) -> None:
    await onemin.upload(report)
    assert emulator.seen[-1].name == f"{report.sha256[:16]}.pdf"


async def test_documents_that_are_lost_over_there_are_uploaded_again(
    onemin: OneMin, emulator: Emulator, report: Document
) -> None:
    prompt = await asked(onemin, report)
    emulator.faults.add("forget_asset")
    assert "2 pages" in (await told(onemin, prompt)).text
    assert [seen.path.rpartition("/")[2] for seen in emulator.seen][-3:] == ["chat-with-ai", "assets", "chat-with-ai"]


async def test_one_that_is_not_taken_is_refused_with_advice(
    onemin: OneMin, emulator: Emulator, report: Document
) -> None:
    emulator.faults.add("file_type")
    with pytest.raises(Unreadable) as refused:
        await onemin.upload(report)
    assert refused.value.code == "document_refused"


async def test_nobody_watches_the_videos_that_a_document_links_to(onemin: OneMin, emulator: Emulator) -> None:
    prompt = await begun(onemin, "What does it say?")
    await told(onemin, replace(prompt, excerpts=("a.txt says:\n\nhttps://youtu.be/abcdefghijk",)))
    assert "abcdefghijk" not in emulator.seen[-1].prompt


# the older API


@pytest.fixture
async def older(client: Client) -> OneMin:
    return client("features")


async def test_there_it_gets_a_conversation_of_its_own_which_goes_on(
    older: OneMin, emulator: Emulator, report: Document
) -> None:
    async with older as onemin:
        prompt = await asked(onemin, report)
        first = await told(onemin, prompt)
        second = await told(onemin, later(prompt, "Where is the total?"))
    assert "a PDF of **2 pages**" in first.text
    assert "Still about file 1" in second.text
    types = [seen.type for seen in emulator.seen if seen.type]
    assert types == ["CHAT_WITH_IMAGE", "CHAT_WITH_PDF", "CHAT_WITH_PDF", "CHAT_WITH_PDF"]


async def test_there_it_goes_on_after_a_restart_too(client: Client, emulator: Emulator, report: Document) -> None:
    async with client("features") as onemin:
        prompt = await asked(onemin, report)
        await told(onemin, prompt)
    async with client("features") as onemin:
        assert "Still about file 1" in (await told(onemin, later(prompt, "The total?"))).text


async def test_there_a_photo_leads_back_and_another_document_elsewhere(
    older: OneMin, emulator: Emulator, keep: FileCache, report: Document
) -> None:
    async with older as onemin:
        prompt = await asked(onemin, report)
        await told(onemin, prompt)
        cat = photo()
        await onemin.upload(cat)
        assert "Photo 1" in (await told(onemin, later(prompt, "And this?", photos=(cat,)))).text
        assert "Still about photo 1" in (await told(onemin, later(prompt, "And now?"))).text
        letter = keep.put_document("b.docx", DOCX, word("Dear Ada"))
        assert "1 paragraph" in (await told(onemin, later(prompt, "This?", documents=(letter,)))).text
        again = await told(onemin, later(prompt, "And that total?", documents=(report,)))
    assert "This is turn 2" in again.text, "it comes back to what was said of it"


async def test_there_several_documents_share_a_conversation(older: OneMin, keep: FileCache, report: Document) -> None:
    letter = keep.put_document("b.docx", DOCX, word("Dear Ada"))
    async with older as onemin:
        answer = await told(onemin, await asked(onemin, report, letter))
    assert "2 pages" in answer.text
    assert "1 paragraph" in answer.text


async def test_there_documents_and_photos_do_not_go_together(older: OneMin, report: Document) -> None:
    cat = photo()
    async with older as onemin:
        await onemin.upload(cat)
        with pytest.raises(Refused) as refused:
            await told(onemin, replace(await asked(onemin, report), photos=(cat,)))
    assert refused.value.code == "provider_document_refused"


async def test_there_a_model_that_opens_none_is_no_unknown_model(older: OneMin, report: Document) -> None:
    async with older as onemin:
        prompt = await asked(onemin, report, model="onemin/gpt-4.1")
        with pytest.raises(Refused) as refused:
            await told(onemin, prompt)
        assert refused.value.code == "provider_document_refused"
        with pytest.raises(Forgotten):
            await told(onemin, later(prompt, "And now?"))


async def test_there_words_of_a_document_lead_back_as_well(older: OneMin, emulator: Emulator, report: Document) -> None:
    async with older as onemin:
        prompt = await asked(onemin, report)
        await told(onemin, prompt)
        await told(onemin, later(prompt, "And this?", excerpts=("b.txt says:\n\nIt is blue.",)))
    assert emulator.seen[-1].type == "CHAT_WITH_AI"
    assert emulator.seen[-1].conversation == prompt.conversation.remote_id


async def test_there_a_lone_question_leaves_no_conversation(
    older: OneMin, emulator: Emulator, report: Document
) -> None:
    async with older as onemin:
        prompt = await asked(onemin, report)
        await told(onemin, replace(prompt, conversation=replace(prompt.conversation, remote_id=None)))
    assert emulator.seen[-1].method == "DELETE"


async def test_there_all_of_it_is_forgotten(older: OneMin, emulator: Emulator, report: Document) -> None:
    async with older as onemin:
        prompt = await asked(onemin, report)
        await told(onemin, prompt)
        await onemin.forget(prompt.conversation)
    assert [seen.method for seen in emulator.seen][-2:] == ["DELETE", "DELETE"]
    assert [seen.status for seen in emulator.seen][-2:] == [200, 200]

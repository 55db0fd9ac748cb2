"""What is kept, and how to have it or be rid of it."""

import io
import random
import zipfile
from dataclasses import replace

import pytest

from bot.commands import CommandContext, Response, Rules
from bot.errors import Busy, Refused
from bot.files.documents import DocumentIntake
from bot.files.photos import PhotoIntake
from bot.messages import AnswerVersion, Attachment, File, JobResult, LaneResult, Turn, Usage
from bot.ports import Store
from tests.commands.conftest import heard, pressable, response, told
from tests.conftest import CAT, MODEL, PHOTOS, said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.work import linked
from tests.files.documents import pdf
from tests.store.talk import HERE, THERE, answer, claim_one

PICTURE = (PHOTOS / "coffee.png").read_bytes()
REPORT = pdf("The total is 42")


@pytest.fixture
async def talked(sqlite: Store) -> Turn:
    """What is said after a photo was asked about and the provider began to remember the conversation."""
    await sqlite.intake.add(said("what is this?", photos=1))
    turn = await claim_one(sqlite)
    await sqlite.conversations.save_remote_id(turn.conversation, "uuid-1")
    await answer(sqlite, turn, "a cat")
    return await heard(sqlite)


async def commanded(store: Store, text: str, result: JobResult, *made: File) -> None:
    """A command for which a model works, and what comes of it."""
    await store.intake.add(said(text))
    turn = await claim_one(store)
    await store.files.save_generated(turn, made)
    await store.ledger.settle(turn, 0, MODEL, Usage(credits=1))
    await store.queue.save_result(turn, result)
    await store.queue.finish(turn)


def packed(shown: Response) -> zipfile.ZipFile:
    [file] = shown.files
    assert (file.name, file.mime) == ("snapthread.zip", "application/zip")
    return zipfile.ZipFile(io.BytesIO(file.data))


async def test_it_is_said_for_how_long_what_is_kept_and_who_else_gets_it(context: CommandContext, turn: Turn) -> None:
    shown = await response(replace(context, rules=Rules(keep_days=12, photo_days=3)), turn, "privacy")
    assert "for 12 days" in shown.text
    assert "for 3 days" in shown.text
    assert "goes to the provider (sandbox)" in shown.text
    assert pressable(shown) == {"Export": "/export", "Forget …": "/forget"}


async def test_where_nothing_leaves_the_network_privacy_says_so(context: CommandContext, turn: Turn) -> None:
    promise = "apart from the chat platform itself, nothing leaves it"
    assert promise not in (await response(context, turn, "privacy")).text
    shown = await response(replace(context, rules=replace(context.rules, local_only=True)), turn, "privacy")
    assert promise in shown.text


@pytest.mark.parametrize("words", ["forget", "forget everything", "forget no"])
async def test_nothing_is_forgotten_before_somebody_is_sure(
    context: CommandContext, sqlite: Store, talked: Turn, provider: FakeProvider, words: str
) -> None:
    shown = await response(context, talked, words)
    assert "can't be undone" in shown.text
    assert pressable(shown) == {"Yes, delete it": "/forget yes"}
    assert provider.forgotten == []
    assert len(await sqlite.turns.list_answered(talked.conversation)) == 1


async def test_what_is_forgotten_is_deleted_here_at_the_provider_and_on_every_platform(
    context: CommandContext,
    sqlite: Store,
    talked: Turn,
    provider: FakeProvider,
    platform: FakePlatform,
    telegram: FakePlatform,
) -> None:
    await linked(sqlite, str(THERE))
    done = await told(context, talked, "forget yes")
    assert done == "Forgotten: the conversation is deleted, here and at the provider."
    assert provider.forgotten == ["uuid-1"]
    assert (platform.forgotten, telegram.forgotten) == ([HERE], [THERE])
    assert await sqlite.turns.list_answered(talked.conversation) == []
    fresh = await sqlite.conversations.find_conversation(HERE)
    assert fresh is not None
    assert fresh.id != talked.conversation.id
    assert fresh.remote_id is None


async def test_nothing_is_asked_of_a_platform_where_nothing_of_the_channel_lies_here(
    context: CommandContext, talked: Turn, platform: FakePlatform
) -> None:
    plain = replace(platform.as_platform(), forgets=None)
    done = await told(replace(context, platforms={"web": plain}), talked, "forget yes")
    assert done == "Forgotten: the conversation is deleted, here and at the provider."
    assert platform.forgotten == []


async def test_photos_that_are_forgotten_are_dropped_here_and_those_of_others_are_not(
    context: CommandContext, sqlite: Store, photos: PhotoIntake
) -> None:
    mine, theirs = [await photos.read(name, (PHOTOS / name).read_bytes()) for name in ("cat.jpg", "coffee.png")]
    await sqlite.intake.add(said(photos=1))
    turn = await claim_one(sqlite)
    await sqlite.files.save_files(turn, {turn.message.attachments[0]: mine}, HERE)
    await answer(sqlite, turn, "a cat")
    await told(context, await heard(sqlite), "forget yes")
    assert await sqlite.files.list_files(turn.conversation, 10) == []
    assert await photos.recall(mine.sha256, "cat") is None
    assert await photos.recall(theirs.sha256, "cat") is not None


async def test_photos_that_were_put_aside_with_new_are_dropped_along(
    context: CommandContext, sqlite: Store, photos: PhotoIntake
) -> None:
    cat = await photos.read("cat.jpg", CAT)
    await sqlite.intake.add(said(photos=1))
    turn = await claim_one(sqlite)
    await sqlite.files.save_files(turn, {turn.message.attachments[0]: cat}, HERE)
    await answer(sqlite, turn, "a cat")
    await sqlite.conversations.renew(turn.conversation)
    await told(context, await heard(sqlite), "forget yes")
    assert await photos.recall(cat.sha256, "cat") is None


async def test_it_is_forgotten_too_where_nobody_keeps_photos(
    context: CommandContext, sqlite: Store, talked: Turn
) -> None:
    assert (await told(replace(context, photos=None), talked, "forget yes")).startswith("Forgotten")
    assert await sqlite.turns.list_answered(talked.conversation) == []


async def test_a_provider_that_does_not_confirm_is_named_and_here_it_is_deleted(
    context: CommandContext, sqlite: Store, talked: Turn, provider: FakeProvider
) -> None:
    provider.trouble = Busy("provider_down", status=503)
    assert "The provider did not confirm" in await told(context, talked, "forget yes")
    assert await sqlite.turns.list_answered(talked.conversation) == []


async def test_a_provider_that_is_switched_off_cannot_confirm(context: CommandContext, talked: Turn) -> None:
    assert "The provider did not confirm" in await told(replace(context, providers={}), talked, "forget yes")


async def test_what_the_provider_never_knew_it_need_not_delete(
    context: CommandContext, turn: Turn, provider: FakeProvider
) -> None:
    provider.trouble = Busy("provider_down", status=503)
    assert "here and at the provider" in await told(context, turn, "forget yes")


@pytest.mark.parametrize("words", ["forget", "forget yes", "export"])
async def test_it_is_for_those_who_manage_the_place(
    context: CommandContext, sqlite: Store, talked: Turn, platform: FakePlatform, words: str
) -> None:
    platform.managers = set()
    with pytest.raises(Refused, match="Only those who manage"):
        await told(context, talked, words)
    assert len(await sqlite.turns.list_answered(talked.conversation)) == 1


async def test_all_that_was_said_can_be_had_with_the_photos_as_the_provider_saw_them(
    context: CommandContext, talked: Turn
) -> None:
    shown = await response(context, talked, "export")
    assert shown.text == "Here is our conversation. Answers: 1, photos: 1."
    with packed(shown) as zipped:
        transcript = zipped.read("transcript.md").decode()
        assert "> what is this?" in transcript
        assert "> a cat" in transcript
        [photo] = [name for name in zipped.namelist() if name.startswith("photos/")]
        assert zipped.read(photo).startswith(b"\xff\xd8")
        assert zipped.read(photo) != CAT


async def test_documents_are_packed_along(
    context: CommandContext, sqlite: Store, platform: FakePlatform, photos: PhotoIntake
) -> None:
    platform.files["ref1"] = REPORT
    report = Attachment(ref="ref1", name="report.pdf")
    message = said("the total?", photos=1)
    await sqlite.intake.add(replace(message, attachments=(*message.attachments, report)))
    await answer(sqlite, await claim_one(sqlite), "42")
    reads = replace(context, documents=DocumentIntake(photos.keep))
    with packed(await response(reads, await heard(sqlite), "export")) as zipped:
        assert zipped.read("photos/002-report.pdf") == REPORT
        transcript = zipped.read("transcript.md").decode()
        assert "- ![photo0.jpg](photos/001-photo0.jpg)" in transcript
        assert "- [report.pdf](photos/002-report.pdf)" in transcript


async def test_what_was_made_is_packed_along_and_what_was_compared_is_told(
    context: CommandContext, sqlite: Store, talked: Turn
) -> None:
    await answer(sqlite, talked, "yes")
    await commanded(
        sqlite,
        "/imagine a cat",
        JobResult(text="🎨 by a model", caption="a cat"),
        File(name="1.png", mime="image/png", data=PICTURE),
    )
    lanes = [
        LaneResult(answer=AnswerVersion(text=text, model=model))
        for model, text in (("some/a", "one"), ("some/b", "two"))
    ]
    await commanded(sqlite, "/compare a b", JobResult(lanes=tuple(lanes)))
    shown = await response(context, await heard(sqlite), "export")
    assert shown.text == "Here is our conversation. Answers: 4, photos: 2."
    with packed(shown) as zipped:
        transcript = zipped.read("transcript.md").decode()
        assert "> /imagine a cat" in transcript
        assert "![1.png](made/002-1.png)" in transcript
        assert "> **some/a**\n>\n> one\n>\n> **some/b**\n>\n> two" in transcript
        assert zipped.read("made/002-1.png") == PICTURE


async def test_the_newest_of_what_was_made_goes_along_where_it_is_too_much(
    context: CommandContext, sqlite: Store, talked: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.commands.privacy.MOST_BYTES", 30_000)
    await answer(sqlite, talked, "yes")
    for n in range(3):
        noise = PICTURE[:100] + random.Random(n).randbytes(12_000)
        await commanded(sqlite, "/imagine", JobResult(text="🎨"), File(name=f"{n}.png", mime="image/png", data=noise))
    with packed(await response(context, await heard(sqlite), "export")) as zipped:
        made = [name for name in zipped.namelist() if name.startswith("made/")]
        assert made == ["made/003-1.png", "made/004-2.png"]
        assert "- 0.png (left out" in zipped.read("transcript.md").decode()


async def test_photos_that_cannot_be_had_any_more_are_named(
    context: CommandContext, talked: Turn, platform: FakePlatform
) -> None:
    platform.files.clear()
    shown = await response(context, talked, "export")
    assert shown.text == "Here is our conversation. Answers: 1, photos: 0."
    with packed(shown) as zipped:
        assert "photo0.jpg (no longer stored)" in zipped.read("transcript.md").decode()


async def test_what_was_said_on_a_platform_that_is_switched_off_can_be_had_without_its_photos(
    context: CommandContext, sqlite: Store, talked: Turn, platform: FakePlatform
) -> None:
    await sqlite.intake.add(said("and this?", str(THERE), photos=1))
    there = await claim_one(sqlite)
    await answer(sqlite, there, "a dog")
    only_web = replace(context, platforms={"web": platform.as_platform()})
    shown = await told(only_web, replace(talked, conversation=there.conversation), "export")
    assert shown == "Here is our conversation. Answers: 1, photos: 0."

"""Photos, documents and answers are found again, and only those of this conversation."""

import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.commands import CommandContext, Rules
from bot.errors import FailureCode, Refused
from bot.files.photos import PhotoIntake
from bot.messages import AnswerVersion, Attachment, Channel, JobResult, Message, Photo, Turn
from bot.ports import Store
from tests.commands.conftest import command_context, heard, pressable, response, told
from tests.commands.golden_photos import PHOTOS as GOLDEN
from tests.commands.golden_photos import SEARCHES
from tests.commands.golden_pictures import PICTURES
from tests.commands.golden_pictures import SEARCHES as SEARCHES_OF_PICTURES
from tests.conftest import CAT, MODEL, said
from tests.store.talk import HERE, answer, asked, claim_one, cleaned, table

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def in_december(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.commands.find.time.time", lambda: NOW)


async def photo_shown(
    store: Store, name: str, question: str, reply: str, sent: float = 0.0, photo: Photo | None = None
) -> Turn:
    """Somebody showed a photo and was answered; nobody else waits."""
    message = said(question, photos=1)
    await store.intake.add(_at(message, sent))
    turn = await claim_one(store)
    shown = Attachment(ref=f"ref-{name}", name=f"{name}.jpg", mime="image/jpeg")
    await store.files.save_files(turn, {shown: photo or cleaned(name)}, HERE)
    await answer(store, turn, reply)
    return turn


def _at(message: Message, sent: float) -> Message:
    return replace(message, sent=sent or message.sent)


def found(text: str) -> list[str]:
    """Return the beginnings of the lines of a result."""
    return [line.split("**")[1] for line in text.splitlines() if line.startswith("- **")]


@pytest.mark.usefixtures("in_december")
async def test_people_find_what_they_mean_among_sixty_photos(context: CommandContext, sqlite: Store) -> None:
    numbers = {}
    for number, (name, (day, question, reply)) in enumerate(GOLDEN.items(), 1):
        sent = datetime.fromisoformat(f"2026-{day}T12:00:00+00:00").timestamp()
        await photo_shown(sqlite, name, question, reply, sent)
        numbers[name] = f"Photo {number}"
    turn = await heard(sqlite)
    missed = [
        search
        for search, name in SEARCHES.items()
        if numbers[name] not in found(await told(context, turn, f"find {search}"))
    ]
    assert len(missed) / len(SEARCHES) <= 0.15, missed


async def test_a_hit_shows_number_day_and_why_with_the_photo_and_a_button_to_ask(
    context: CommandContext, sqlite: Store, photos: PhotoIntake
) -> None:
    cat = await photos.read("cat.jpg", CAT)
    sent = datetime(2026, 5, 4, 12, tzinfo=UTC).timestamp()
    await photo_shown(sqlite, "cat", "who is this?", "A tabby cat.\nIt sits on the red sofa.", sent, cat)
    shown = await response(context, await heard(sqlite), "find the sofa")
    assert "- **Photo 1** · May 4, 2026 · It sits on the red sofa." in shown.text
    assert pressable(shown) == {"Ask about photo 1": "/ask What is in photo 1?"}
    [file] = shown.files
    assert (file.data, file.about) == (cat.file.read_bytes(), "Photo 1")


async def test_a_question_without_a_photo_is_found_by_its_answer(context: CommandContext, sqlite: Store) -> None:
    await asked(sqlite, "how high is it?", "The tower is 324 metres high.")
    shown = await response(context, await heard(sqlite), "find tower")
    assert found(shown.text) == ["Question"]
    assert not shown.files and not shown.buttons


@pytest.mark.parametrize(
    ("reply", "search"),
    [
        ("Die Rechnungen der Straßenbahn", "RECHNUNG STRASSENBAHN"),
        ("Crème brûlée", "creme brulee"),
        ("Чек из магазина", "чеки"),
        ("スーパーのレシートです", "レシート"),
        ("这是一张超市收据", "收据"),
        ("यह दुकान की रसीद है", "रसीद"),
        ("100% cotton_x", "cotton_x"),
    ],
)
async def test_words_are_found_in_other_forms_and_scripts(
    context: CommandContext, sqlite: Store, reply: str, search: str
) -> None:
    await asked(sqlite, "?", reply)
    assert len(found(await told(context, await heard(sqlite), f"find {search}"))) == 1


async def test_a_percent_sign_finds_no_more_than_a_percent_sign(context: CommandContext, sqlite: Store) -> None:
    await asked(sqlite, "?", "nothing of the kind")
    assert "found nothing" in await told(context, await heard(sqlite), "find 100% x_y")


async def test_nothing_to_look_for_is_explained(context: CommandContext, sqlite: Store) -> None:
    assert "/find receipt from May" in await told(context, await heard(sqlite), "find")


async def test_another_version_of_an_answer_is_found_and_the_former_one_is_not(
    context: CommandContext, sqlite: Store
) -> None:
    first = await photo_shown(sqlite, "pet", "what is this?", "a weasel")
    turn = await heard(sqlite)
    assert found(await told(context, turn, "find weasel")) == ["Photo 1"]
    await sqlite.turns.add_version(first, turn, AnswerVersion(text="a ferret", model=MODEL))
    assert found(await told(context, turn, "find ferret")) == ["Photo 1"]
    assert found(await told(context, turn, "find weasel")) == []
    await sqlite.files.save_description(first.conversation, cleaned("pet").sha256, "a polecat on a scale")
    assert found(await told(context, turn, "find polecat")) == ["Photo 1"]


async def test_an_operator_can_switch_it_off(context: CommandContext, turn: Turn) -> None:
    with pytest.raises(Refused) as refusal:
        await told(replace(context, rules=Rules(off=frozenset({"find"}))), turn, "find cat")
    assert refusal.value.code == FailureCode.FEATURE_OFF


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_is_ever_found_from_elsewhere(store: Store, seed: int) -> None:
    """Channels are linked, left, renewed and forgotten at random; each secret stays where it was said."""
    chance, context = random.Random(seed), command_context(store, providers={})
    channels = [Channel("web", f"room {n}") for n in range(4)]
    said_in: dict[int, set[str]] = {}
    for step in range(25):
        channel = chance.choice(channels)
        secret = f"secret{step:02d}word"
        turn = await asked(store, f"about {secret}", f"{secret} indeed", channel)
        said_in.setdefault(turn.conversation.id, set()).add(secret)
        match chance.choice(["link", "leave", "new", "forget", "nothing"]):
            case "link":
                await store.conversations.join(chance.choice(channels), turn.conversation)
            case "leave":
                await store.conversations.leave(channel)
            case "new":
                await store.conversations.renew(turn.conversation)
            case "forget":
                await store.deletion.forget(turn.conversation)
                said_in.pop(turn.conversation.id)
    for channel in channels:
        asking = await heard(store, str(channel))
        known = said_in.get(asking.conversation.id, set())
        hits = {
            secret
            for step in range(25)
            if found(await told(context, asking, f"find {(secret := f'secret{step:02d}word')}"))
        }
        assert hits == known
        await store.queue.finish(asking)


async def test_what_was_forgotten_or_has_expired_leaves_no_word(sqlite: Store, context: CommandContext) -> None:
    first = await photo_shown(sqlite, "pet", "what is this?", "a weasel")
    turn = await heard(sqlite)
    await told(context, turn, "find weasel")
    assert await table(sqlite, "searchable")
    await sqlite.queue.save_result(turn, JobResult(text=""))
    await sqlite.queue.finish(turn)
    await sqlite.deletion.forget(first.conversation)
    assert await table(sqlite, "searchable") == []


async def test_rendered_pictures_are_found_by_what_is_written_in_them_and_what_they_show(
    context: CommandContext, sqlite: Store
) -> None:
    """The words as a flawless reader has them: `python -m bench search recall` reads the pictures themselves."""
    numbers = {}
    for number, picture in enumerate(PICTURES, 1):
        turn = await photo_shown(sqlite, f"IMG_{number}", "", "ok")
        hash = cleaned(f"IMG_{number}").sha256
        if picture.shows:
            await sqlite.files.save_description(turn.conversation, hash, picture.shows)
        else:
            await sqlite.files.save_words(turn.conversation, hash, "\n".join(picture.lines))
        numbers[picture.lines[0]] = f"Photo {number}"
    assert (len(PICTURES), len(SEARCHES_OF_PICTURES)) >= (60, 40)
    turn = await heard(sqlite)
    missed = [
        search
        for search, first_line in SEARCHES_OF_PICTURES.items()
        if numbers[first_line] not in found(await told(context, turn, f"find {search}"))
    ]
    assert len(missed) / len(SEARCHES_OF_PICTURES) <= 0.15, missed

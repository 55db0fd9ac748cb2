"""No photo is condemned without proof: it is not to blame for what the account, the model or a limit is to blame."""

from collections.abc import Callable

import pytest

from bot.files.photos import PhotoIntake
from bot.messages import ChannelSettings
from bot.ports import Store
from bot.words import say
from tests.conftest import said
from tests.doubles.quirky import MODEL, Answer, Asked, Quirk, refusal, talking
from tests.doubles.work import hear

ALBUM = ("cat.jpg", "rocket.jpg")


def at_most(most: int, sentence: str) -> Quirk:
    return lambda asked: refusal(400, sentence) if len(asked.images) > most else None


class Mended:
    """Refuses all, or all with a picture, until it is mended."""

    def __init__(self, answer: Answer, *, words_pass: bool = False) -> None:
        self.answer, self.words_pass, self.mended = answer, words_pass, False

    def __call__(self, asked: Asked) -> Answer | None:
        return None if self.mended or (self.words_pass and not asked.images) else self.answer


COUNTS = [
    (1, "At most 1 image(s) may be provided in one request."),
    (1, "Only one image per prompt is supported."),
    (2, "Too many images provided. This model supports up to 2 images"),
    (2, "Number of images (3) exceeds the maximum of 2"),
    (1, "Bad request"),
]


@pytest.mark.parametrize(("most", "sentence"), COUNTS)
async def test_a_limit_of_photos_is_obeyed_and_each_can_be_asked_about_afterwards(
    sqlite: Store, photos: PhotoIntake, most: int, sentence: str
) -> None:
    shown = ("cat.jpg", "rocket.jpg", "coffee.png")
    async with talking(sqlite, photos, at_most(most, sentence)) as talk:
        read = await talk.say("what are these?", *shown)
        assert f"I see {most} photos." in read
        assert say("photos_limited", model=MODEL, most=most, sent="photo 3 (coffee.png)").partition(";")[0] in read
        assert "Photo 1 (cat.jpg): not sent along this time" in talk.asked[-1].text
        for n in range(1, 4):
            questions = len(talk.asked)
            assert await talk.say(f"what is in photo {n}?") == "I see 1 photos."
            assert len(talk.asked) == questions + 1


async def test_a_limit_is_learnt_once(sqlite: Store, photos: PhotoIntake) -> None:
    async with talking(sqlite, photos, at_most(1, COUNTS[0][1])) as talk:
        await talk.say("what are these?", *ALBUM)
        assert len(talk.asked) == 2
        assert await talk.say("what is in photo 2?") == "I see 1 photos."
        await talk.say("and these?", *ALBUM)
        assert len(talk.asked) == 4


async def test_a_limit_over_several_questions_lets_photos_be_compared_by_number(
    sqlite: Store, photos: PhotoIntake
) -> None:
    async with talking(sqlite, photos, at_most(1, COUNTS[0][1])) as talk:
        for name in ("cat.jpg", "rocket.jpg", "coffee.png"):
            assert await talk.say("what?", name) == "I see 1 photos."
        read = await talk.say("compare photos 1 and 2")
        assert "I see 1 photos." in read
        assert "photo 2 (rocket.jpg)" in read
        assert "Photo 1 (cat.jpg)" in talk.asked[-1].text


async def test_what_is_left_out_is_described_where_the_channel_wants_that(sqlite: Store, photos: PhotoIntake) -> None:
    def quirk(asked: Asked) -> Answer | None:
        return at_most(1, COUNTS[0][1])(asked)

    async with talking(sqlite, photos, quirk) as talk:
        message = said("x")
        await sqlite.channels.save_channel_settings(message.channel, ChannelSettings(describe=True))
        await talk.say("what are these?", *ALBUM)
        assert "Photo 1 (cat.jpg): I see 1 photos." in talk.asked[-1].text


BROKEN = [
    refusal(400, "Your organization must be verified to use the model `gpt-4o`."),
    refusal(400, "Bad request"),
    refusal(400, "Unsupported message."),
    refusal(422, "Unprocessable"),
]


@pytest.mark.parametrize("words_pass", [False, True])
@pytest.mark.parametrize("answer", BROKEN)
async def test_what_the_account_is_to_blame_for_marks_no_photo(
    sqlite: Store, photos: PhotoIntake, answer: Answer, words_pass: bool
) -> None:
    quirk = Mended(answer, words_pass=words_pass)
    async with talking(sqlite, photos, quirk) as talk:
        read = await talk.say("what is it?", "cat.jpg")
        assert read.startswith("⚠️ ")
        assert "cat.jpg" not in read
        quirk.mended = True
        assert await talk.say("what is in photo 1?") == "I see 1 photos."
        assert await talk.say("and now?") == "I see 1 photos."


async def test_a_model_that_refuses_every_picture_is_named_and_another_one_sees(
    sqlite: Store, photos: PhotoIntake
) -> None:
    def quirk(asked: Asked) -> Answer | None:
        return refusal(400, "Bad request") if asked.images and asked.model == "gpt-4o" else None

    async with talking(sqlite, photos, quirk, bot_fallbacks=("openai/gpt-5",)) as talk:
        read = await talk.say("what is it?", "cat.jpg")
        assert read == f"⚠️ {say('model_takes_no_photos', model=MODEL)}"
        await hear(talk.worker, said("/model openai/gpt-5"))
        assert await talk.say("what is in photo 1?") == "I see 1 photos."


def poisoned(talk_hashes: set[str]) -> Callable[[Asked], Answer | None]:
    return lambda asked: refusal(400, "Bad request") if talk_hashes & set(asked.hashes) else None


async def test_a_bad_photo_is_found_named_and_marked_for_this_model_only(sqlite: Store, photos: PhotoIntake) -> None:
    bad: set[str] = set()
    async with talking(sqlite, photos, poisoned(bad), bot_fallbacks=("openai/gpt-5",)) as talk:
        await talk.say("look", "coffee.png")
        bad |= set(talk.asked[-1].hashes)
        assert "coffee.png" in await talk.say("what are these?", "cat.jpg", "coffee.png")
        assert talk.asked[-1].hashes != []
        assert not bad & set(talk.asked[-1].hashes)
        questions = len(talk.asked)
        assert await talk.say("and now?") == "I see 1 photos."
        assert len(talk.asked) == questions + 1
        [sent] = bad
        bad.clear()
        await hear(talk.worker, said("/model openai/gpt-5"))
        assert await talk.say("what is in photo 1?") == "I see 1 photos."
        assert talk.asked[-1].hashes == [sent]


async def test_a_mark_ends_when_the_photo_is_taken_after_all(sqlite: Store, photos: PhotoIntake) -> None:
    bad: set[str] = set()
    async with talking(sqlite, photos, poisoned(bad)) as talk:
        await talk.say("look", "cat.jpg")
        bad |= set(talk.asked[-1].hashes)
        assert "cat.jpg" in await talk.say("again", "cat.jpg")
        assert await talk.say("and?") == "I see 0 photos."
        bad.clear()
        assert await talk.say("what is in photo 1?") == "I see 1 photos."
        assert await talk.say("and?") == "I see 1 photos."


LARGE = [
    (400, "image exceeds 5 MB maximum: 6291456 bytes > 5242880 bytes"),
    (400, "image dimensions exceed max allowed size: 1500 pixels"),
    (413, "Request Entity Too Large"),
    (400, "This model's maximum context length is 8192 tokens"),
]


@pytest.mark.parametrize(("status", "sentence"), LARGE)
async def test_photos_that_are_too_large_are_sent_smaller_once_and_the_chat_is_told(
    sqlite: Store, photos: PhotoIntake, status: int, sentence: str
) -> None:
    large: set[str] = set()

    def quirk(asked: Asked) -> Answer | None:
        return refusal(status, sentence) if large & set(asked.hashes) else None

    async with talking(sqlite, photos, quirk) as talk:
        await talk.say("look", "astronaut-12mp.jpg")
        large |= set(talk.asked[-1].hashes)
        read = await talk.say("what is in photo 1?")
        assert read == f"_{say('photos_shrunk', model=MODEL)}_\n\nI see 1 photos."
        assert len(talk.asked[-1].images[0]) < len(talk.asked[0].images[0])
        assert "Photo 1" in talk.asked[-1].text
        questions = len(talk.asked)
        assert await talk.say("and its colour?") == "I see 1 photos."
        assert len(talk.asked) == questions + 1

"""What `local/eyes` answers, and how."""

import hashlib
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.providers.local.provider import LocalEyes
from bot.errors import Busy, Refused
from bot.messages import Conversation, Exchange, Photo, Preferences, Prompt, Text, Usage
from bot.ports import Capabilities, Provider
from bot.words import LANGUAGES, speaking
from tests.files.photos import FOLDER


def photo(name: str, mime: str, width: int, height: int) -> Photo:
    data = (FOLDER / name).read_bytes()
    return Photo(
        name=name,
        mime=mime,
        file=FOLDER / name,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        width=width,
        height=height,
    )


CAT = photo("cat.jpg", "image/jpeg", 451, 300)
COFFEE = photo("coffee.png", "image/png", 600, 400)
ROCKET = photo("rocket.jpg", "image/jpeg", 640, 427)
THREAD = Conversation(1, "local/eyes", None, Preferences())


async def asked(prompt: Prompt) -> list[str]:
    """The pieces of an answer; the usage comes last, and once."""
    provider: Provider = LocalEyes(pace=0, reads_text=False)
    words, usages = list[str](), 0
    async with provider, aclosing(provider.ask(prompt)) as pieces:
        async for piece in pieces:
            assert not usages
            if isinstance(piece, Text):
                words.append(piece.text)
            else:
                assert piece == Usage()
                usages += 1
    assert usages == 1
    return words


async def answer(*photos: Photo, text: str = "what is this?", **more: object) -> str:
    return "".join(await asked(Prompt(conversation=THREAD, text=text, photos=photos, **more)))  # type: ignore[arg-type]


async def test_it_says_what_it_is_and_measures_the_photo() -> None:
    told = await answer(CAT)
    assert told.startswith("I'm `local/eyes`. I'm not an AI model: I measure photos, on this machine.")
    assert "**Photo 1** · cat.jpg\n- Size: 451 × 300 pixels, landscape, JPEG, 32 kB\n- Main colours: " in told
    assert "\n- Light: medium" in told
    assert "\n- Sharpness: sharp\n" in told
    assert "I can't recognise what a photo shows, or translate." in told


async def test_the_answer_grows_word_by_word() -> None:
    pieces = await asked(Prompt(conversation=THREAD, text="what is this?", photos=(CAT,)))
    assert len(pieces) > 40
    assert all(len(piece.split()) == 1 for piece in pieces)


async def test_two_photos_are_compared() -> None:
    told = await answer(CAT, COFFEE)
    assert "Photos 1 and 2 differ in " in told
    assert "Most pixels: photo 2." in told


async def test_the_same_picture_in_two_files_looks_the_same(tmp_path: Path) -> None:
    other = tmp_path / "copy.jpg"
    other.write_bytes(CAT.file.read_bytes() + b"\0")
    told = await answer(CAT, replace(CAT, file=other, sha256="1" * 64))
    assert "Photos 1 and 2 look the same." in told
    assert "Sharpest" not in told


async def test_of_several_photos_it_names_the_sharpest() -> None:
    told = await answer(CAT, COFFEE, ROCKET)
    assert "Most pixels: photo 3." in told
    assert "differ in" not in told


async def test_photos_keep_the_number_that_they_have_in_the_conversation() -> None:
    told = await answer(COFFEE, numbers={CAT.sha256: 1, COFFEE.sha256: 2})
    assert "**Photo 2** · coffee.png" in told


async def test_a_follow_up_measures_the_earlier_photo_again_and_says_so() -> None:
    history = (Exchange(author="Ann", question="what is this?", answer="a report", turn=1),)
    told = await answer(CAT, text="and is it sharp?", history=history, numbers={CAT.sha256: 1})
    assert "**Photo 1** · cat.jpg" in told
    assert told.endswith("I don't follow a conversation: I measured the photos again.")


async def test_without_a_photo_it_asks_for_one_and_claims_nothing() -> None:
    told = await answer(text="hello")
    assert "There is no photo here. Send me one" in told
    assert "pixels" not in told


async def test_it_does_not_pretend_to_have_read_a_document() -> None:
    assert "I can't read documents either." in await answer(excerpts=("# a.pdf\nThe cat is well.",))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_speaks_every_language_of_the_bot(language: str) -> None:
    english = await answer(CAT, COFFEE)
    with speaking(language):
        told = await answer(CAT, COFFEE)
    assert "451 × 300" in told
    assert (told == english) == (language == "en")


async def test_a_photo_whose_file_is_gone_is_asked_for_later(tmp_path: Path) -> None:
    with pytest.raises(Busy) as busy:
        await answer(replace(CAT, file=tmp_path / "gone.jpg"))
    assert busy.value.code == "photo_gone"


async def test_a_photo_that_cannot_be_decoded_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(CAT.file.read_bytes()[:400])
    with pytest.raises(Refused) as refused:
        await answer(replace(CAT, file=broken))
    assert refused.value.code == "provider_photo_refused"


async def test_its_one_model_sees_and_it_needs_nothing() -> None:
    provider: Provider = LocalEyes()
    assert [(model.id, model.sees) for model in await provider.models()] == [("eyes", True)]
    assert provider.capabilities == Capabilities(tells_traces=True, reads_for_nothing=True)
    assert await provider.capabilities.begin(THREAD, "web 1") is None
    await provider.check()

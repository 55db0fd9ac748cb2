"""A closer look: the model names cells on an overview, and is asked about these, cut from the original."""

import pytest
from PIL import Image, ImageDraw

from bot.asking.closer_look import parse_cells
from bot.errors import Busy
from bot.files.photos import PhotoIntake
from bot.messages import PlacesFound, Usage
from bot.ports import Store
from bot.words import say
from tests.conftest import said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.work import Worker, hear, make_worker, pressed, ripen, with_files
from tests.files.photos import difference, opened, scene, shown, written

RED = (200, 20, 20)


def street() -> Image.Image:
    """A large picture with a small red sign at the lower right."""
    image = Image.new("RGB", (4000, 3000), (90, 120, 90))
    ImageDraw.Draw(image).rectangle((3500, 2500, 3600, 2560), RED)
    return image


@pytest.fixture
def large(platform: FakePlatform) -> bytes:
    data = written(street(), "JPEG", quality=92)
    platform.files["street"] = data
    return data


def red_pixels(image: Image.Image) -> int:
    levels = image.convert("RGB").tobytes()
    return sum(red > 150 and green < 90 for red, green in zip(levels[0::3], levels[1::3], strict=True))


async def test_the_cells_are_cut_from_the_original(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, large: bytes
) -> None:
    provider.script = [["a street"], ["That is in ", "E4.", Usage(credits=7)], ["It says STOP", Usage(credits=20)]]
    await hear(worker, with_files(said("what is this?"), street="street.jpg"), said("/zoom what does the sign say?"))
    overview, asked = provider.prompts[1:]
    assert overview.text.startswith("what does the sign say?") and "E4" in overview.text and len(overview.photos) == 1
    assert max(overview.photos[0].width, overview.photos[0].height) <= 1536
    [piece] = asked.photos
    image = shown(piece)
    assert red_pixels(image) == pytest.approx(101 * 61, rel=0.35)  # as large as in the original
    assert "what does the sign say?\n\n(You see" in asked.text and "E4" in asked.text and "street.jpg" in asked.text
    assert platform.fetched == ["street", "street"]


async def test_the_price_of_the_extra_question_is_counted_and_said(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, large: bytes
) -> None:
    provider.script = [["a street"], ["E4", Usage(credits=7)], ["STOP", Usage(credits=20)]]
    await hear(worker, with_files(said(), street="street.jpg"), said("/zoom the sign"))
    _, answer = platform.reads()
    assert answer.endswith("STOP") and "E4 of street.jpg" in answer and "7 credits" in answer
    assert (await worker.store.ledger.get_spent(0)).credits == 27


async def test_the_conversation_at_the_provider_goes_on_without_it(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, large: bytes
) -> None:
    provider.script = [["a street"], ["E4"], ["STOP"], ["yes"]]
    await hear(worker, with_files(said(), street="street.jpg"), said("/zoom the sign"), said("is it red?"))
    first, _, closer, after = provider.prompts
    kept = first.conversation.remote_id
    assert kept and after.conversation.remote_id == kept and closer.conversation.remote_id != kept
    assert kept not in provider.forgotten


async def test_another_try_does_not_pay_for_the_first_question_again(
    store: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake, large: bytes
) -> None:
    worker = make_worker(store, platform, provider, photos)
    unreachable = Busy("provider_down", status=500)
    provider.script = [["a street"], ["E4", Usage(credits=7)], [unreachable], ["STOP", Usage(credits=20)]]
    await hear(worker, with_files(said(), street="street.jpg"), said("/zoom the sign"))
    assert len(provider.prompts) == 3 and await store.queue.count_waiting() == 1
    await ripen(store)
    [turn] = await store.queue.claim(1)
    assert turn.places == PlacesFound("E4", Usage(credits=7))
    await worker.take(turn)
    _, answer = platform.reads()
    assert answer.endswith("STOP") and "7 credits" in answer
    assert len(provider.prompts) == 4  # the street, the places, and twice the sign
    assert (await store.ledger.get_spent(0)).credits == 27


async def test_up_to_three_cells_are_looked_at(worker: Worker, provider: FakeProvider, large: bytes) -> None:
    provider.script = [["a street"], ["A1, B2, C3 and D4"], ["nothing"]]
    await hear(worker, with_files(said(), street="street.jpg"), said("/zoom everything"))
    assert len(provider.prompts[2].photos) == 3


async def test_below_an_answer_about_a_large_photo_is_a_button(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, large: bytes
) -> None:
    platform.files["small"] = written(scene(300, 200), "JPEG")
    provider.script = [["a street"], ["E4"], ["STOP"], ["a scene"]]
    await hear(worker, with_files(said("what does the sign say?"), street="street.jpg"))
    assert "/zoom 1" in platform.buttons["1"]
    await hear(worker, pressed("/zoom 1", "1"))
    assert platform.reads()[1].endswith("STOP")
    assert provider.prompts[1].text.startswith("what does the sign say?")
    await hear(worker, with_files(said(), small="small.jpg"))
    assert "/zoom 3" not in platform.buttons["3"]


async def test_a_photo_may_come_along(worker: Worker, provider: FakeProvider, large: bytes) -> None:
    provider.script = [["E4"], ["STOP"]]
    await hear(worker, with_files(said("/zoom the sign"), street="street.jpg"))
    assert len(provider.prompts) == 2 and provider.prompts[1].text.startswith("the sign")


async def test_it_is_about_the_photo_that_is_named_by_its_number(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, large: bytes
) -> None:
    platform.files["other"] = written(Image.new("RGB", (400, 300), "navy"), "JPEG")
    provider.script = [["two photos"], ["A1"], ["blue"]]
    await hear(worker, with_files(said(), street="street.jpg", other="other.jpg"), said("/zoom the corner of photo 2"))
    piece = shown(provider.prompts[2].photos[0])
    assert difference(piece, Image.new("RGB", piece.size, "navy")) < 5


async def test_an_answer_without_a_cell_leads_to_the_middle(
    worker: Worker, provider: FakeProvider, large: bytes
) -> None:
    provider.script = [["a street"], ["I can't tell"], ["grey"]]
    await hear(worker, with_files(said(), street="street.jpg"), said("/zoom the fog"))
    assert len(provider.prompts[2].photos) == 1


async def test_a_photo_that_is_gone_is_named(worker: Worker, platform: FakePlatform, provider: FakeProvider) -> None:
    platform.files["street"] = written(street(), "JPEG")
    await hear(worker, with_files(said(), street="street.jpg"))
    del platform.files["street"]
    await hear(worker, said("/zoom the sign"))
    assert platform.reads()[1] == f"⚠️ {say('photo_gone')}"
    assert len(provider.prompts) == 1


async def test_nothing_was_asked_before(worker: Worker, platform: FakePlatform, provider: FakeProvider) -> None:
    await hear(worker, said("/zoom the sign"))
    assert platform.reads() == [f"⚠️ {say('again_nothing')}"] and provider.prompts == []


async def test_a_limit_holds_for_both_questions(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake, large: bytes
) -> None:
    worker = make_worker(sqlite, platform, provider, photos, bot_user_turns_day=1)
    await hear(worker, with_files(said(), street="street.jpg"), said("/zoom the sign"))
    assert len(provider.prompts) == 1 and "limit" in platform.reads()[1]


@pytest.mark.parametrize(
    ("answer", "cells"),
    [
        ("B2, C2", [(1, 1), (2, 1)]),
        ("The sign is in cell c3.", [(2, 2)]),
        ("A1 A1 A1", [(0, 0)]),
        ("H8", []),
        ("E5 and F4", []),
        ("nowhere", []),
        ("A1, B1, C1, D1", [(0, 0), (1, 0), (2, 0)]),
    ],
)
def test_cells_are_read_from_an_answer(answer: str, cells: list[tuple[int, int]]) -> None:
    assert parse_cells(answer, (5, 4)) == cells


async def test_the_grid_covers_the_picture_and_its_cells_together_are_all_of_it(photos: PhotoIntake) -> None:
    data = written(scene(2000, 1500), "PNG")
    overview, (columns, rows) = await photos.grid("scene.png", data)
    assert columns * rows in range(12, 26) and opened(overview.file.read_bytes()).size == (1536, 1152)
    last = await photos.cells("scene.png", data, (columns, rows), [(columns - 1, rows - 1)])
    image = shown(last[0])
    corner = scene(2000, 1500).crop((2000 - image.width // 2, 1500 - image.height // 2, 2000, 1500))
    assert difference(image, corner.resize(image.size)) < 5  # small cells are shown twice as large


async def test_a_turned_photo_is_cut_upright(photos: PhotoIntake) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = street().transpose(Image.Transpose.ROTATE_90)
    data = written(stored, "JPEG", exif=exif)
    _, grid = await photos.grid("street.jpg", data)
    [piece] = await photos.cells("street.jpg", data, grid, [(grid[0] - 1, grid[1] - 1)])
    assert red_pixels(shown(piece)) > 3000

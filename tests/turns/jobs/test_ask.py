"""A question: what stands around its answer, and what keeps it from being asked."""

import re

import pytest

from bot.commands.answer_buttons import ROW, controls, drawn_controls
from bot.errors import Busy, Refused
from bot.files.photos import PhotoIntake
from bot.messages import ChannelSettings, Turn, Usage
from bot.ports import Store
from bot.replies.markdown import display_width
from bot.words import LANGUAGES, speaking
from tests.conftest import said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.work import Worker, hear, make_worker, pressed
from tests.store.talk import HERE

QUICK = ["/describe", "/read", "/translate", "/explain"]


def below(platform: FakePlatform) -> list[list[str]]:
    """The commands of the buttons below each post."""
    return list(platform.buttons.values())


async def test_a_footer_says_who_answered_how_fast_and_for_how_much(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [["a cat", Usage(credits=1234, dollars=0.01)]]
    await worker.store.channels.save_channel_settings(HERE, ChannelSettings(footer=True))
    await hear(worker, said())
    assert re.fullmatch(r"a cat\n\n_sandbox/gpt-4o · \d+\.\d s · 1,234 credits · \$0\.0100_", platform.reads()[0])


async def test_the_footer_is_no_part_of_the_answer(worker: Worker, provider: FakeProvider) -> None:
    await worker.store.channels.save_channel_settings(HERE, ChannelSettings(footer=True))
    await hear(worker, said())
    question = await worker.store.turns.get_turn(1)
    assert question is not None
    assert question.answer == "a cat"


async def test_what_nobody_answered_has_no_footer(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [[Refused("provider_no_credits")]]
    await worker.store.channels.save_channel_settings(HERE, ChannelSettings(footer=True))
    await hear(worker, said())
    assert platform.reads()[0].endswith("The operator has to top it up.")


async def test_below_an_answer_stands_what_can_be_done_next(worker: Worker, platform: FakePlatform) -> None:
    await hear(worker, said("", photos=1), said("and its colour?"))
    assert below(platform) == [[*QUICK, "/buttons 1"], ["/retry 2", "/with 2"]]


async def test_quick_actions_go_away_once_one_is_used_and_come_back_with_the_rest(
    worker: Worker, platform: FakePlatform
) -> None:
    await hear(worker, said("", photos=1))
    await hear(worker, pressed("/read", "1"))
    assert below(platform) == [["/retry 1", "/with 1", "/buttons 1"], ["/retry 2", "/with 2"]]
    before = platform.reads()
    await hear(worker, pressed("/buttons 1", "1"))
    assert below(platform)[0] == ["/retry 1", "/with 1", *QUICK]
    assert platform.reads() == before


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_buttons_of_an_answer_fit_into_one_row(turn: Turn, language: str) -> None:
    with speaking(language):
        for versions in (1, 2, 3):
            row = controls(turn, versions, versions - 1, speaks=True, is_cut=True)
            assert sum(display_width(button.label) for button in row) <= ROW
            every = controls(turn, versions, versions - 1, speaks=True, is_cut=True, is_unfolded=True)
            assert len(row) <= len(every)
            assert row == every or row[-1].command == f"/buttons {turn.id}"
        for pictures in (1, 2, 4):
            row = drawn_controls(turn, pictures)
            assert sum(display_width(button.label) for button in row) <= ROW
            assert len(row) <= 5, "Discord breaks it"


async def test_below_an_unreadable_photo_nothing_offers_to_try_again(worker: Worker, platform: FakePlatform) -> None:
    platform.files["ref0"] = b""
    await hear(worker, said("what is this?", photos=1))
    assert below(platform) == [[]]


async def test_below_an_answer_that_broke_off_the_rest_can_be_asked_for(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [["half a c", Busy("provider_unreachable")]]
    await hear(worker, said("", photos=1))
    assert below(platform) == [["/more 1", "/retry 1", "/with 1"]]


@pytest.mark.usefixtures("fixed_time")
async def test_who_has_used_up_a_limit_is_refused_before_anything_is_fetched_or_asked(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    worker = make_worker(sqlite, platform, provider, photos, bot_user_turns_day=1)
    await hear(worker, said(), said("", photos=1))
    assert platform.reads()[1].startswith("⚠️ Your limit is reached: 1 answer of 1 answer today.")
    assert below(platform)[1] == ["/retry 2", "/with 2"]
    assert (len(provider.prompts), platform.fetched) == (1, [])


@pytest.mark.usefixtures("fixed_time")
async def test_who_comes_near_a_limit_is_told_before_the_answer(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    worker = make_worker(sqlite, platform, provider, photos, bot_user_turns_day=1)
    await hear(worker, said())
    assert re.fullmatch(r"_Nearly used up: 0 answers of 1 answer today .*_\n\na cat", platform.reads()[0])

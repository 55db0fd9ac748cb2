"""Running the bot, letting people and places in and shutting them out, and what they have used."""

import re
from dataclasses import replace

import pytest

from bot.accounting.limits import DAY, MONTH, Limit
from bot.commands import CommandContext, Rules, introduce
from bot.errors import Refused
from bot.intake.access import BOT, CLAIM, Access, Verdict
from bot.messages import Author, JobResult, Turn, Usage
from bot.ports import Store
from tests.commands.conftest import heard, response, told
from tests.conftest import MODEL, said
from tests.doubles.platform import FakePlatform
from tests.files.photos import opened

pytestmark = pytest.mark.usefixtures("fixed_time")

HERE = "telegram:-100"
ANN, BOB = Author("1", "Ann"), Author("2", "Bob")
ADMINS = Rules(admins=frozenset({"telegram:1"}), consoles=frozenset({"web"}))


async def spend(store: Store, author: Author, channel: str, usage: Usage) -> None:
    """Let somebody be answered by a model."""
    await store.intake.add(replace(said(channel=channel), author=author))
    [turn] = await store.queue.claim(10)
    await store.queue.save_result(turn, JobResult(text="a cat", model=MODEL, usage=usage))
    await store.queue.finish(turn)


@pytest.fixture
async def spent(sqlite: Store) -> Turn:
    """Ann's turn, in a channel where she and Bob have used something, as they have elsewhere."""
    await spend(sqlite, ANN, HERE, Usage(credits=1000))
    await spend(sqlite, BOB, HERE, Usage(credits=20))
    await spend(sqlite, ANN, "telegram:1", Usage(credits=300, dollars=0.5))
    await spend(sqlite, BOB, "telegram:2", Usage(credits=4000))
    return await heard(sqlite, HERE)


YOURS = "**You**: 2 answers, 1,300 credits, $0.5000 today, 2 answers, 1,300 credits, $0.5000 this month"
CHANNEL = "**This channel**: 2 answers, 1,020 credits today, 2 answers, 1,020 credits this month"
TOTAL = "**Everybody**: 4 answers, 5,320 credits, $0.5000 today, 4 answers, 5,320 credits, $0.5000 this month"


async def test_everybody_sees_what_they_used_themselves(
    context: CommandContext, spent: Turn, telegram: FakePlatform
) -> None:
    telegram.managers = set()
    assert await told(context, spent, "usage") == YOURS


async def test_who_manages_the_channel_sees_what_it_used(context: CommandContext, spent: Turn) -> None:
    assert (await told(context, spent, "usage")).splitlines() == [YOURS, CHANNEL]


async def test_who_runs_the_bot_sees_what_everybody_used(
    context: CommandContext, spent: Turn, telegram: FakePlatform
) -> None:
    telegram.managers = set()
    context = replace(context, rules=ADMINS)
    assert (await told(context, spent, "usage")).splitlines() == [YOURS, CHANNEL, TOTAL]


async def test_limits_are_listed_with_what_is_used_of_them(
    context: CommandContext, spent: Turn, telegram: FakePlatform
) -> None:
    telegram.managers = set()
    limits = (Limit("user", "turns", DAY, 20), Limit("channel", "credits", MONTH, 50_000))
    lines = (await told(replace(context, rules=replace(context.rules, limits=limits)), spent, "usage")).splitlines()
    assert re.fullmatch(r"Your limit: 2 of 20 answers today; resets at \w+ \d+, \d{4}, 12:00 AM UTC", lines[1])
    assert re.fullmatch(r"This channel's limit: 1,020 of 50,000 credits this month; .* \w+ 1, \d{4}, .*", lines[2])


async def test_a_picture_of_it_comes_along(context: CommandContext, spent: Turn) -> None:
    [file] = (await response(context, spent, "usage")).files
    assert (file.name, file.mime) == ("usage.png", "image/png")
    assert opened(file.data).width > 300


async def test_there_is_a_picture_even_of_nothing(context: CommandContext, turn: Turn) -> None:
    shown = await response(context, turn, "usage")
    assert shown.text.startswith("**You**: 0 answers, 0 credits today")
    assert opened(shown.files[0].data).format == "PNG"


# letting in and shutting out


@pytest.fixture
def admins(context: CommandContext) -> CommandContext:
    return replace(context, rules=ADMINS)


@pytest.fixture
async def hers(sqlite: Store) -> Turn:
    """A turn of Ann's, who runs the bot."""
    return await heard(sqlite, "telegram:1")


async def test_a_stranger_s_code_lets_them_in(admins: CommandContext, sqlite: Store, hers: Turn) -> None:
    door = Access(sqlite.people, paired=True)
    stranger = replace(said(channel="telegram:77"), author=Author("77", "Eve"), private=True)
    assert await door.judge(stranger) is Verdict.STRANGER
    words = await introduce(sqlite.people, stranger, again=False)
    assert await introduce(sqlite.people, stranger, again=False) == "", "once an hour"
    asking = re.search(r"`/allow (\S+)` within 60 minutes", words)
    assert asking is not None
    assert await told(admins, hers, f"allow {asking[1]}") == "telegram:77 may talk to me now."
    assert await door.judge(stranger) is Verdict.WELCOME
    with pytest.raises(Refused):
        await told(admins, hers, f"allow {asking[1]}")


@pytest.mark.parametrize("subject", ["telegram:77", "discord:900", "telegram:-100/45"])
async def test_people_channels_and_servers_are_let_in_and_shut_out_by_their_number(
    admins: CommandContext, sqlite: Store, hers: Turn, subject: str
) -> None:
    assert await told(admins, hers, f"allow {subject}") == f"{subject} may talk to me now."
    assert await sqlite.people.get_access(subject) is True
    assert await told(admins, hers, f"block {subject}") == f"{subject} may no longer talk to me."
    assert await sqlite.people.get_access(subject) is False


@pytest.mark.parametrize("words", ["allow", "allow ABCD2345", "allow telegram:", "block", "block 77", "block a b:c"])
async def test_what_names_nobody_changes_nothing(admins: CommandContext, hers: Turn, words: str) -> None:
    with pytest.raises(Refused, match="neither a code from the last hour nor platform:number"):
        await told(admins, hers, words)


@pytest.mark.parametrize("words", ["allow telegram:77", "block telegram:77"])
async def test_only_who_runs_the_bot_decides(context: CommandContext, sqlite: Store, hers: Turn, words: str) -> None:
    with pytest.raises(Refused, match="Only those who run this bot"):
        await told(context, hers, words)
    assert await sqlite.people.get_access("telegram:77") is None


async def test_the_page_is_the_operator_s_own(context: CommandContext, turn: Turn) -> None:
    assert await told(context, turn, "allow telegram:77") == "telegram:77 may talk to me now."


async def test_a_place_s_code_lets_everybody_there_in(admins: CommandContext, sqlite: Store, hers: Turn) -> None:
    there = replace(said(channel="discord:5"), server="discord:900")
    words = await introduce(sqlite.people, there, again=False)
    assert await introduce(sqlite.people, replace(there, author=BOB), again=False) == "", "one for the place"
    code = re.findall(r"`/allow (\S+)`", words)[1]
    assert await told(admins, hers, f"allow {code}") == "Everybody in discord:900 may talk to me there now."
    assert await sqlite.people.get_access("discord:900") is True


async def test_what_nobody_may_have_heard_is_said_anew(sqlite: Store) -> None:
    stranger = replace(said(channel="telegram:77"), author=Author("77", "Eve"), private=True)
    first, again = [await introduce(sqlite.people, stranger, again=again) for again in (False, True)]
    assert again
    assert again != first


async def test_the_place_at_hand_is_let_in_and_shut_out_as_here(
    admins: CommandContext, sqlite: Store, hers: Turn
) -> None:
    there = replace(hers, message=replace(hers.message, server="telegram:-100"))
    assert await told(admins, there, "allow here") == "Everybody in telegram:-100 may talk to me there now."
    assert await sqlite.people.get_access("telegram:-100") is True
    await told(admins, there, "block here")
    assert await sqlite.people.get_access("telegram:-100") is False


@pytest.mark.parametrize("words", ["allow here", "block Here"])
async def test_here_means_nothing_in_private_and_at_the_page(
    admins: CommandContext, turn: Turn, hers: Turn, words: str
) -> None:
    private = replace(hers, message=replace(hers.message, private=True))
    for where in (turn, private):
        with pytest.raises(Refused, match="are for servers and groups"):
            await told(admins, where, words)


# the first admin


@pytest.fixture
async def code(sqlite: Store) -> str:
    """What the start printed."""
    return await sqlite.people.create_code(CLAIM, BOT, 60, length=20)


@pytest.fixture
async def private(sqlite: Store) -> Turn:
    """A turn of Ann's, in private."""
    turn = await heard(sqlite, "telegram:1")
    return replace(turn, message=replace(turn.message, private=True))


async def test_who_says_the_code_of_the_start_runs_the_bot(context: CommandContext, private: Turn, code: str) -> None:
    assert "You run this bot now" in await told(context, private, f"claim {code}")
    assert await told(context, private, "allow telegram:77") == "telegram:77 may talk to me now."
    assert await told(context, private, "claim") == "You already run this bot."


async def test_only_the_first_one_does(context: CommandContext, sqlite: Store, private: Turn, code: str) -> None:
    bob = replace(private, message=replace(private.message, author=BOB))
    await told(context, private, f"claim {code}")
    with pytest.raises(Refused, match="That isn't the code"):
        await told(context, bob, f"claim {code}")
    assert await sqlite.people.list_admins() == ["telegram:1"]


@pytest.mark.parametrize("words", ["claim", "claim ABCDE-FGHJK-MNPQR-STUVW"])
async def test_a_guess_runs_nothing(
    context: CommandContext, sqlite: Store, private: Turn, code: str, words: str
) -> None:
    with pytest.raises(Refused, match="That isn't the code"):
        await told(context, private, words)
    assert await sqlite.people.has_code(CLAIM, BOT)
    assert not await sqlite.people.list_admins()


async def test_after_ten_guesses_not_even_the_right_code_counts(
    context: CommandContext, private: Turn, code: str
) -> None:
    for guess in [*(f"wrong{n}" for n in range(10)), code]:
        with pytest.raises(Refused):
            await told(context, private, f"claim {guess}")


async def test_a_code_that_others_read_is_void(
    context: CommandContext, sqlite: Store, private: Turn, code: str
) -> None:
    with pytest.raises(Refused, match="no longer works"):
        await told(context, replace(private, message=replace(private.message, private=False)), f"claim {code}")
    with pytest.raises(Refused, match="That isn't the code"):
        await told(context, private, f"claim {code}")
    assert not await sqlite.people.list_admins()


async def test_the_page_needs_no_claim(context: CommandContext, sqlite: Store, turn: Turn, code: str) -> None:
    with pytest.raises(Refused, match="This page is yours already"):
        await told(context, turn, f"claim {code}")
    assert await sqlite.people.has_code(CLAIM, BOT)

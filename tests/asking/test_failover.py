"""Who is asked when a model is down, for how long, and what the chat is told about it."""

from dataclasses import dataclass

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from bot.asking.failover import CLOSED, HALF_OPEN, MOST_TOLD, OPEN, Failover, family
from bot.errors import BotError, Busy, Cut, Forgotten, Refused, Unreadable
from bot.messages import JobResult, Turn
from bot.operations.metrics import Metrics
from bot.words import speaking

GPT, MINI, CLAUDE, ELSEWHERE = "onemin/gpt-4o", "onemin/gpt-4o-mini", "onemin/claude-opus-4-6", "other/gpt-4o"


class Clock:
    """Tells the time that a test wants it to be."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def failover(clock: Clock) -> Failover:
    return Failover(clock)


def down(retry_after: float | None = None) -> Busy:
    return Busy("provider_down", retry_after, status=500)


def fail(failover: Failover, *errors: BotError, model: str = GPT) -> None:
    """Ask once for each error, and get it."""
    for error in errors:
        failover.began(model)
        failover.failed(model, error)


def answer(failover: Failover, model: str = GPT) -> None:
    failover.began(model)
    failover.well(model)


def asks(failover: Failover, model: str = GPT) -> bool:
    """Whether a question for the model goes to it, and not to somebody who can be asked instead."""
    return failover.line(model, ["spare/yi-34b"])[0] == model


def open_for(failover: Failover, clock: Clock, model: str = GPT) -> float:
    """How many seconds go by until the model is asked again."""
    began = clock.now
    while not asks(failover, model):
        clock.now += 1
    return clock.now - began


# opening and closing


def test_three_outages_in_a_row_open_a_breaker_and_two_do_not(failover: Failover) -> None:
    fail(failover, down(), Busy("provider_slow"))
    assert asks(failover)
    fail(failover, Busy("provider_rate_limited"))
    assert not asks(failover)
    assert failover.states() == {"onemin/gpt": OPEN, "spare/yi": CLOSED}


def test_an_answer_in_between_begins_the_count_anew(failover: Failover) -> None:
    fail(failover, down(), down())
    answer(failover)
    fail(failover, down(), down())
    assert asks(failover)


def test_it_stays_open_for_half_a_minute_and_then_a_good_answer_closes_it(failover: Failover, clock: Clock) -> None:
    fail(failover, down(), down(), down())
    assert open_for(failover, clock) == 30
    assert failover.states()["onemin/gpt"] == HALF_OPEN
    answer(failover)
    assert failover.states()["onemin/gpt"] == CLOSED


def test_each_probe_that_fails_doubles_the_pause_up_to_five_minutes(failover: Failover, clock: Clock) -> None:
    fail(failover, down(), down(), down())
    pauses = []
    for _ in range(6):
        pauses.append(open_for(failover, clock))
        fail(failover, down())
    assert pauses == [30, 60, 120, 240, 300, 300]


def test_after_a_good_answer_the_pause_is_short_again(failover: Failover, clock: Clock) -> None:
    fail(failover, down(), down(), down())
    open_for(failover, clock)
    fail(failover, down())
    open_for(failover, clock)
    answer(failover)
    fail(failover, down(), down(), down())
    assert open_for(failover, clock) == 30


@pytest.mark.parametrize(("said", "seconds"), [(7, 7), (90, 90), (3_600, 600)])
def test_who_says_when_to_come_back_is_believed_at_once_up_to_ten_minutes(
    failover: Failover, clock: Clock, said: float, seconds: float
) -> None:
    fail(failover, Busy("provider_rate_limited", said))
    assert open_for(failover, clock) == seconds


def test_a_probe_that_is_told_when_to_come_back_believes_it(failover: Failover, clock: Clock) -> None:
    fail(failover, down(), down(), down())
    open_for(failover, clock)
    fail(failover, down(7))
    assert open_for(failover, clock) == 7


def test_an_outage_without_end_goes_on_being_probed(failover: Failover, clock: Clock) -> None:
    fail(failover, down(), down(), down())
    for _ in range(2_000):
        clock.now += 300
        assert asks(failover)
        fail(failover, down())
        assert not asks(failover)


def test_who_had_gone_out_before_it_opened_changes_nothing(failover: Failover, clock: Clock) -> None:
    for _ in range(9):
        failover.began(GPT)
    for _ in range(8):
        failover.failed(GPT, down())
    assert open_for(failover, clock) == 30
    failover.failed(GPT, down())  # no probe: it went out long ago
    assert asks(failover)


def test_who_had_gone_out_before_and_is_answered_closes_it(failover: Failover) -> None:
    failover.began(GPT)
    fail(failover, down(), down(), down())
    failover.well(GPT)
    assert asks(failover)


def test_a_later_word_about_when_to_come_back_counts_when_it_is_longer(failover: Failover, clock: Clock) -> None:
    fail(failover, down(20), down(50), down(5))
    assert open_for(failover, clock) == 50


def test_words_while_it_is_open_do_not_make_later_pauses_longer(failover: Failover, clock: Clock) -> None:
    fail(failover, down(20), down(20), down(20))
    open_for(failover, clock)
    fail(failover, down())
    assert open_for(failover, clock) == 60


# the probe


def half_open(failover: Failover, clock: Clock) -> None:
    fail(failover, down(), down(), down())
    clock.now += 30


def test_only_one_question_probes_and_the_others_go_to_the_next(failover: Failover, clock: Clock) -> None:
    half_open(failover, clock)
    assert failover.line(GPT, [CLAUDE]) == [GPT, CLAUDE]
    assert failover.began(GPT)
    assert failover.line(GPT, [CLAUDE]) == [CLAUDE]
    assert failover.line(MINI, [CLAUDE]) == [CLAUDE]
    failover.well(GPT)
    assert failover.line(MINI, [CLAUDE]) == [MINI, CLAUDE]


def test_who_asks_while_another_probes_is_no_probe(failover: Failover, clock: Clock) -> None:
    assert not failover.began(GPT)
    half_open(failover, clock)
    assert failover.began(GPT)
    assert not failover.began(GPT)


def test_after_a_good_probe_a_single_outage_opens_nothing(failover: Failover, clock: Clock) -> None:
    half_open(failover, clock)
    answer(failover)
    fail(failover, down(), down())
    assert asks(failover)


def test_a_probe_that_was_stopped_lets_another_one_go(failover: Failover, clock: Clock) -> None:
    half_open(failover, clock)
    failover.began(GPT)
    failover.ended(GPT)
    assert failover.states()["onemin/gpt"] == HALF_OPEN
    assert failover.began(GPT)


def test_a_probe_that_never_ends_is_given_up_after_two_minutes(failover: Failover, clock: Clock) -> None:
    half_open(failover, clock)
    failover.began(GPT)
    assert open_for(failover, clock) == 120
    assert failover.began(GPT)
    assert not asks(failover)


def test_a_probe_of_the_provider_that_meets_a_family_that_is_down_lets_another_family_go(
    failover: Failover, clock: Clock
) -> None:
    fail(failover, Refused("provider_no_credits"))
    clock.now += 300
    fail(failover, down())
    assert failover.states()["onemin/gpt"] == HALF_OPEN
    assert asks(failover, CLAUDE)


# whom it concerns


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gpt-4o", "gpt"),
        ("openai/gpt-5-2025", "gpt"),
        ("chatgpt-4o-latest", "gpt"),
        ("us.anthropic.claude-sonnet-5", "claude"),
        ("claude-opus-4-6", "claude"),
        ("o3", "o"),
        ("o4-mini-deep-research", "o"),
        ("openai/o3", "o"),
        ("gateway.o3-pro", "o"),
        ("meta/llama-3.1", "llama"),
        ("meta/meta-llama-3.1-405b-instruct", "llama"),
        ("qwen3-vl-plus", "qwen"),
        ("Qwen/Qwen3-VL-8B", "qwen"),
        ("deepseek-r1-distill-llama-70b", "deepseek"),
        ("open-mistral-nemo", "mistral"),
        ("magistral-small-latest", "mistral"),
        ("mistralai/mixtral-8x7b", "mistral"),
        ("grok-4-fast-reasoning", "grok"),
        ("sonar-pro", "sonar"),
        ("command-r-08-2024", "command"),
        ("google/gemma-3-27b", "gemma"),
        ("us.amazon.nova-pro-v1:0", "nova"),
        ("phi.4", "phi"),
        ("4711", "4711"),
        ("", ""),
    ],
)
def test_models_of_one_maker_are_a_family(model: str, expected: str) -> None:
    assert family(model) == expected


def test_a_family_is_down_with_one_provider_and_other_families_are_not(failover: Failover) -> None:
    fail(failover, down(), down(), down())
    assert [asks(failover, model) for model in (GPT, MINI, CLAUDE, ELSEWHERE)] == [False, False, True, True]


def test_models_of_a_family_fail_together(failover: Failover) -> None:
    fail(failover, down(), down())
    fail(failover, down(), model=MINI)
    assert not asks(failover)


def test_a_provider_that_cannot_be_reached_is_down_for_all_its_families(failover: Failover) -> None:
    fail(failover, Busy("provider_unreachable"), Busy("provider_unreachable"))
    fail(failover, Busy("provider_unreachable"), model=CLAUDE)
    assert [asks(failover, model) for model in (GPT, CLAUDE, "onemin/sonar", ELSEWHERE)] == [False, False, False, True]
    assert failover.states()["onemin/sonar"] == OPEN


def test_a_provider_that_came_back_for_one_family_came_back_for_all(failover: Failover, clock: Clock) -> None:
    fail(failover, *[Busy("provider_unreachable")] * 3)
    clock.now += 30
    assert failover.began(CLAUDE)
    assert not asks(failover)
    failover.well(CLAUDE)
    assert asks(failover)


@pytest.mark.parametrize("key", ["provider_no_credits", "provider_blocked", "provider_wrong_key"])
def test_what_lasts_shuts_the_provider_out_for_five_minutes_at_once(failover: Failover, clock: Clock, key: str) -> None:
    fail(failover, Refused(key))
    assert not asks(failover, CLAUDE)
    assert open_for(failover, clock) == 300


# what counts


@pytest.mark.parametrize(
    "error",
    [
        Refused("provider_bad_request", status=400),
        Refused("provider_unknown_model", model=GPT),
        Refused("provider_too_large"),
        Refused("photos_none_read", names="cat.jpg"),
        Unreadable("photo_refused"),
        Forgotten("provider_forgot"),
        Busy("telegram_unreachable", 30),
        Busy("discord_slow_down", 30),
    ],
    ids=lambda error: str(error.code),
)
def test_our_own_faults_and_those_of_platforms_never_count(failover: Failover, error: BotError) -> None:
    assert not failover.is_outage(error)
    fail(failover, *[error] * 10)
    assert asks(failover)
    assert failover.note(1, GPT, CLAUDE) is None


@pytest.mark.parametrize(
    "error",
    [
        down(),
        Busy("provider_slow"),
        Busy("provider_unreachable"),
        Busy("provider_rate_limited"),
        Refused("provider_no_credits"),
        Refused("provider_blocked"),
        Refused("provider_wrong_key"),
        Refused("provider_unsupported"),
        Cut("answer_cut"),
    ],
    ids=lambda error: str(error.code),
)
def test_for_an_outage_somebody_else_may_be_asked_and_three_of_it_open(failover: Failover, error: BotError) -> None:
    assert failover.is_outage(error)
    fail(failover, *[error] * 3)
    assert not asks(failover)


def test_a_stop_never_counts(failover: Failover) -> None:
    for _ in range(10):
        failover.began(GPT)
        failover.ended(GPT)
    assert asks(failover)


def test_our_own_fault_leaves_the_count_as_it_was(failover: Failover) -> None:
    fail(failover, down(), down(), Refused("provider_bad_request", status=400), down())
    assert not asks(failover)


def break_off(failover: Failover) -> None:
    answer(failover)
    failover.failed(GPT, Cut("answer_cut"))


def test_answers_that_break_off_count_although_their_first_words_came(failover: Failover) -> None:
    for _ in range(3):
        assert asks(failover)
        break_off(failover)
    assert not asks(failover)


def test_an_answer_that_breaks_off_between_good_ones_opens_nothing(failover: Failover) -> None:
    for _ in range(10):
        break_off(failover)
        answer(failover)
    assert asks(failover)


def test_a_probe_that_breaks_off_has_failed(failover: Failover, clock: Clock) -> None:
    half_open(failover, clock)
    break_off(failover)
    assert open_for(failover, clock) == 60


# the line


def test_the_asked_model_comes_first_and_nobody_twice(failover: Failover) -> None:
    assert failover.line(GPT, [CLAUDE, GPT, ELSEWHERE, CLAUDE]) == [GPT, CLAUDE, ELSEWHERE]


def test_who_is_down_is_left_out_wherever_it_stands(failover: Failover) -> None:
    fail(failover, down(60), model=CLAUDE)
    assert failover.line(GPT, [CLAUDE, ELSEWHERE]) == [GPT, ELSEWHERE]
    assert failover.line(CLAUDE, [GPT, ELSEWHERE]) == [GPT, ELSEWHERE]


def test_when_all_are_down_the_asked_model_has_to_try(failover: Failover) -> None:
    fail(failover, down(60))
    fail(failover, down(60), model=CLAUDE)
    assert failover.line(GPT, [CLAUDE]) == [GPT]
    assert failover.line(GPT, []) == [GPT]


# what the chat is told


def test_the_note_is_said_once_for_each_outage_and_conversation(failover: Failover, clock: Clock) -> None:
    fail(failover, down(), down(), down())
    sentence = f"Answered by {CLAUDE}, because {GPT} is down right now."
    assert [failover.note(1, GPT, CLAUDE) for _ in range(3)] == [sentence, None, None]
    assert failover.note(2, GPT, CLAUDE) == sentence
    clock.now += 30
    fail(failover, down())  # the same outage goes on
    assert failover.note(1, GPT, CLAUDE) is None
    answer(failover)
    fail(failover, down())  # another one
    assert failover.note(1, GPT, CLAUDE) == sentence


def test_who_is_answered_by_whom_they_asked_is_told_nothing(failover: Failover) -> None:
    assert failover.note(1, GPT, GPT) is None
    fail(failover, down())
    assert failover.note(1, GPT, GPT) is None


def test_the_note_is_said_even_when_a_sister_model_answers_and_ends_the_outage(failover: Failover) -> None:
    fail(failover, down())
    answer(failover, MINI)
    assert failover.note(1, GPT, MINI) == f"Answered by {MINI}, because {GPT} is down right now."


@pytest.mark.parametrize(
    ("error", "because"),
    [
        (Busy("provider_unreachable"), "is down right now"),
        (Cut("answer_cut"), "is down right now"),
        (Busy("provider_slow"), "takes too long to answer right now"),
        (Busy("provider_rate_limited", 9), "is asked too often right now"),
        (Refused("provider_no_credits"), "has run out of credits"),
        (Refused("provider_wrong_key"), "does not let this bot in right now"),
    ],
    ids=lambda value: str(getattr(value, "key", "")),
)
def test_the_note_says_why(failover: Failover, error: BotError, because: str) -> None:
    fail(failover, error)
    said = failover.note(1, GPT, CLAUDE) or ""
    assert said.startswith(f"Answered by {CLAUDE}, because ")
    assert GPT in said
    assert said.endswith(f"{because}.")


def test_the_note_tells_of_the_latest_trouble(failover: Failover) -> None:
    fail(failover, Refused("provider_no_credits"))
    answer(failover, CLAUDE)
    fail(failover, Busy("provider_slow"))
    assert "takes too long" in (failover.note(1, GPT, CLAUDE) or "")


def test_the_note_is_said_in_every_language(failover: Failover) -> None:
    fail(failover, down())
    with speaking("de"):
        assert CLAUDE in (failover.note(1, GPT, CLAUDE) or "")


def test_of_many_conversations_the_first_are_forgotten(failover: Failover) -> None:
    fail(failover, down())
    for conversation in range(MOST_TOLD + 1):
        assert failover.note(conversation, GPT, CLAUDE)
    assert failover.note(MOST_TOLD, GPT, CLAUDE) is None
    assert failover.note(1, GPT, CLAUDE) is None
    assert failover.note(0, GPT, CLAUDE)


# what the operator sees


def test_the_figures_show_the_breakers_as_they_are_when_somebody_looks(failover: Failover, clock: Clock) -> None:
    metrics = Metrics()
    metrics.watch(failover.states)

    def shown(models: str) -> float | None:
        return metrics.registry.get_sample_value("snapthread_breaker", {"provider": "onemin", "family": models})

    assert shown("gpt") is None  # nobody has asked yet
    answer(failover)
    answer(failover, CLAUDE)
    assert (shown("gpt"), shown("claude")) == (0, 0)
    fail(failover, down(), down(), down())
    assert (shown("gpt"), shown("claude")) == (2, 0)
    clock.now += 30
    assert shown("gpt") == 1


def test_answers_in_place_of_others_are_counted(turn: Turn) -> None:
    metrics = Metrics()
    asked = turn.conversation.model
    for by in (asked, CLAUDE, CLAUDE):
        metrics.answered(turn, JobResult(text="a cat", model=by))
    count = metrics.registry.get_sample_value
    assert count("snapthread_fallbacks_total", {"asked": asked, "by": CLAUDE}) == 2
    assert count("snapthread_fallbacks_total", {"asked": asked, "by": asked}) is None


# whatever happens

MODELS = st.sampled_from([GPT, MINI, CLAUDE, ELSEWHERE])
TROUBLES = st.sampled_from(
    [down(), down(45), down(400), Cut("answer_cut"), Refused("provider_bad_request", status=400)]
)


@dataclass(eq=False)
class Asked:
    """A question under way."""

    model: str
    since: float

    @property
    def kin(self) -> str:
        provider, _, model_id = self.model.partition("/")
        return f"{provider}/{family(model_id)}"


class Chats(RuleBasedStateMachine):
    """Many chats ask at once, and what becomes of it comes in an order that nobody foresaw."""

    under_way: Bundle[Asked] = Bundle("under_way")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.failover = Failover(self.clock)
        self.probes: dict[str, Asked] = {}  # of families that nothing has decided yet

    @rule(seconds=st.sampled_from([1, 10, 30, 60, 120, 300]))
    def time_goes_by(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(target=under_way, model=MODELS, fallbacks=st.lists(MODELS, max_size=3))
    def somebody_asks(self, model: str, fallbacks: list[str]) -> Asked:
        line = self.failover.line(model, fallbacks)
        assert line
        assert len(line) == len(set(line))
        assert set(line) <= {model, *fallbacks}
        asked = Asked(line[0], self.clock.now)
        state = self.failover.states()[asked.kin]
        if self.failover.began(asked.model):
            before = self.probes.get(asked.kin)
            assert state == HALF_OPEN
            assert before is None or asked.since - before.since >= 120
            self.probes[asked.kin] = asked
        else:
            assert state == CLOSED or line == [model]
        return asked

    @rule(asked=consumes(under_way))
    def it_is_answered(self, asked: Asked) -> None:
        self.failover.well(asked.model)
        self.probes.pop(asked.kin, None)
        assert self.failover.states()[asked.kin] == CLOSED

    @rule(asked=consumes(under_way), error=TROUBLES)
    def it_fails(self, asked: Asked, error: BotError) -> None:
        probed = self.probes.get(asked.kin) is asked
        self.failover.failed(asked.model, error)
        if not self.failover.is_outage(error):
            self.it_is_stopped(asked)
        elif probed:
            assert self.failover.states()[asked.kin] == OPEN
        if self.failover.states()[asked.kin] == OPEN:
            self.probes.pop(asked.kin, None)

    @rule(asked=consumes(under_way))
    def it_is_stopped(self, asked: Asked) -> None:
        if self.probes.get(asked.kin) is asked:
            self.failover.ended(asked.model)
            del self.probes[asked.kin]

    @invariant()
    def nobody_is_left_out_for_more_than_ten_minutes(self) -> None:
        now, self.clock.now = self.clock.now, self.clock.now + 600
        assert all(asks(self.failover, model) for model in (GPT, CLAUDE, ELSEWHERE))
        self.clock.now = now


TestWhateverHappens = Chats.TestCase

"""The operator's dashboard without a browser: what it tells, whom it tells, and what it costs."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.app import running
from bot.configuration import read_settings
from bot.messages import PUT_ASIDE, Backlog, JobResult, Tally, Usage
from bot.ports import Store
from bot.store.reporting import SqlReporting
from bot.store.sql import SqlStore
from bot.web.dashboard import Dashboard
from bot.web.interval_cache import DAY, RANGES, IntervalCache
from bot.web.server import WebServer
from bot.web.tally_sums import biggest, percentile, stretch_of
from tests.conftest import MODEL, said
from tests.store.talk import claim_one
from tests.web.filled import Filler, fill, settle, voted

pytestmark = pytest.mark.usefixtures("fixed_time")

TOKEN = "correct horse battery staple"
GPT, MINI, LLAMA = "onemin/gpt-4o", "onemin/gpt-4o-mini", "aiml/meta/llama-4"
FILES = ("dashboard", "dashboard/data", "dashboard/dashboard.js", "dashboard/dashboard.css")

Json = dict[str, Any]


@asynccontextmanager
async def serving(store: Store, token: str | None = None) -> AsyncIterator[aiohttp.ClientSession]:
    server = WebServer("127.0.0.1", 0, token, sessions=store.sessions)
    Dashboard(store.reporting, store.coordination, votes=store.votes).add_routes(server.router)
    async with server, aiohttp.ClientSession(server.url) as http:
        yield http


async def told(http: aiohttp.ClientSession, **asked: str) -> Json:
    """All figures, once everything is counted."""
    while True:
        async with http.get("/dashboard/data", params=asked) as response:
            assert response.status == 200, await response.text()
            figures: Json = await response.json()
        if not figures["uncounted"]:
            return figures
        await asyncio.sleep(0.1)


async def look(store: Store, **asked: str) -> Json:
    async with serving(store) as http:
        return await told(http, **asked)


def group(figures: Json, name: str) -> Json:
    [found] = [each for each in figures["groups"] if each["name"] == name]
    return found  # type: ignore[no-any-return]


def ago(figures: Json, seconds: float) -> int:
    """The stretch that this moment is in."""
    return int((figures["now"] - seconds - figures["start"]) // figures["step"])


# what is told


async def test_errors_with_numbers_are_told_without_them(sqlite: Store) -> None:
    filler = Filler(sqlite)
    filler.turn(time.time(), error="photo_too_many_pixels")
    await filler.write()
    async with serving(sqlite) as http:
        for language, sentence in (
            ("en", "it has … megapixels, and I take up to …"),
            ("de", "es hat … Megapixel, und ich nehme höchstens …"),
        ):
            http.headers["Accept-Language"] = language
            [told_error] = (await told(http, range="hour"))["errors"]
            assert told_error["sentence"] == sentence
    filler.turn(time.time(), error="limit_reached")
    await filler.write()
    figures = await look(sqlite, range="hour")
    sentences = {each["key"]: each["sentence"] for each in figures["errors"]}
    assert sentences["limit_reached"] == "A limit was reached, of a person, of a channel or of the bot."


@pytest.mark.parametrize("name", RANGES)
async def test_turns_stand_where_they_were_finished(store: Store, name: str) -> None:
    filler, now, shown = Filler(store), time.time(), RANGES[name]
    whole = shown.step * (shown.stretches - 1)
    for part in (0.1, 0.1, 0.5, 0.9):
        filler.turn(now - part * whole)
    filler.turn(now - part * whole, error="provider_slow")
    filler.turn(now - whole - 2 * shown.step)  # too long ago
    await filler.write()
    figures = await look(store, range=name)
    [everything] = figures["groups"]
    assert len(everything["turns"]) == shown.stretches == figures["stretches"]
    passed = figures["now"] - now
    wanted = {ago(figures, part * whole + passed): n for part, n in ((0.1, 2), (0.5, 1), (0.9, 2))}
    assert {n: turns for n, turns in enumerate(everything["turns"]) if turns} == wanted
    assert sum(everything["failed"]) == 1
    assert (figures["total"]["turns"], figures["total"]["failed"]) == (5, 1)


async def test_half_and_nineteen_of_twenty_of_the_answers_are_faster(store: Store) -> None:
    filler, now = Filler(store), time.time()
    for n in range(1, 101):
        filler.turn(now - 5, first_words=n / 50, took=n / 5)
    await filler.write()
    total = (await look(store, range="hour"))["total"]
    assert total["first_words"] == {"p50": pytest.approx(1.0, rel=0.1), "p95": pytest.approx(1.9, rel=0.1)}
    assert total["took"] == {"p50": pytest.approx(10, rel=0.1), "p95": pytest.approx(19, rel=0.1)}


async def test_where_nobody_was_answered_there_is_no_time(store: Store) -> None:
    filler, now = Filler(store), time.time()
    filler.turn(now - 200, first_words=0.8, took=4.04)
    filler.turn(now - 400, error="bug")
    await filler.write()
    figures = await look(store, range="hour")
    [everything] = figures["groups"]
    times = everything["took"]["p50"]
    assert [seconds for seconds in times if seconds is not None] == [4.04]
    assert times[ago(figures, 200)] == 4.04
    assert everything["turns"][ago(figures, 400)] == 1


@pytest.mark.parametrize(
    ("split", "sizes"),
    [
        ("all", {"all": 6}),
        ("platform", {"telegram": 3, "web": 2, "discord": 1}),
        ("provider", {"onemin": 3, "aiml": 2, "no model": 1}),
        ("model", {GPT: 2, LLAMA: 2, MINI: 1, "no model": 1}),
    ],
)
async def test_turns_are_told_apart_by_what_somebody_chooses(store: Store, split: str, sizes: Json) -> None:
    filler, now = Filler(store), time.time()
    for platform, model in (("web", GPT), ("web", GPT), ("telegram", LLAMA), ("telegram", LLAMA), ("telegram", MINI)):
        filler.turn(now - 100, model, platform=platform, took=8.0 if model == LLAMA else 2.0)
    filler.turn(now - 100, None, platform="discord", error="limit_reached")
    await filler.write()
    figures = await look(store, range="hour", split=split)
    assert {each["name"]: sum(each["turns"]) for each in figures["groups"]} == sizes
    assert sum(map(sum, (each["failed"] for each in figures["groups"]))) == 1
    if split == "model":
        assert [group(figures, name)["took"]["p95"][ago(figures, 100)] for name in (GPT, LLAMA)] == [2.0, 8.0]


async def test_beyond_six_groups_the_rest_are_others(store: Store) -> None:
    filler, now = Filler(store), time.time()
    for n in range(9):
        for _ in range(10 - n):
            filler.turn(now - 100, f"onemin/model-{n}", took=float(n + 1))
    await filler.write()
    figures = await look(store, range="hour", split="model")
    assert [each["name"] for each in figures["groups"]] == [*(f"onemin/model-{n}" for n in range(6)), "others"]
    others = group(figures, "others")
    assert sum(others["turns"]) == 4 + 3 + 2
    assert max(filter(None, others["took"]["p95"])) == 9.0


async def test_a_single_group_more_is_shown_by_its_name() -> None:
    assert list(biggest(dict.fromkeys("abcdefg", 1))) == list("abcdefg")
    assert biggest(dict.fromkeys("abcdefgh", 1))["others"] == ["g", "h"]


async def test_costs_are_told_by_day_and_model(store: Store) -> None:
    filler, now = Filler(store), time.time()
    midnight = now // DAY * DAY
    filler.turn(midnight + 1, GPT, credits=100)
    filler.turn(midnight - 1, GPT, credits=20)
    filler.turn(midnight - 1, MINI, credits=3)
    filler.turn(midnight - 1, LLAMA, dollars=0.25)
    filler.turn(midnight - 40 * DAY, GPT, credits=1_000_000)
    await filler.write()
    costs = (await look(store, range="month"))["costs"]
    assert (costs["days"], costs["start"]) == (30, midnight - 29 * DAY)
    assert [(each["name"], each["values"][-3:]) for each in costs["credits"]] == [
        (GPT, [0, 20, 100]),
        (MINI, [0, 3, 0]),
    ]
    assert [(each["name"], each["values"][-3:]) for each in costs["dollars"]] == [(LLAMA, [0, 0.25, 0])]
    assert (await look(store, range="hour"))["costs"]["days"] == 7


async def test_errors_are_told_by_kind_with_the_sentence_that_people_read(store: Store) -> None:
    filler, now = Filler(store), time.time()
    for error, moment in (("provider_slow", 900), ("provider_slow", 300), ("photos_none_read", 5), ("not-ours", 1)):
        filler.turn(now - moment, error=error)
    await filler.write()
    slow, unknown, photos = (await look(store, range="hour"))["errors"]
    assert (slow["key"], slow["turns"], slow["last"]) == ("provider_slow", 2, pytest.approx(now - 300))
    assert slow["sentence"] == "The service took too long to answer."
    assert [slow["is_askers"], photos["is_askers"], unknown["is_askers"]] == [False, True, False]
    assert photos["sentence"].startswith("I couldn't read …. I didn't ask the model")
    assert (unknown["key"], unknown["sentence"]) == ("else", "")


async def test_a_lost_channel_counts_as_one_failure_whichever_version_wrote_it_down(store: Store) -> None:
    filler, now = Filler(store), time.time()
    for error in ("discord_shut_out", "telegram_shut_out", "channel_lost"):
        filler.turn(now - 5, error=error)
    await filler.write()
    [lost] = (await look(store, range="hour"))["errors"]
    assert (lost["key"], lost["turns"]) == ("channel_lost", 3)
    assert lost["sentence"] == "I can't write in this channel any more."


async def test_who_waits_who_works_and_how_each_process_is(store: Store) -> None:
    for channel in ("web:a", "web:b", "web:c"):
        await store.intake.add(said(channel=channel))
    await store.queue.claim(1)
    await settle(store)
    figures = await look(store)
    backlog = figures["backlog"]
    assert (backlog["waiting"], backlog["in_work"]) == (2, 1)
    assert 0 <= figures["now"] - backlog["oldest"] < 60
    assert [(process["name"], process["silent"]) for process in figures["fleet"]] == [
        ("bot-1/4211", False),
        ("bot-2/390", False),
        ("bot-3/17", True),
    ]
    assert figures["fleet"][1]["breakers"] == {"onemin/gpt": "closed", "vapi/gemini": "open"}
    assert figures["fleet"][2]["troubles"] == {"store": "TimeoutError"}


async def test_models_that_stand_in_for_others_are_told_with_how_many_they_served(store: Store) -> None:
    for n in range(3):
        await store.intake.add(said("a secret", f"telegram:{n}"))
    for turn in await store.queue.claim(3):
        by = MODEL if turn.message.channel.id == "2" else "vapi/gpt-4o"
        await store.queue.save_result(turn, JobResult(text="yes", model=MODEL, answered_by=by))
        await store.queue.finish(turn)
    [stand_in] = (await look(store))["stand_ins"]
    assert (stand_in["asked"], stand_in["by"]) == (MODEL, "vapi/gpt-4o")
    assert (stand_in["answers"], stand_in["people"]) == (2, 1)
    assert time.time() - stand_in["since"] < 60


async def test_wins_are_told_with_intervals_price_and_seconds(store: Store) -> None:
    assert (await look(store))["scores"] == []
    await voted(store, {GPT: 1, MINI: 9}, votes=10)
    mini, gpt = (await look(store))["scores"]
    assert (mini["model"], mini["won"], mini["votes"], gpt["model"], gpt["won"]) == (MINI, 9, 10, GPT, 1)
    assert (mini["low"], mini["high"]) == pytest.approx((0.5958, 0.9821), abs=0.0001)
    assert (mini["took"], mini["credits"], mini["dollars"]) == (3.0, 90.0, None)


async def test_what_was_put_aside_is_told_by_number_platform_and_reason(store: Store) -> None:
    for channel in ("telegram:-5", "discord:7"):
        await store.intake.add(said("a secret", channel))
    for turn in await store.queue.claim(2):
        await store.queue.finish(turn, error=PUT_ASIDE)
    assert isinstance(store, SqlStore)
    await store.db.run("UPDATE turns SET stalls = 2 * (2 - id), finished = finished + id WHERE id <= 2")
    aside = (await look(store))["put_aside"]
    assert aside["total"] == 2
    assert [(row["turn"], row["platform"], row["stalls"], row["crashes"]) for row in aside["turns"]] == [
        (2, "discord", 0, 0),
        (1, "telegram", 2, 0),
    ]
    assert set(aside["turns"][0]) == {"turn", "platform", "at", "stalls", "crashes"}


async def test_an_empty_store_has_nothing_to_tell(store: Store) -> None:
    figures = await look(store, split="model")
    assert (figures["groups"], figures["errors"], figures["fleet"]) == ([], [], [])
    assert figures["total"] == {
        "turns": 0,
        "failed": 0,
        "first_words": {"p50": None, "p95": None},
        "took": {"p50": None, "p95": None},
    }


@pytest.mark.parametrize("asked", [{"range": "year"}, {"split": "author"}, {"range": ""}])
async def test_what_there_is_not_is_refused(sqlite: Store, asked: dict[str, str]) -> None:
    async with serving(sqlite) as http, http.get("/dashboard/data", params=asked) as response:
        assert response.status == 400
        assert "range is one of hour, day, week, month" in (await response.json())["error"]


# what is never told


async def test_no_word_no_photo_no_user_and_no_channel_leaves_the_store(store: Store) -> None:
    await fill(store, 300)
    await store.intake.add(said("secret-question", channel="telegram:secret-chat", photos=2, id="secret-message"))
    turn = await claim_one(store)
    await store.queue.save_result(
        turn, JobResult(text="secret-answer", model=MODEL, usage=Usage(5), first_words=0.5, took=1.0)
    )
    await store.queue.finish(turn, error="secret-error")
    await store.intake.add(said("/secret-command", channel="discord:secret-server/secret-channel"))
    async with serving(store) as http:
        for name in RANGES:
            for split in ("all", "platform", "provider", "model"):
                await told(http, range=name, split=split)
                async with http.get("/dashboard/data", params={"range": name, "split": split}) as response:
                    assert "secret" not in (await response.text()).lower()


# who may look


async def test_the_dashboard_is_for_those_who_have_the_token(sqlite: Store) -> None:
    async with serving(sqlite, TOKEN) as http:
        for path in FILES:
            async with http.get(f"/{path}") as response:
                assert response.status == 401, path
            async with http.get(f"/{path}", headers={"Authorization": f"Bearer {TOKEN}"}) as response:
                assert response.status == 200, path
        async with http.get("/dashboard", headers={"Accept": "text/html"}, allow_redirects=False) as response:
            assert response.headers["Location"] == "/login?next=/dashboard"


async def test_without_a_token_it_is_for_this_machine(sqlite: Store) -> None:
    async with serving(sqlite) as http:
        for path in FILES:
            async with http.get(f"/{path}") as response:
                assert response.status == 200, path
            async with http.get(f"/{path}", headers={"Host": "evil.example"}) as response:
                assert response.status == 403, path


@pytest.mark.parametrize("listen", [("web",), ("discord",)])
async def test_it_is_there_and_guarded_whatever_the_bot_listens_to(tmp_path: Path, listen: tuple[str, ...]) -> None:
    settings = read_settings(
        _env_file=None,
        bot_store=f"sqlite:///{tmp_path}/bot.db",
        bot_data=str(tmp_path),
        bot_listen=listen,
        bot_local=True,
        bot_model="local/eyes",
        web_port=0,
        web_token=TOKEN,
    )
    async with running(settings) as bot, aiohttp.ClientSession(bot.url) as http:
        for path in FILES:
            async with http.get(f"/{path}") as response:
                assert response.status == 401
        async with http.get("/dashboard/data", headers={"Authorization": f"Bearer {TOKEN}"}) as response:
            figures = await response.json()
    assert figures["groups"] == []


async def test_only_files_of_the_dashboard_are_served(sqlite: Store) -> None:
    async with serving(sqlite) as http:
        for name in ("login.html", "..%2fguard.py", "dashboard.html"):
            async with http.get(f"/dashboard/{name}") as response:
                assert response.status == 404
        async with http.get("/dashboard") as response:
            assert "unsafe" not in response.headers["Content-Security-Policy"]


# what it costs


@dataclass(slots=True)
class Counting:
    """How often figures were counted, and whether the store is away."""

    store: Store = field(init=False)
    away: bool = False
    asked: int = 0


@dataclass(frozen=True, slots=True)
class CountedReporting(SqlReporting):
    counting: Counting

    async def list_tallies(self, start: float, end: float) -> Sequence[Tally]:
        self.counting.asked += 1
        return await SqlReporting.list_tallies(self, start, end)

    async def get_backlog(self) -> Backlog:
        if self.counting.away:
            raise OSError
        return await SqlReporting.get_backlog(self)


@pytest.fixture
async def counting(sqlite: Store) -> Counting:
    assert isinstance(sqlite, SqlStore)
    counting = Counting()
    counting.store = replace(sqlite, reporting=CountedReporting(sqlite.db, counting))
    return counting


async def test_ten_tabs_cost_as_much_as_one(counting: Counting) -> None:
    async with serving(counting.store) as http:
        await told(http)
        alone = counting.asked
        await asyncio.gather(*(told(http) for _ in range(10)))
        assert counting.asked == alone == RANGES["day"].stretches


async def test_another_split_counts_nothing_again(counting: Counting) -> None:
    async with serving(counting.store) as http:
        await told(http)
        await told(http, split="model")
        assert counting.asked == RANGES["day"].stretches


async def test_a_store_that_is_away_is_told(counting: Counting) -> None:
    async with serving(counting.store) as http:
        counting.away = True
        async with http.get("/dashboard/data") as response:
            assert (response.status, await response.json()) == (
                503,
                {"error": "The store does not answer right now."},
            )
        counting.away = False
        await told(http)


async def test_an_answer_counts_for_a_moment_and_goes_on_with_the_next(counting: Counting) -> None:
    counted: list[float] = []

    async def count(start: float, end: float) -> float:
        counted.append(start)
        return start

    memory, starts = IntervalCache(count), [0.0, 60.0, 120.0, 180.0]
    now = time.time() // 60 * 60 - 3600
    starts = [now + start for start in starts]
    late = time.monotonic() - 1
    assert await memory.recall(starts, 60, late) == [None, None, None, starts[3]]
    assert await memory.recall(starts, 60, late) == [None, None, starts[2], starts[3]]
    assert await memory.recall(starts, 60, late + 100) == starts
    assert counted == starts[::-1]


async def test_what_is_over_is_counted_once_and_the_newest_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.interval_cache.OLDEST", 0.0)
    counted: list[float] = []

    async def count(start: float, end: float) -> int:
        counted.append(start)
        return len(counted)

    starts = RANGES["hour"].starts(time.time())[-5:]
    memory = IntervalCache(count)
    await memory.recall(starts, 60, math.inf)
    before = len(counted)
    await memory.recall(starts, 60, math.inf)
    await memory.recall(starts, 60, math.inf)
    assert before == 5
    assert set(counted[before:]) <= set(starts[-2:]), "those that may still change"
    assert starts[-1] in counted[before:]


def test_a_percentile_is_the_mean_of_the_class_it_falls_into() -> None:
    times = {3: (19, 19 * 0.5), 40: (1, 80.0)}
    assert [percentile(times, part) for part in (0.0, 0.5, 0.95, 0.96, 1.0)] == [0.5, 0.5, 0.5, 80.0, 80.0]
    assert percentile({}, 0.5) is None


def test_sums_do_not_depend_on_the_order() -> None:
    tallies = [
        Tally(platform="web", model=GPT, error=None, turns=2, last=5.0, first_words={1: (2, 0.2)}, took={3: (2, 2.0)}),
        Tally(platform="web", model=GPT, error="bug", turns=1, last=9.0),
        Tally(
            platform="telegram",
            model=LLAMA,
            error=None,
            turns=4,
            last=7.0,
            first_words={1: (4, 0.4)},
            took={3: (4, 4.4)},
        ),
    ]
    assert stretch_of(tallies) == stretch_of(tallies[::-1])
    assert stretch_of(tallies).errors == {"bug": (1, 9.0)}


async def test_a_message_that_was_put_aside_is_released_here_and_from_no_other_site(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    await store.intake.add(said())
    [turn] = await store.queue.claim(1)
    await store.queue.finish(turn, error=PUT_ASIDE)
    server = WebServer("127.0.0.1", 0, sessions=store.sessions)
    Dashboard(store.reporting, store.coordination, store.queue.release_put_aside).add_routes(server.router)
    async with server, aiohttp.ClientSession(server.url) as http:
        path = f"/dashboard/turns/{turn.id}/release"
        async with http.post(path, headers={"Origin": "http://evil.example"}) as response:
            assert response.status == 403
        assert await store.queue.count_waiting() == 0
        async with http.post(path) as response:
            assert response.status == 200
        async with http.post(path) as response:
            assert response.status == 404, "once"
    assert await store.queue.count_waiting() == 1
    assert f"turn={turn.id}" in capsys.readouterr().out

"""The bot as its operator meets it: real processes, started, looked at, stopped."""

import asyncio
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path

import aiohttp
import psycopg
import pytest

from bot import __version__
from bot.operations.lock_age import lock_date
from bot.store import open_store
from emulator import Emulator
from tests.conftest import PHOTOS
from tests.doubles.openai import FakeOpenAI
from tests.doubles.page import Page
from tests.doubles.process import BotProcess, free_port
from tests.doubles.telegram import TOKEN, TelegramBed

KEY = "a-very-secret-api-key"
CAT = (PHOTOS / "cat.jpg").read_bytes()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http:
        yield http


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator() as emulator:
        yield emulator


async def started(
    *words: str, folder: Path, program: Sequence[str] = ("-m", "bot"), **settings: str
) -> asyncio.subprocess.Process:
    """A command of the bot, under way."""
    environment = BotProcess(folder, **settings).environment
    return await asyncio.create_subprocess_exec(
        sys.executable, *program, *words,
        env=environment, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        # A shell that runs the tests in the background ignores SIGINT, and so would whatever they start.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


async def command(*words: str, folder: Path, **settings: str) -> tuple[int, str]:
    """Run a command of the bot to its end; its exit code and all it printed."""
    process = await started(*words, folder=folder, **settings)
    printed, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, printed.decode()


async def answers(page: Page, http: aiohttp.ClientSession, count: int) -> list[str]:
    """The whole answers of a channel, as soon as there are so many."""
    async with asyncio.timeout(20):
        while len(found := await page.answers(http)) < count:
            await asyncio.sleep(0.05)
    return [answer for _, answer in found]


async def test_try_answers_a_photo_and_a_follow_up_with_no_key_at_all(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    async with BotProcess(tmp_path, "try") as bot:
        await bot.ready()
        page = Page(bot.url, "lobby")
        await page.say(http, "what is this?", "k1", cat_jpg=CAT)
        [first] = await answers(page, http, 1)
        assert "I'm not an AI model" in first
        assert "451 × 300" in first
        await page.say(http, "and is it sharp?", "k2")
        second = (await answers(page, http, 2))[1]
        assert "Sharpness: sharp" in second
        assert "I measured the photos again." in second


async def test_try_asks_an_endpoint_of_ones_own_which_needs_no_key(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    async with FakeOpenAI("vapi", key="") as endpoint:
        settings = {"OPENAI_API_URL": endpoint.url, "BOT_MODEL": "openai/gpt-4o"}
        async with BotProcess(tmp_path, "try", **settings) as bot:
            await bot.ready()
            page = Page(bot.url, "lobby")
            await page.say(http, "what is this?", "k1", cat_jpg=CAT)
            [answer] = await answers(page, http, 1)
        assert "451 × 300" in answer
        assert [seen.auth for seen in endpoint.asked] == [""]


async def test_try_leaves_the_platforms_alone_whose_tokens_are_set(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    async with TelegramBed() as bed:
        async with BotProcess(tmp_path, "try", TELEGRAM_TOKEN=TOKEN, TELEGRAM_API_URL=bed.url) as bot:
            await bot.ready()
            page = Page(bot.url, "lobby")
            await page.say(http, "what is this?", "k1", cat_jpg=CAT)
            assert await answers(page, http, 1)
        assert not bed.calls
        assert TOKEN not in bot.said()


async def test_a_photo_that_was_turned_arrives_upright(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    async with BotProcess(tmp_path, "try") as bot:
        await bot.ready()
        page = Page(bot.url, "lobby")
        await page.say(http, "what is this?", "k1", turned_jpg=(PHOTOS / "cat-rotated.jpg").read_bytes())
        [answer] = await answers(page, http, 1)
        assert "451 × 300" in answer


async def test_run_asks_the_real_address_with_the_key_and_keeps_it_out_of_the_log(
    tmp_path: Path, http: aiohttp.ClientSession, emulator: Emulator
) -> None:
    settings = {"ONEMIN_API_KEY": KEY, "ONEMIN_API_URL": emulator.url, "BOT_LOG_LEVEL": "debug"}
    emulator.faults.add("wrong_key", at="chat")
    async with BotProcess(tmp_path, **settings) as bot:
        await bot.ready()
        page = Page(bot.url, "lobby")
        await page.say(http, "what is this?", "k1", cat_jpg=CAT)
        [answer] = await answers(page, http, 1)
        assert answer.startswith("⚠️ 1min.ai does not accept this bot's API key.")
        await bot.stop()
        assert KEY not in bot.said()
        assert "UNAUTHORIZED" in bot.said()
    for file in tmp_path.glob("*.db*"):
        assert KEY.encode() not in file.read_bytes()


@pytest.mark.timeout(180)
async def test_each_start_prints_another_claim_code_until_somebody_runs_the_bot(tmp_path: Path) -> None:
    codes = []
    async with TelegramBed() as bed:
        settings = {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": bed.url, "BOT_LOG_LEVEL": "info"}
        for n, admins in enumerate(["", "", "telegram:1"]):
            (folder := tmp_path / str(n)).mkdir()
            store = {"BOT_STORE": f"sqlite:///{tmp_path}/bot.db", "BOT_ACCESS": "paired", "BOT_ADMINS": admins}
            async with BotProcess(folder, **settings, **store) as bot:
                await bot.ready(60)
                await bot.stop()
                assert "people, servers and groups that an admin lets in; others get a code" in bot.said()
                codes.append(re.findall(r"/claim ((?:[A-Z0-9]{5}-){3}[A-Z0-9]{5})", bot.said()))
    first, second, none = codes
    assert len(first) == len(second) == 2, "on the terminal and in the log"
    assert len({*first, *second}) == 2
    assert none == []
    assert all(code.replace("-", "").encode() not in (tmp_path / "bot.db").read_bytes() for code in {*first, *second})


async def test_the_page_alone_needs_no_claim(tmp_path: Path) -> None:
    async with BotProcess(tmp_path, "run", BOT_LOG_LEVEL="info", BOT_ACCESS="open") as bot:
        await bot.ready()
        assert "/claim" not in bot.said()
        assert "everybody (BOT_ACCESS=open)" in bot.said()


async def test_health_readiness_and_figures_can_be_watched(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    async with BotProcess(tmp_path, "try") as bot:
        await bot.ready()
        page = Page(bot.url, "lobby")
        await page.say(http, "what is this?", "k1", cat_jpg=CAT)
        await answers(page, http, 1)
        async with http.get(f"{bot.url}/healthz") as reply:
            assert (reply.status, await reply.text()) == (200, "ok")
        async with http.get(f"{bot.url}/readyz") as reply:
            assert (reply.status, await reply.json()) == (200, {})
        async with asyncio.timeout(30):
            figures = ""
            while "snapthread_turns_total{" not in figures:
                async with http.get(f"{bot.url}/metrics") as reply:
                    figures = await reply.text()
        assert 'platform="web",provider="local"' in figures
        assert "snapthread_first_words_seconds_bucket" in figures
        assert "snapthread_in_flight" in figures
        assert "lobby" not in figures


async def test_a_stop_in_mid_answer_waits_for_no_model_and_loses_nothing(
    tmp_path: Path, http: aiohttp.ClientSession, emulator: Emulator
) -> None:
    settings = {"ONEMIN_API_KEY": KEY, "ONEMIN_API_URL": emulator.url}
    emulator.faults.add("hang")
    async with BotProcess(tmp_path, **settings) as bot:
        await bot.ready()
        page = Page(bot.url, "lobby")
        await page.say(http, "what is this?", "k1", cat_jpg=CAT)
        async with asyncio.timeout(10):
            while not any(seen.path == "/api/chat-with-ai" for seen in emulator.seen):
                await asyncio.sleep(0.05)
        begun = time.monotonic()
        assert await bot.stop() == 0
        assert time.monotonic() - begun < 20
        await bot.start()
        await bot.ready()
        [answer] = await answers(page, http, 1)
        assert "451 × 300" in answer
        assert "Traceback" not in bot.said()


async def test_an_idle_bot_stops_at_once(tmp_path: Path) -> None:
    async with BotProcess(tmp_path, "try") as bot:
        await bot.ready()
        begun = time.monotonic()
        assert await bot.stop() == 0
        assert time.monotonic() - begun < 10
        assert "Traceback" not in bot.said()


async def test_wrong_settings_end_with_a_sentence_for_each(tmp_path: Path) -> None:
    code, printed = await command("run", folder=tmp_path, WEB_PORT="x", ONEMIN_API="y")
    assert code == 1
    assert "WEB_PORT: " in printed
    assert "ONEMIN_API: " in printed
    assert "Traceback" not in printed


async def test_a_second_bot_on_the_same_store_says_so(tmp_path: Path) -> None:
    async with BotProcess(tmp_path, "try") as bot:
        await bot.ready()
        code, printed = await command("run", folder=tmp_path, WEB_PORT=str(free_port()))
    assert code == 1
    assert "another bot is running" in printed
    assert "Traceback" not in printed


async def test_a_port_in_use_is_a_sentence(tmp_path: Path) -> None:
    async with BotProcess(tmp_path, "try") as bot:
        await bot.ready()
        other = tmp_path / "other"
        other.mkdir()
        code, printed = await command("run", folder=other, WEB_PORT=bot.environment["WEB_PORT"])
    assert code == 1
    assert "Cannot start" in printed
    assert "Traceback" not in printed


async def test_check_finds_all_well_with_a_good_key(tmp_path: Path, emulator: Emulator) -> None:
    settings = {"ONEMIN_API_KEY": KEY, "ONEMIN_API_URL": emulator.url, "BOT_ACCESS": "paired"}
    code, printed = await command("check", folder=tmp_path, **settings)
    assert code == 0, printed
    assert printed.rstrip().endswith("All is well.")
    assert KEY not in printed


async def test_check_warns_of_an_env_file_that_other_accounts_can_read(tmp_path: Path, emulator: Emulator) -> None:
    file = tmp_path / ".env"
    file.write_text(f"ONEMIN_API_KEY={KEY}\nONEMIN_API_URL={emulator.url}\n")
    file.chmod(0o644)
    code, printed = await command("check", folder=tmp_path)
    assert code == 0, printed
    assert "warn   .env: other accounts on this machine can read your tokens and keys in it." in printed
    assert "chmod 600 .env" in printed
    assert not printed.rstrip().endswith("All is well.")
    file.chmod(0o600)
    code, printed = await command("check", folder=tmp_path)
    assert (code, ".env" in printed) == (0, False), printed


async def test_check_tells_how_old_the_libraries_are(tmp_path: Path, emulator: Emulator) -> None:
    _, printed = await command("check", folder=tmp_path, ONEMIN_API_KEY=KEY, ONEMIN_API_URL=emulator.url)
    assert f"ok     libraries: pinned on {lock_date()}, " in printed


@pytest.mark.parametrize(
    ("settings", "warns"),
    [
        ({"BOT_ACCESS": "paired"}, False),
        ({"BOT_ACCESS": "open"}, True),
        ({"BOT_ACCESS": "open", "BOT_USER_TURNS_DAY": "3"}, True),
        ({"BOT_ACCESS": "open", "BOT_TOTAL_CREDITS_MONTH": "100000"}, False),
        ({"BOT_ACCESS": "open", "BOT_ALLOW": "telegram:7"}, False),
    ],
)
async def test_check_and_the_start_warn_of_a_bot_on_which_everybody_may_spend_without_end(
    tmp_path: Path, emulator: Emulator, settings: dict[str, str], warns: bool
) -> None:
    settings = {"ONEMIN_API_KEY": KEY, "ONEMIN_API_URL": emulator.url, **settings}
    code, printed = await command("check", folder=tmp_path, **settings)
    assert (code, "warn   limits: everybody may spend on your account without end" in printed) == (0, warns), printed
    async with BotProcess(tmp_path, **settings) as bot:
        await bot.ready()
        assert ("everybody may spend on your account without end" in bot.said()) is warns


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"ONEMIN_API_KEY": ""}, "provider: none has a key. Set ONEMIN_API_KEY"),
        ({"BOT_MODEL": "onemin/no-such-model"}, "model: onemin/no-such-model is not known. Set BOT_MODEL"),
        ({"BOT_MODEL": "onemin/o3-mini"}, "model: onemin/o3-mini cannot see photos."),
        ({"BOT_STORE": "sqlite:////proc/nowhere/bot.db"}, "Check BOT_STORE"),
        ({"ONEMIN_API_URL": "http://127.0.0.1:9"}, "Check this machine's network"),
    ],
)
async def test_check_says_what_is_wrong_and_how_to_mend_it(
    tmp_path: Path, emulator: Emulator, settings: dict[str, str], says: str
) -> None:
    good = {"ONEMIN_API_KEY": KEY, "ONEMIN_API_URL": emulator.url}
    code, printed = await command("check", folder=tmp_path, **good | settings)
    assert code == 1
    assert says in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize(("called", "again"), [({}, "python -m bot try"), ({"MAKELEVEL": "1"}, "make try")])
async def test_a_port_in_use_is_named_with_the_command_that_takes_another_one(
    tmp_path: Path, called: dict[str, str], again: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, printed = await command("try", folder=tmp_path, WEB_PORT=str(port), **called)
    assert code == 1
    assert f"Cannot start: port {port} is in use by another program" in printed
    assert re.search(rf"Choose another one: WEB_PORT={port + 10} .*{again}$", printed.strip()), printed
    assert "Traceback" not in printed


async def test_the_version_and_the_command_as_it_was_called_are_told(tmp_path: Path) -> None:
    assert await command("--version", folder=tmp_path) == (0, f"Snapthread {__version__}\n")
    _, printed = await command("--help", folder=tmp_path)
    assert re.match(r"usage: python\S* -m bot ", printed)


async def test_check_finds_a_wrong_key_and_a_port_in_use(tmp_path: Path) -> None:
    async with Emulator(key="another-key") as emulator:
        port = emulator.url.rpartition(":")[2]
        code, printed = await command(
            "check", folder=tmp_path, ONEMIN_API_KEY=KEY, ONEMIN_API_URL=emulator.url, WEB_PORT=port
        )
    assert code == 1
    assert "does not accept this bot's API key" in printed
    assert "Copy the key again" in printed
    assert "port: Address already in use" in printed


async def test_check_wants_a_model_of_a_provider_that_is_set_up(tmp_path: Path) -> None:
    async with FakeOpenAI("aimlapi", key=KEY) as endpoint:
        settings = {"AIMLAPI_API_KEY": KEY, "AIMLAPI_API_URL": endpoint.url}
        code, printed = await command("check", folder=tmp_path, **settings)
        assert code == 1
        assert "aimlapi: the key is accepted" in printed
        assert "model: onemin/gpt-4o belongs to a provider that is not set up. Set BOT_MODEL to one of" in printed
        assert "aimlapi/openai/gpt-4o" in printed
        code, printed = await command("check", folder=tmp_path, BOT_MODEL="aimlapi/gpt-4o", **settings)
    assert code == 0, printed


async def test_check_asks_telegram_about_the_token(tmp_path: Path, emulator: Emulator) -> None:
    settings = {"ONEMIN_API_KEY": KEY, "ONEMIN_API_URL": emulator.url, "WEB_HOST": "0.0.0.0", "WEB_TOKEN": "x" * 16}
    async with TelegramBed() as bed:
        settings |= {"TELEGRAM_API_URL": bed.url, "TELEGRAM_TOKEN": TOKEN}
        code, printed = await command("check", folder=tmp_path, **settings)
        assert (code, "telegram: the token is accepted" in printed) == (0, True), printed
        bed.revoked = True
        code, printed = await command("check", folder=tmp_path, **settings)
    assert code == 1
    assert "telegram: Telegram does not know the token in TELEGRAM_TOKEN" in printed
    assert TOKEN not in printed


@pytest.mark.parametrize("words", [[], ["--port", "0"], ["--help"]])
async def test_whoever_asks_for_the_sandbox_reads_where_it_went(tmp_path: Path, words: list[str]) -> None:
    code, printed = await command("sandbox", *words, folder=tmp_path)
    assert (code, len(printed.splitlines())) == (2, 1)
    assert "python -m emulator" in printed


# the store: copied, put back, moved

MEDDLING = """
CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(3600); RETURN NEW; END $$;
CREATE TRIGGER dawdle BEFORE INSERT ON turns FOR EACH ROW EXECUTE FUNCTION dawdle()
"""
DAWDLING = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"


@pytest.fixture
def postgres(empty_database: str) -> str:
    """An empty database, whose address has a password in it."""
    return empty_database.replace(":@", ":hunter2@")


async def one_answer(folder: Path, http: aiohttp.ClientSession, question: str, key: str, **settings: str) -> str:
    """What a bot that is started for this one question answers; the photo was shown before."""
    async with BotProcess(folder, "try", **settings) as bot:
        await bot.ready()
        page = Page(bot.url, "lobby")
        count = len(await page.answers(http))
        await page.say(http, question, key, **({} if count else {"cat_jpg": CAT}))
        answer = (await answers(page, http, count + 1))[-1]
        assert await bot.stop() == 0
    return answer


async def test_a_running_bot_is_copied_and_put_back_when_it_is_stopped(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    file = str(tmp_path / "bot.backup")
    async with BotProcess(tmp_path, "try") as bot:
        await bot.ready()
        page = Page(bot.url, "lobby")
        await page.say(http, "what is this?", "k1", cat_jpg=CAT)
        await answers(page, http, 1)
        code, printed = await command("backup", file, folder=tmp_path)
        assert (code, f"is copied to {file}: 1 turns, " in printed) == (0, True), printed
        code, printed = await command("backup", file, folder=tmp_path)
        assert (code, printed) == (1, f"Cannot back up: {file} is there already; --force writes over it.\n")
        code, printed = await command("restore", file, folder=tmp_path)
        assert (code, printed) == (1, f"Cannot restore: another bot is running on {tmp_path}/bot.db.\n")
        await page.say(http, "and is it sharp?", "k2")
        await answers(page, http, 2)
        await bot.stop()
    code, printed = await command("backup", "--force", f"{file}.2", folder=tmp_path)
    assert (code, ": 2 turns, " in printed) == (0, True), printed
    code, printed = await command("restore", file, folder=tmp_path)
    assert (code, ": 1 turns, " in printed) == (0, True), printed
    assert f"What was there before is kept as {tmp_path}/bot.db.before-restore-" in printed
    assert "I measured the photos again." in await one_answer(tmp_path, http, "and is it sharp?", "k3")


WAITING_BACKUP = """
import signal, sys, time
from bot.__main__ import main

def wait_for_a_signal(seconds):
    print("Paused.", flush=True)
    signal.pause()

time.sleep = wait_for_a_signal
sys.exit(main())
"""
"""The bot's command line, with a pause between two steps of a copy that only a signal ends."""


async def test_a_copy_that_is_interrupted_leaves_no_file(tmp_path: Path) -> None:
    async with BotProcess(tmp_path, "try") as bot:
        await bot.ready()
        await bot.stop()
    file = tmp_path / "copies" / "bot.backup"
    file.parent.mkdir()
    process = await started("backup", str(file), folder=tmp_path, program=("-c", WAITING_BACKUP))
    assert process.stdout is not None
    assert await process.stdout.readline() == b"Paused.\n"
    assert list(file.parent.iterdir())  # the draft, and its journal where SQLite is about to write
    process.send_signal(signal.SIGINT)
    printed, _ = await process.communicate()
    assert (process.returncode, printed) == (130, b"Stopped.\n")
    assert list(file.parent.iterdir()) == []


async def test_a_store_on_a_server_is_not_copied_by_us(tmp_path: Path) -> None:
    for words in (["backup", "file"], ["restore", "file"], ["move", "postgresql://elsewhere/bot"]):
        code, printed = await command(*words, folder=tmp_path, BOT_STORE="postgresql://bot:hunter2@127.0.0.1:9/bot")
        assert code == 1
        assert "BOT_STORE is PostgreSQL" in printed
        assert "hunter2" not in printed


async def test_a_bot_goes_on_in_postgresql_where_it_was_in_sqlite(
    tmp_path: Path, http: aiohttp.ClientSession, postgres: str
) -> None:
    await one_answer(tmp_path, http, "what is this?", "k1")
    code, printed = await command("move", "--env", "NEW_STORE", folder=tmp_path, NEW_STORE=postgres)
    assert code == 0, printed
    assert "turns: 1 rows, and the same in both" in printed
    assert f"BOT_STORE={postgres.replace('hunter2', '***')}" in printed
    assert "hunter2" not in printed
    assert "I measured the photos again." in await one_answer(
        tmp_path, http, "and is it sharp?", "k2", BOT_STORE=postgres
    )
    process = await started("move", "-", folder=tmp_path)
    said, _ = await process.communicate(postgres.encode())
    assert process.returncode == 1
    assert b"Cannot move: the PostgreSQL there is not empty (" in said
    assert b"hunter2" not in said


async def test_a_running_bot_is_not_moved(tmp_path: Path, postgres: str) -> None:
    async with BotProcess(tmp_path, "try") as bot:
        await bot.ready()
        code, printed = await command("move", postgres, folder=tmp_path)
    assert (code, printed) == (1, f"Cannot move: another bot is running on {tmp_path}/bot.db.\n")


async def test_a_move_that_is_interrupted_leaves_nothing_there(
    tmp_path: Path, http: aiohttp.ClientSession, postgres: str
) -> None:
    await one_answer(tmp_path, http, "what is this?", "k1")
    async with open_store(postgres, "sandbox/gpt-4o"):
        pass
    with psycopg.connect(postgres, autocommit=True) as database:
        database.execute(MEDDLING)
        process = await started("move", postgres, folder=tmp_path)
        async with asyncio.timeout(20):
            while not database.execute(DAWDLING).fetchone():
                await asyncio.sleep(0.05)
        process.send_signal(signal.SIGINT)
        printed, _ = await process.communicate()
        assert (process.returncode, printed) == (130, b"Stopped.\n")
        for table in ("conversations", "channels", "turns"):
            assert database.execute(f"SELECT * FROM {table}".encode()).fetchall() == []
        database.execute("DROP TRIGGER dawdle ON turns")
    code, printed_then = await command("move", postgres, folder=tmp_path)
    assert code == 0, printed_then


async def test_without_its_packages_postgresql_is_a_sentence(tmp_path: Path) -> None:
    without = "import sys; sys.modules['psycopg'] = None; from bot.__main__ import main; sys.exit(main())"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", without, "move", "postgresql://bot:hunter2@127.0.0.1:9/bot",
        env=BotProcess(tmp_path).environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    printed, _ = await process.communicate()
    assert process.returncode == 1
    assert printed.decode() == (
        "Cannot move: PostgreSQL needs packages that are not installed: pip install '.[postgres]'.\n"
    )


async def test_a_move_to_nowhere_is_wrong_use(tmp_path: Path) -> None:
    code, printed = await command("move", folder=tmp_path)
    assert code == 2
    assert "TARGET" in printed
    code, printed = await command("move", "--env", "NO_SUCH_VARIABLE", folder=tmp_path)
    assert code == 1
    assert "should look like postgresql://user:password@host/name" in printed

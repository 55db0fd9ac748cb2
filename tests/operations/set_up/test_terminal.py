"""The set-up in a terminal, typed as a person would."""

import asyncio
import os
import pty
import sys
import threading
from pathlib import Path

import pytest
from dotenv import dotenv_values

from bot.operations.set_up.terminal import TerminalSetUp
from tests.doubles.openai import FakeOpenAI
from tests.doubles.process import ROOT
from tests.doubles.telegram import TOKEN, TelegramBed

KEY = "sk-the-key-of-the-operator"
HIDDEN = ", which is not shown"  # sentences name the variable too, before the terminal is ready for an answer
WRONG_TOKEN = "4242:" + "not_that_" * 4


class Typist:
    """A person at a pseudo-terminal: waits for a question, then types the answer."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.screen, self._read = "", 0
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:  # the child: this terminal is its own
            os.chdir(folder)
            os.execve(sys.executable, [sys.executable, "-m", "bot", "setup"], environment)

    def types(self, question: str, answer: str) -> None:
        self.waits_for(question)
        os.write(self._terminal, answer.encode() + b"\n")

    def waits_for(self, text: str) -> None:
        """Read on until the text is on the screen, after what was read before."""
        guard = threading.Timer(90, os.kill, (self._pid, 9))
        guard.start()
        try:
            while (found := self.screen.find(text, self._read)) < 0:
                try:
                    self.screen += os.read(self._terminal, 4096).decode(errors="replace")
                except OSError:
                    pytest.fail(f"no {text!r} in {self.screen}")
            self._read = found + len(text)
        finally:
            guard.cancel()

    def ends(self) -> int:
        _, status = os.waitpid(self._pid, 0)
        os.close(self._terminal)
        return os.waitstatus_to_exitcode(status)


@pytest.mark.timeout(180)
async def test_wrong_tokens_are_asked_for_again_and_right_ones_are_written(tmp_path: Path) -> None:
    async with TelegramBed() as bed, FakeOpenAI("vapi", key=KEY) as service:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "BOT_DATA": str(tmp_path),
            "TELEGRAM_API_URL": bed.url,
            "VAPI_API_URL": service.url,
        }
        screen, code = await asyncio.to_thread(sets_up, tmp_path, environment)
    assert code == 0, screen
    assert dotenv_values(tmp_path / ".env") == {
        "TELEGRAM_TOKEN": TOKEN,
        "VAPI_API_KEY": KEY,
        "BOT_MODEL": "vapi/gpt-4o",
        "BOT_ACCESS": "open",
        "BOT_USER_TURNS_DAY": "20",
    }
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert all(secret not in screen for secret in (TOKEN, WRONG_TOKEN, KEY, "sk-another")), "no echo"


def sets_up(folder: Path, environment: dict[str, str]) -> tuple[str, int]:
    typist = Typist(folder, environment)
    typist.types("DISCORD_TOKEN" + HIDDEN, "")
    typist.types("TELEGRAM_TOKEN" + HIDDEN, WRONG_TOKEN)
    typist.waits_for("does not know the token")
    typist.types("TELEGRAM_TOKEN" + HIDDEN, TOKEN)
    typist.waits_for("the token is accepted")
    typist.types("ONEMIN_API_KEY" + HIDDEN, "")
    typist.types("VAPI_API_KEY" + HIDDEN, "sk-another")
    typist.waits_for("does not accept this bot's API key")
    typist.types("VAPI_API_KEY" + HIDDEN, KEY)
    typist.waits_for("the key is accepted")
    typist.types("AIMLAPI_API_KEY" + HIDDEN, "")
    typist.types("OPENAI_API_URL", "")
    typist.types("OPENAI_API_KEY" + HIDDEN, "")
    typist.types("BOT_MODEL [", "vapi/gpt-4o")
    typist.types("1 or 2", "2")
    typist.types("for each person", "20")
    typist.types("Answers a day for everybody", "")
    typist.types("Dollars a day", "")
    typist.types("Start it now?", "n")
    return typist.screen, typist.ends()


def test_a_file_that_is_there_stays_unless_its_owner_says_yes(tmp_path: Path) -> None:
    file, lines = tmp_path / ".env", list[str]()
    file.write_text("BOT_ACCESS=paired\n")
    asked = TerminalSetUp(ask=lambda question: "", ask_secret=lambda question: "", write=lines.append)
    assert not asked.run(file)
    assert file.read_text() == "BOT_ACCESS=paired\n"
    assert lines == [f"{file} stays as it is."]


def test_a_limit_that_is_no_number_is_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    answers = iter(["", "2", "lots", "7", "", ""])
    lines: list[str] = []
    asked = TerminalSetUp(ask=lambda question: next(answers), ask_secret=lambda question: "", write=lines.append)
    assert asked.run(tmp_path / ".env")
    assert any("BOT_USER_TURNS_DAY: it should be a number" in line for line in lines)
    written = dotenv_values(tmp_path / ".env")
    assert (written["BOT_USER_TURNS_DAY"], written["BOT_ACCESS"], written["BOT_MODEL"]) == ("7", "open", "local/eyes")

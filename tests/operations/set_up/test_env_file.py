"""The file `.env`: for its owner only, whole, and never over another one unasked."""

from pathlib import Path

import pytest
from dotenv import dotenv_values

from bot.operations.set_up.env_file import write_env
from bot.settings import SettingsError


def test_it_is_for_its_owner_only_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write_env(tmp_path / ".env", {"TELEGRAM_TOKEN": "4242:abc", "BOT_USER_TURNS_DAY": ""})
    assert [path.name for path in tmp_path.iterdir()] == [".env"]
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert dotenv_values(tmp_path / ".env") == {"TELEGRAM_TOKEN": "4242:abc"}


def test_one_that_is_there_stays_unless_somebody_was_asked(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# mine\nBOT_MODEL=openai/gpt-4o\nexport WEB_PORT=9000\n")
    with pytest.raises(FileExistsError):
        write_env(file, {"BOT_MODEL": "vapi/gpt-4o"})
    assert "openai/gpt-4o" in file.read_text()
    write_env(file, {"BOT_MODEL": "vapi/gpt-4o", "WEB_PORT": "9001"}, replace=True)
    assert dotenv_values(file) == {"BOT_MODEL": "vapi/gpt-4o", "WEB_PORT": "9001"}
    assert file.read_text().startswith("# mine\n")
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


@pytest.mark.parametrize("value", ["a b", "a#b", "a #b", '"q"', "$HOME", "back\\slash", "ключ"])
def test_a_value_reads_back_as_it_was_given(tmp_path: Path, value: str) -> None:
    write_env(tmp_path / ".env", {"WEB_TOKEN": value})
    assert dotenv_values(tmp_path / ".env")["WEB_TOKEN"] == value


@pytest.mark.parametrize("value", ["two\nOTHER=lines'", "${HOME}", "it's"])
def test_a_value_that_could_be_read_as_something_else_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(SettingsError, match="WEB_TOKEN"):
        write_env(tmp_path / ".env", {"WEB_TOKEN": value})
    assert not list(tmp_path.iterdir())

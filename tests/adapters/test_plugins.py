"""Adding an adapter takes its package and a line in a table, as two from outside show."""

import subprocess
import sys
from pathlib import Path

import pytest

from adapters.platforms import PLATFORMS
from adapters.providers import PROVIDERS
from bot.app import running
from bot.configuration import read_settings
from bot.operations.check import report
from bot.settings import Settings, SettingsError
from tests.doubles import toys
from tests.doubles.toys import TOY_PLATFORM, TOY_PROVIDER, ToyChatSettings
from tests.doubles.work import until
from tools.settings_reference import fields

ROOT = Path(__file__).parents[2]
ALL_PLATFORMS, ALL_PROVIDERS = {**PLATFORMS, **TOY_PLATFORM}, {**PROVIDERS, **TOY_PROVIDER}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in fields():
        monkeypatch.delenv(name.upper(), raising=False)


def read(folder: Path, **overrides: object) -> Settings:
    """The settings of a bot that has the toys beside everything that is shipped."""
    chosen = {"bot_store": f"sqlite:///{folder}/bot.db", "bot_data": str(folder), "bot_access": "open", "web_port": 0}
    toy = {"toychat_token": "toy-chat-secret", "toymodel_key": "toy-model-secret", "bot_model": "toymodel/gpt-4o"}
    return read_settings(ALL_PLATFORMS, ALL_PROVIDERS, **chosen, **toy, **overrides)


async def test_a_platform_and_a_provider_from_outside_answer_what_is_said_there(tmp_path: Path) -> None:
    settings = read(tmp_path, toychat_greeting="ahoy")
    async with running(settings, platforms=ALL_PLATFORMS, providers=ALL_PROVIDERS) as bot:
        chat = toys.opened[-1]
        await until(lambda: chat.reads("toychat:lobby") == ["a toy's answer"], 50)
        assert set(bot.listening) == {"toychat", "web"}
    assert chat.greeting == "ahoy"


async def test_they_are_checked_like_those_that_are_shipped(tmp_path: Path) -> None:
    lines: list[str] = []
    assert await report(read(tmp_path), lines.append, platforms=ALL_PLATFORMS, providers=ALL_PROVIDERS) == 0, lines
    assert "ok     toychat: the token is accepted" in lines
    assert "ok     toymodel: the key is accepted" in lines
    assert "ok     model: toymodel/gpt-4o is known and sees photos" in lines


async def test_a_bot_of_theirs_alone_needs_nothing_that_is_shipped(tmp_path: Path) -> None:
    settings = read_settings(TOY_PLATFORM, TOY_PROVIDER)
    assert settings.bot_model == "toymodel/gpt-4o"
    assert not settings.webhook_only


def test_their_variables_are_read_from_the_environment_and_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("TOYCHAT_TOKEN=from-the-file\nTOYCHAT_GREETING=file\n")
    monkeypatch.setenv("TOYCHAT_GREETING", "environment")
    own = read_settings(ALL_PLATFORMS, ALL_PROVIDERS).of(ToyChatSettings)
    assert own.is_on
    assert own.toychat_token is not None
    assert (own.toychat_token.get_secret_value(), own.toychat_greeting) == ("from-the-file", "environment")


def test_their_secrets_are_hidden_from_the_log(tmp_path: Path) -> None:
    settings = read(tmp_path, telegram_token="telegram-secret", vapi_api_key="vapi-secret")
    hidden = {"toy-chat-secret", "toy-model-secret", "telegram-secret", "vapi-secret"}
    assert set(settings.secrets()) == hidden
    assert not any(secret in repr((settings, settings.adapters)) for secret in hidden)


def test_what_is_wrong_in_any_part_is_one_list_without_values(tmp_path: Path) -> None:
    wrong = {"toychat_greeting": "MY-SECRET", "onemin_api": "MY-SECRET", "web_port": "MY-SECRET"}
    with pytest.raises(SettingsError) as caught:
        read_settings(ALL_PLATFORMS, ALL_PROVIDERS, **wrong)
    lines = str(caught.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["TOYCHAT_GREETING", "ONEMIN_API", "WEB_PORT"]
    assert "MY-SECRET" not in str(caught.value)


def test_what_services_share_is_said_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(bot_max_tokens="none")
    assert str(caught.value).count("BOT_MAX_TOKENS") == 1


def test_a_process_listens_to_platforms_of_the_table_only(tmp_path: Path) -> None:
    assert read(tmp_path, bot_listen="toychat").bot_listen == ("toychat",)
    with pytest.raises(SettingsError, match=r"BOT_LISTEN: .*'discord', 'telegram' or 'web'") as caught:
        read_settings(bot_listen="toychat")
    assert "toychat" not in str(caught.value)


def test_settings_are_read_without_the_libraries_of_adapters() -> None:
    code = "import sys, bot.configuration as c; c.read_settings(_env_file=None); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert not {"telegram", "discord"} & set(done.stdout.split())


@pytest.mark.parametrize("name", [*PLATFORMS, *PROVIDERS])
def test_every_line_of_the_tables_names_what_is_there(name: str) -> None:
    plugin = {**PLATFORMS, **PROVIDERS}[name]
    assert plugin.settings_class.title
    assert plugin.settings_class.switch in ("", *plugin.settings_class.model_fields)

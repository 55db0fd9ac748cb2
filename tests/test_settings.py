"""The operator's variables: all faults at once, no secret said aloud, and the pages about them kept true."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.providers.local.settings import LocalSettings
from adapters.providers.onemin.settings import OneMinSettings
from bot.configuration import read_settings, read_usable_settings
from bot.settings import SettingsError
from tools import settings_reference


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in settings_reference.fields():
        monkeypatch.delenv(name.upper(), raising=False)


def test_with_an_empty_environment_everything_has_its_default() -> None:
    settings = read_settings()
    assert settings.bot_model == "onemin/gpt-4o"
    assert settings.bot_store == "sqlite:///data/bot.db"
    assert settings.of(OneMinSettings).onemin_api_key is None


def test_every_wrong_variable_is_named_at_once_and_no_value_is_echoed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_PORT", "my-secret-port")
    monkeypatch.setenv("ONEMIN_API", "my-secret-api")
    monkeypatch.setenv("BOT_STORE", "mysql://user:my-secret-password@host")
    with pytest.raises(SettingsError) as caught:
        read_settings()
    text = str(caught.value)
    assert [line.partition(":")[0] for line in text.splitlines()] == ["ONEMIN_API", "BOT_STORE", "WEB_PORT"]
    assert "my-secret" not in text


def test_a_page_that_others_can_reach_needs_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_HOST", "0.0.0.0")
    with pytest.raises(SettingsError, match="set WEB_TOKEN"):
        read_settings()
    monkeypatch.setenv("WEB_TOKEN", "short")
    with pytest.raises(SettingsError, match="at least 16 characters"):
        read_settings()
    monkeypatch.setenv("WEB_TOKEN", "long-enough-to-be-safe")
    assert read_settings().web_host == "0.0.0.0"


@pytest.mark.parametrize("name", ["WEB_TOKEN", "WEB_METRICS_TOKEN"])
def test_a_token_is_long_wherever_the_server_listens(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "x" * 15)
    with pytest.raises(SettingsError, match=f"{name}: it needs at least 16 characters"):
        read_settings()
    monkeypatch.setenv(name, "x" * 16)
    assert read_settings()


def test_the_token_for_figures_is_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_TOKEN", "x" * 16)
    monkeypatch.setenv("WEB_METRICS_TOKEN", "x" * 16)
    with pytest.raises(SettingsError, match="WEB_METRICS_TOKEN must be another one"):
        read_settings()


def test_trusted_proxies_are_addresses_or_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8,::1")
    assert read_settings().web_trusted_proxies == ("127.0.0.1", "10.0.0.0/8", "::1")
    monkeypatch.setenv("WEB_TRUSTED_PROXIES", "proxy.example")
    with pytest.raises(SettingsError, match="WEB_TRUSTED_PROXIES: these should be addresses"):
        read_settings()


def test_a_webhook_without_a_token_is_all_that_the_server_is_there_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not read_settings().webhook_only
    monkeypatch.setenv("TELEGRAM_WEBHOOK_URL", "https://bot.example/telegram")
    assert read_settings().webhook_only
    monkeypatch.setenv("WEB_TOKEN", "x" * 16)
    assert not read_settings().webhook_only


def test_a_list_is_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_FALLBACKS", "vapi/gpt-4o, aimlapi/openai/gpt-5")
    assert read_settings().bot_fallbacks == ("vapi/gpt-4o", "aimlapi/openai/gpt-5")


def test_a_process_listens_to_everything_or_to_what_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_STORE", "postgresql://host/name")
    assert all(read_settings().listens(platform) for platform in ("discord", "telegram", "web"))
    monkeypatch.setenv("BOT_LISTEN", "telegram, web")
    assert [read_settings().listens(platform) for platform in ("discord", "telegram", "web")] == [False, True, True]
    monkeypatch.setenv("BOT_LISTEN", "none")
    assert read_settings().bot_listen == ()
    assert not read_settings().listens("web")


def test_a_process_has_something_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_WORKERS", "0")
    with pytest.raises(SettingsError, match="SQLite is for one process"):
        read_settings()
    monkeypatch.setenv("BOT_STORE", "postgresql://host/name")
    assert read_settings().bot_workers == 0
    monkeypatch.setenv("BOT_LISTEN", "none")
    with pytest.raises(SettingsError, match="nothing to do"):
        read_settings()


@pytest.mark.parametrize("value", ["true", "false"])
def test_a_variable_of_an_earlier_version_names_the_one_that_replaced_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str
) -> None:
    (tmp_path / ".env").write_text(f"BOT_PAIRING={value}\n")
    monkeypatch.setenv("WEB_PORT", "none")
    with pytest.raises(SettingsError) as caught:
        read_settings()
    first, second = str(caught.value).splitlines()
    assert first == "BOT_PAIRING: it became BOT_ACCESS: set that to paired (the default) or open instead"
    assert second.startswith("WEB_PORT")


def test_a_bot_is_closed_until_its_operator_opens_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().bot_access == "paired"
    monkeypatch.setenv("BOT_ACCESS", "open")
    assert read_settings().bot_access == "open"


def test_the_password_of_every_database_is_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_STORE", "postgresql://bot:pooled-password@pooler/name")
    monkeypatch.setenv("BOT_STORE_DIRECT", "postgresql://bot:direct-password@host/name")
    assert {"pooled-password", "direct-password"} <= set(read_settings().secrets())
    assert "password" not in repr(read_settings())


def test_the_env_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("WEB_PORT=9000\nBOT_MODEL=onemin/gpt-5\nUNKNOWN_VARIABLE=1\n")
    monkeypatch.setenv("WEB_PORT", "9001")
    settings = read_settings()
    assert (settings.web_port, settings.bot_model) == (9001, "onemin/gpt-5")


def test_a_secret_shows_neither_in_repr_nor_in_str() -> None:
    settings = read_settings(onemin_api_key="my-secret-key", bot_store="postgresql://bot:my-secret-pass@db/bot")
    assert "my-secret" not in repr(settings)
    assert "my-secret" not in str(settings)
    assert set(settings.secrets()) == {"my-secret-key", "my-secret-pass"}


def test_the_example_file_says_what_the_settings_say() -> None:
    assert settings_reference.EXAMPLE.read_text() == settings_reference.example()


def test_the_page_of_settings_says_what_the_settings_say() -> None:
    assert settings_reference.PAGE.read_text() == settings_reference.page()


def test_every_variable_has_one_sentence() -> None:
    for name, field in settings_reference.fields().items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_no_secret_has_a_default() -> None:
    assert not any(isinstance(field.default, SecretStr) for field in settings_reference.fields().values())


@pytest.mark.parametrize("value", ["true", "1", "Yes"])
def test_whoever_still_wants_the_sandbox_reads_what_replaced_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str
) -> None:
    (tmp_path / ".env").write_text(f"BOT_SANDBOX={value}\nWEB_PORT=x\n")
    with pytest.raises(SettingsError) as caught:
        read_settings()
    lines = str(caught.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["BOT_SANDBOX", "WEB_PORT"]
    assert "BOT_LOCAL=true" in lines[0]
    monkeypatch.setenv("WEB_PORT", "8080")
    with pytest.raises(SettingsError, match="BOT_LOCAL=true"):
        read_settings()


def test_a_sandbox_that_was_switched_off_bothers_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_SANDBOX", "false")
    assert not read_settings().of(LocalSettings).bot_local


@pytest.mark.parametrize("variable", ["BOT_MODEL", "BOT_FALLBACKS"])
def test_a_model_of_the_sandbox_is_told_what_to_set_instead(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "sandbox/gpt-4o")
    with pytest.raises(SettingsError, match=f"{variable}: the sandbox is gone: set it to local/eyes"):
        read_settings()


@pytest.mark.parametrize(
    "written",
    [
        " sk-key ",
        "sk-key\n",
        "\tsk-key\r\n",
        '"sk-key"',
        "'sk-key'",
        "“sk-key”",
        "‘sk-key’",
        "„sk-key“",
        "\u200bsk-key\ufeff",
    ],
)
def test_blanks_line_breaks_and_quotation_marks_around_a_value_are_left_out(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("ONEMIN_API_KEY", written)
    key = read_settings().of(OneMinSettings).onemin_api_key
    assert key is not None
    assert key.get_secret_value() == "sk-key"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("sk-key # the key of Ann's account", "sk-key"),
        ("sk-key\t#mine", "sk-key"),
        ("sk#key", "sk#key"),
        ('"sk#key"', "sk#key"),
    ],
)
def test_a_comment_that_docker_or_systemd_left_after_a_value_is_left_out(
    monkeypatch: pytest.MonkeyPatch, written: str, read: str
) -> None:
    monkeypatch.setenv("ONEMIN_API_KEY", written)
    key = read_settings().of(OneMinSettings).onemin_api_key
    assert key is not None
    assert key.get_secret_value() == read


@pytest.mark.parametrize("written", [" ", "\n", '""', "“”", " # a comment"])
def test_a_value_of_nothing_but_blanks_or_quotation_marks_is_none(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("ONEMIN_API_KEY", written)
    monkeypatch.setenv("BOT_MODEL", written)
    settings = read_settings()
    assert (settings.of(OneMinSettings).onemin_api_key, settings.bot_model) == (None, "onemin/gpt-4o")


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("OPENAI_API_URL", "127.0.0.1:8080/v1", "it needs http:// or https:// in front"),
        ("OPENAI_API_URL", "ftp://host/v1", "it should be an address, as in https://api.example.com/v1"),
        ("OPENAI_API_URL", "http://", "it should be an address"),
        ("OPENAI_API_URL", "http://host:port/v1", "it should be an address"),
        ("OPENAI_API_URL", "http://bob:hunter2@host/v1", "it holds a user name or a password before the @"),
        ("OPENAI_API_KEY", "Bearer sk-key", "it has a blank or a line break in it"),
        ("OPENAI_API_KEY", "sk-кey", "it has a character in it that no key or token has"),
        ("TELEGRAM_TOKEN", "123:abc 456:def", "it has a blank or a line break in it"),
        ("BOT_ADMINS", "42", "each needs its platform in front, as platform:id"),
        ("BOT_MODEL", "gpt-4o", "it should be provider/model, with the name"),
        ("BOT_STORE", "bot.db", "it should be sqlite:///FILE or postgresql://"),
        ("DISCORD_SHARDS", "first", "it should be FIRST-LAST/COUNT"),
        ("WEB_PORT", "http", "it should be a whole number"),
        ("WEB_PORT", "70000", "it should be 65535 or less"),
        ("BOT_KEEP_DAYS", "0", "it should be 1 or more"),
        ("BOT_USER_TURNS_DAY", "0", "it should be more than 0"),
        ("BOT_TEMPERATURE", "hot", "it should be a number"),
        ("TELEGRAM_DRAFTS", "perhaps", "it should be true or false"),
        ("ONEMIN_API", "newest", "it should be 'auto', 'unified' or 'features'"),
    ],
)
def test_what_is_wrong_is_said_in_words_and_not_as_a_regular_expression(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        read_settings()
    assert str(caught.value).startswith(f"{variable}: {sentence}")
    assert not set(str(caught.value)) & set("^$\\")
    assert "hunter2" not in str(caught.value)


def test_what_can_be_used_is_read_beside_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"WEB_HOST": "0.0.0.0", "BOT_ADMINS": "42", "ONEMIN_API": "newest", "WEB_PORT": "9001"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ONEMIN_API_KEY", "sk-key")
    settings, faults = read_usable_settings()
    assert [fault.partition(":")[0] for fault in faults] == [
        "ONEMIN_API",
        "BOT_ADMINS",
        "WEB_HOST is reachable from other machines",
    ]
    assert (settings.web_port, settings.web_host, settings.bot_admins) == (9001, "127.0.0.1", ())
    assert settings.of(OneMinSettings).is_on


def test_a_rule_about_several_variables_leaves_the_defaults_of_all_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_WORKERS", "0")
    settings, faults = read_usable_settings()
    assert (settings.bot_workers, len(faults)) == (256, 1)

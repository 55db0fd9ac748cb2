"""Set-ups as operators have them, each with the sentence that the check says about it."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.platforms import PLATFORMS
from adapters.providers import PROVIDERS
from adapters.providers.onemin.provider import OneMin
from adapters.providers.openai.provider import open_openai
from bot.adapter_context import AdapterContext
from bot.configuration import read_settings, read_usable_settings
from bot.operations.check import known_variables, log_findings, report
from bot.settings import read_variables
from tests.operations.check.services import KEY, TOKEN, own_certificate, serving

OPENAI = {"OPENAI_API_KEY": KEY, "OPENAI_API_URL": "http://HOST/openai/v1", "BOT_MODEL": "openai/gpt-4o"}
OLLAMA = {"OPENAI_API_URL": "http://HOST/ollama/v1", "BOT_MODEL": "openai/llava:latest"}
ONEMIN = {"ONEMIN_API_KEY": KEY, "ONEMIN_API_URL": "http://HOST"}
LOCAL = {"BOT_LOCAL": "true", "BOT_MODEL": "local/eyes"}
TELEGRAM = {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": "http://HOST/tg"}
WELL, UNSURE = "All is well.", "could not be verified."


def openai(url: str, **more: str) -> dict[str, str]:
    """An endpoint with a key, at another address."""
    return {**OPENAI, "OPENAI_API_URL": f"http://HOST{url}", **more}


@dataclass(frozen=True)
class SetUp:
    """Variables, and the line that the check prints about them."""

    id: str
    variables: Mapping[str, str]
    line: str
    wrong: bool = True  # the exit code is not 0
    ends: str = ""  # the last line, where that matters


SET_UPS = (
    # all is well, or as well as it can be told
    SetUp("a keyed endpoint", OPENAI, "ok     openai: the key is accepted", False, WELL),
    SetUp(
        "a local service, and nothing else allowed",
        OLLAMA | {"BOT_LOCAL_ONLY": "true"},
        "ok     local only: no provider outside this machine and private networks is asked",
        False,
        WELL,
    ),
    SetUp(
        "a service outside, although nothing outside is allowed",
        OPENAI | {"BOT_LOCAL_ONLY": "true", "OPENAI_API_URL": "http://203.0.113.7/v1"},
        "is outside this network, and this bot may only ask services inside it. Set BOT_LOCAL_ONLY=false, or",
    ),
    SetUp("a model that sees", OPENAI, "ok     model: openai/gpt-4o is known and sees photos", False, WELL),
    SetUp("Ollama", OLLAMA, "ok     openai: it answers, and no key is needed", False, WELL),
    SetUp("1min.ai", ONEMIN, "ok     onemin: the key is accepted", False, WELL),
    SetUp("local eyes", LOCAL, "ok     local: it answers, and no key is needed", False, WELL),
    SetUp("Telegram", LOCAL | TELEGRAM, "ok     telegram: the token is accepted", False, WELL),
    SetUp(
        "Telegram's privacy mode",
        LOCAL | TELEGRAM,
        "note   telegram: in groups it hears only commands, mentions and replies to it (privacy mode is on).",
        False,
        WELL,
    ),
    SetUp(
        "a secret that Telegram refuses",
        LOCAL
        | TELEGRAM
        | {"TELEGRAM_WEBHOOK_URL": "https://bot.example.org", "TELEGRAM_WEBHOOK_SECRET": "my pass word"},
        "WRONG  telegram: TELEGRAM_WEBHOOK_SECRET may hold only A-Z a-z 0-9 _ -",
    ),
    SetUp(
        "Gemini by its bare name",
        openai("/gemini/v1beta/openai/", BOT_MODEL="openai/gemini-2.5-flash"),
        "ok     model: openai/gemini-2.5-flash is known and sees photos",
        False,
        WELL,
    ),
    SetUp(
        "OpenRouter",
        openai("/openrouter/api/v1", BOT_MODEL="openai/google/gemini-2.5-flash"),
        "ok     openai: the key is accepted",
        False,
        WELL,
    ),
    SetUp("no list, 400", openai("/unlisted/v1"), "ok     openai: the key is accepted", False, UNSURE),
    SetUp("no list, 422", openai("/unlisted422/v1"), "ok     openai: the key is accepted", False, UNSURE),
    SetUp(
        "a model of no list",
        openai("/unlisted/v1"),
        "maybe  model: openai/gpt-4o is not verified: there is no list of models. Ask it about a photo",
        False,
        UNSURE,
    ),
    SetUp(
        "no platform",
        LOCAL,
        "note   platforms: none has a token, so people can only use the page; for Discord set DISCORD_TOKEN, "
        "for Telegram set TELEGRAM_TOKEN.",
        False,
        WELL,
    ),
    # the address
    SetUp(
        "/v1 forgotten",
        OLLAMA | {"OPENAI_API_URL": "http://HOST/ollama"},
        "WRONG  openai: Nothing at the address of this service takes questions. "
        "Set OPENAI_API_URL=http://HOST/ollama/v1",
    ),
    SetUp(
        "/v1 forgotten where every path answers 200, as LM Studio does",
        OLLAMA | {"OPENAI_API_URL": "http://HOST/lms"},
        "WRONG  openai: Nothing at the address of this service takes questions. Set OPENAI_API_URL=http://HOST/lms/v1",
    ),
    SetUp(
        "a 404 that is about the question, beside a list",
        OLLAMA | {"OPENAI_API_URL": "http://HOST/mock/v1"},
        "ok     openai: it answers, and no key is needed",
        False,
        WELL,
    ),
    SetUp(
        "a 404 that is about the question, with a key",
        openai("/mock/v1", BOT_MODEL="openai/llava:latest"),
        "maybe  openai: not verified. Whether the address and the key",
        False,
        UNSURE,
    ),
    SetUp("the whole path pasted", openai("/openai/v1/chat/completions"), "Set OPENAI_API_URL=http://HOST/openai/v1"),
    SetUp("the list pasted", openai("/openai/v1/models"), "Set OPENAI_API_URL=http://HOST/openai/v1"),
    SetUp("Ollama's own API", OLLAMA | {"OPENAI_API_URL": "http://HOST/ollama/api/generate"}, "=http://HOST/ollama/v1"),
    SetUp("/api forgotten", openai("/openrouter", BOT_MODEL="openai/x"), "=http://HOST/openrouter/api/v1"),
    SetUp("moved", openai("/old"), "Set OPENAI_API_URL=http://HOST/openai/v1"),
    SetUp("a page", openai("/page/v1"), "Set OPENAI_API_URL="),
    SetUp("Open WebUI's page", openai("/webui"), "Set OPENAI_API_URL=http://HOST/webui/api"),
    SetUp("nothing at all", openai("/nowhere/v1"), "WRONG  openai: Nothing at the address of this service"),
    SetUp(
        "Azure without its query",
        openai("/classic/openai/deployments/gpt-4o"),
        "Set OPENAI_API_URL=http://HOST/classic/openai/deployments/gpt-4o?api-version=2024-10-21",
    ),
    SetUp(
        "Azure without its query, where nothing stands in front of its path",
        openai("/openai/deployments/gpt-4o"),
        "Set OPENAI_API_URL=http://HOST/openai/deployments/gpt-4o?api-version=2024-10-21",
    ),
    SetUp(
        "Azure with its query",
        openai("/classic/openai/deployments/gpt-4o?api-version=2024-10-21"),
        "ok     openai: the key is accepted",
        False,
        UNSURE,
    ),
    # endpoints by name
    SetUp(
        "two endpoints by name",
        {
            "BOT_ENDPOINTS": "openrouter,ollama",
            "OPENROUTER_API_KEY": KEY,
            "OPENROUTER_API_URL": "http://HOST/openrouter/api/v1",
            "OLLAMA_API_URL": "http://HOST/ollama/v1",
            "BOT_MODEL": "ollama/llava:latest",
            "BOT_FALLBACKS": "openrouter/google/gemini-2.5-flash",
        },
        "ok     fallback: openrouter/google/gemini-2.5-flash is known and sees photos",
        False,
        WELL,
    ),
    SetUp(
        "a wrong key of one by name",
        {
            "BOT_ENDPOINTS": "openrouter",
            "OPENROUTER_API_KEY": "sk-or-v1-wrong",
            "OPENROUTER_API_URL": "http://HOST/openrouter/api/v1",
            "BOT_MODEL": "openrouter/google/gemini-2.5-flash",
        },
        "Copy the key again from the provider's site into OPENROUTER_API_KEY",
    ),
    SetUp(
        "a wrong address of one by name",
        {"BOT_ENDPOINTS": "mybox", "MYBOX_API_URL": "http://HOST/ollama", "BOT_MODEL": "mybox/llava:latest"},
        "Set MYBOX_API_URL=http://HOST/ollama/v1",
    ),
    SetUp(
        "no address of one by name",
        LOCAL | {"BOT_ENDPOINTS": "mybox"},
        "WRONG  MYBOX_API_URL: it is missing: set it.",
    ),
    SetUp(
        "a typo of one by name",
        LOCAL | {"BOT_ENDPOINTS": "mybox", "MYBOX_API_URL": "http://HOST/ollama/v1", "MYBOX_API_KEYS": "x"},
        "Did you mean MYBOX_API_KEY?",
        False,
    ),
    SetUp(
        "nobody listens",
        OLLAMA | {"OPENAI_API_URL": "http://127.0.0.1:9/v1"},
        "cannot be reached right now. Check this machine's network, and OPENAI_API_URL.",
    ),
    SetUp(
        "the scheme forgotten",
        OLLAMA | {"OPENAI_API_URL": "HOST/ollama/v1"},
        "WRONG  OPENAI_API_URL: it needs http:// or https:// in front.",
    ),
    SetUp(
        "no provider but one whose address is wrong",
        {"OPENAI_API_URL": "HOST/ollama/v1"},
        "maybe  provider: none can be asked yet: set OPENAI_API_URL right first.",
    ),
    SetUp(
        "a password in the address",
        OLLAMA | {"OPENAI_API_URL": "http://bob:hunter2secret@HOST/ollama/v1"},
        "WRONG  OPENAI_API_URL: it holds a user name or a password before the @: leave them out",
    ),
    SetUp(
        "a password in the address, and a key",
        openai("/x", OPENAI_API_URL="http://bob:hunter2secret@HOST/openai/v1"),
        "WRONG  OPENAI_API_URL: it holds a user name or a password before the @",
    ),
    SetUp(
        "a certificate of one's own",
        OLLAMA | {"OPENAI_API_URL": "https://localhost:TLS/ollama/v1"},
        "WRONG  openai: this machine does not trust the certificate of this server. If the server is yours, set "
        "BOT_CA_FILE",
    ),
    SetUp(
        "https where there is none",
        OLLAMA | {"OPENAI_API_URL": "https://HOST/ollama/v1"},
        "WRONG  openai: there is no https at this address. If it is http, write http:// in OPENAI_API_URL.",
    ),
    # the key
    SetUp(
        "a wrong key",
        OPENAI | {"OPENAI_API_KEY": "sk-wrong"},
        "does not accept this bot's API key. The operator has to check it. Copy the key again from the provider's "
        "site into OPENAI_API_KEY",
    ),
    SetUp(
        "a wrong key at 1min.ai",
        ONEMIN | {"ONEMIN_API_KEY": "wrong"},
        "Copy the key again from the provider's site into ONEMIN_API_KEY",
    ),
    SetUp(
        "a wrong key, a public list",
        openai("/openrouter/api/v1", OPENAI_API_KEY="sk-or-v1-wrong", BOT_MODEL="openai/google/gemini-2.5-flash"),
        "into OPENAI_API_KEY",
    ),
    SetUp(
        "no key, a public list",
        {**openai("/openrouter/api/v1", BOT_MODEL="openai/google/gemini-2.5-flash"), "OPENAI_API_KEY": ""},
        "into OPENAI_API_KEY",
    ),
    SetUp("a wrong key, no list", openai("/unlisted/v1", OPENAI_API_KEY="wrong"), "into OPENAI_API_KEY"),
    SetUp("a key that may not", openai("/forbidden/v1"), "into OPENAI_API_KEY"),
    SetUp(
        "no credits",
        openai("/poor/v1"),
        "has run out of credits. The operator has to top it up. Top up the account of OPENAI_API_KEY",
    ),
    SetUp(
        "curly quotes around a wrong key",
        openai("/401/v1", OPENAI_API_KEY=f"“{KEY}”"),
        "note   OPENAI_API_KEY: blanks, line breaks or quotation marks around its value were left out.",
    ),
    SetUp(
        "curly quotes around a good key",
        OPENAI | {"OPENAI_API_KEY": f"“{KEY}”"},
        "ok     openai: the key is accepted",
        False,
    ),
    SetUp(
        "a key with Bearer",
        OPENAI | {"OPENAI_API_KEY": f"Bearer {KEY}"},
        "WRONG  OPENAI_API_KEY: it has a blank or a line break in it",
    ),
    SetUp(
        "a key with a foreign letter",
        OPENAI | {"OPENAI_API_KEY": "sk-кey"},
        "WRONG  OPENAI_API_KEY: it has a character in it",
    ),
    SetUp("down", openai("/down/v1"), "is having trouble on its side (error 503). Wait until it is well again"),
    SetUp(
        "too many requests",
        openai("/busy/v1"),
        "maybe  openai: not verified. The endpoint asks us to slow down. Try again in a minute.",
        False,
        UNSURE,
    ),
    SetUp(
        "nothing to be told",
        openai("/odd/v1"),
        "maybe  openai: not verified. Whether the address and the key",
        False,
        UNSURE,
    ),
    # the model
    SetUp(
        "no model loaded",
        OLLAMA | {"OPENAI_API_URL": "http://HOST/null/v1"},
        "has no models to ask. Load a model there that sees photos, and name it in BOT_MODEL.",
    ),
    SetUp(
        "an empty list", OLLAMA | {"OPENAI_API_URL": "http://HOST/none/v1"}, "has no models to ask. Load a model there"
    ),
    SetUp(
        "an unknown model",
        OPENAI | {"BOT_MODEL": "openai/gpt-4oo"},
        "WRONG  model: openai/gpt-4oo is not known. Set BOT_MODEL to one of those: openai/gpt-4o,",
    ),
    SetUp(
        "an unknown model, no list",
        openai("/nomodel/v1"),
        "does not have the model openai/gpt-4o. Choose another with /model. Set BOT_MODEL to a model",
    ),
    SetUp(
        "a model without its tag",
        OLLAMA | {"BOT_MODEL": "openai/llava"},
        "Set BOT_MODEL to one of those: openai/llava:latest",
    ),
    SetUp(
        "a blind model",
        OPENAI | {"BOT_MODEL": "openai/o3-mini"},
        "WRONG  model: openai/o3-mini cannot see photos. Set BOT_MODEL to one that can.",
    ),
    SetUp(
        "a blind fallback",
        OPENAI | {"BOT_FALLBACKS": "openai/o3-mini"},
        "WRONG  fallback: openai/o3-mini cannot see photos. Set BOT_FALLBACKS to one that can.",
    ),
    SetUp(
        "a model of nobody",
        OPENAI | {"BOT_MODEL": "onemin/gpt-4o"},
        "onemin/gpt-4o belongs to a provider that is not set up. Set BOT_MODEL to one of those: openai/gpt-4o,",
    ),
    SetUp(
        "a model without a provider", OPENAI | {"BOT_MODEL": "gpt-4o"}, "WRONG  BOT_MODEL: it should be provider/model"
    ),
    SetUp(
        "the sandbox",
        LOCAL | {"BOT_MODEL": "sandbox/gpt-4o"},
        "WRONG  BOT_MODEL: the sandbox is gone: set it to local/eyes",
    ),
    SetUp("no provider", {}, "WRONG  provider: none has a key. Set ONEMIN_API_KEY or"),
    # names and values
    SetUp(
        "a typo",
        LOCAL | {"DISCORD_TOKE": "abc"},
        "warn   DISCORD_TOKE: there is no such variable. Did you mean DISCORD_TOKEN?",
        False,
    ),
    SetUp(
        "a typo of a list",
        LOCAL | {"BOT_FALLBACK": "local/eyes"},
        "warn   BOT_FALLBACK: there is no such variable. Did you mean BOT_FALLBACKS?",
        False,
    ),
    SetUp("another bot's name", LOCAL | {"TELEGRAM_BOT_TOKEN": TOKEN}, "Did you mean TELEGRAM_TOKEN?", False),
    SetUp(
        "another library's name", LOCAL | {"OPENAI_BASE_URL": "http://HOST/v1"}, "Did you mean OPENAI_API_URL?", False
    ),
    SetUp(
        "a typo beside a fault", {"BOT_MODEL": "sandbox/gpt-4o", "DISCORD_TOKE": "abc"}, "Did you mean DISCORD_TOKEN?"
    ),
    SetUp(
        "a newline after a token",
        LOCAL | TELEGRAM | {"TELEGRAM_TOKEN": f"{TOKEN}\n"},
        "note   TELEGRAM_TOKEN: blanks, line breaks or quotation marks around its value were left out.",
        False,
    ),
    SetUp(
        "a wrong token",
        LOCAL | TELEGRAM | {"TELEGRAM_TOKEN": "1:wrong"},
        "WRONG  telegram: Telegram does not know the token in TELEGRAM_TOKEN",
    ),
    SetUp(
        "1min.ai out of reach",
        {"ONEMIN_API_KEY": "key", "ONEMIN_API_URL": "http://127.0.0.1:9"},
        "1min.ai cannot be reached right now. Check this machine's network, and ONEMIN_API_URL.",
    ),
    SetUp(
        "Telegram out of reach",
        LOCAL | TELEGRAM | {"TELEGRAM_API_URL": "http://127.0.0.1:9"},
        "Telegram cannot be reached right now. Check this machine's network, TELEGRAM_API_URL and TELEGRAM_TOKEN.",
    ),
    SetUp(
        "Discord out of reach",
        LOCAL | {"DISCORD_TOKEN": "abc", "DISCORD_API_URL": "http://127.0.0.1:9"},
        "Discord cannot be reached right now. Check this machine's network, DISCORD_API_URL and DISCORD_TOKEN.",
    ),
    SetUp(
        "an id without its platform",
        LOCAL | {"BOT_ADMINS": "42"},
        "WRONG  BOT_ADMINS: each needs its platform in front, as platform:id",
    ),
    SetUp(
        "an id of no platform",
        LOCAL | {"BOT_ADMINS": "telegramm:42"},
        "warn   BOT_ADMINS: there is no platform called telegramm, so telegramm:42 is nobody. Write telegram in front.",
        False,
    ),
    SetUp(
        "a file for a folder",
        LOCAL | {"BOT_DATA": "FOLDER/file"},
        "file is a file. Set BOT_DATA to a folder, or move the file away.",
    ),
    SetUp("a folder below a file", LOCAL | {"BOT_DATA": "FOLDER/file/data"}, "Set BOT_DATA to a folder"),
    SetUp(
        "a store nowhere",
        LOCAL | {"BOT_STORE": "sqlite:////proc/nowhere/bot.db"},
        "Check BOT_STORE, its rights, and that no bot runs on it.",
    ),
    SetUp(
        "a store that is no address",
        LOCAL | {"BOT_STORE": "bot.db"},
        "WRONG  BOT_STORE: it should be sqlite:///FILE or postgresql://",
    ),
    SetUp(
        "a port that is a word",
        LOCAL | {"WEB_PORT": "http"},
        "WRONG  WEB_PORT: it should be a whole number; .env.example",
    ),
    SetUp(
        "a port in use",
        LOCAL | {"WEB_PORT": "PORT"},
        "WRONG  port: Address already in use (127.0.0.1:PORT). Set WEB_HOST and WEB_PORT",
    ),
    SetUp(
        "an open page",
        LOCAL | {"WEB_HOST": "0.0.0.0"},
        "WRONG  settings: WEB_HOST is reachable from other machines: set WEB_TOKEN",
    ),
    SetUp(
        "an open purse",
        LOCAL | {"BOT_ACCESS": "open"},
        "warn   limits: everybody may spend on your account without end: set BOT_TOTAL_TURNS_DAY",
        False,
    ),
)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with serving() as port:
        yield port


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty folder to run in, and no variables but those of the test."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    for name in (*read_variables().environment, *known_variables(PLATFORMS, PROVIDERS)):
        if name.partition("_")[0] in {"BOT", "WEB", "DISCORD", "TELEGRAM", "ONEMIN", "OPENAI", "VAPI", "AIMLAPI"}:
            monkeypatch.delenv(name, raising=False)
    return tmp_path


def set_variables(monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str], **places: str) -> None:
    for name, value in {"WEB_PORT": "0", "BOT_STORE": "sqlite:///bot.db", **variables}.items():
        monkeypatch.setenv(name, placed(value, places))


def placed(text: str, places: Mapping[str, str]) -> str:
    """The text with the places of this test: HOST, PORT, TLS, FOLDER."""
    return re.sub(r"\b(HOST|PORT|TLS|FOLDER)\b", lambda match: places.get(match[0], match[0]), text)


async def checked() -> tuple[int, list[str]]:
    """The number of failures, and all lines."""
    lines: list[str] = []
    settings, faults = read_usable_settings()
    return await report(settings, lines.append, faults=faults), lines


@pytest.mark.parametrize("set_up", SET_UPS, ids=lambda set_up: set_up.id)
async def test_the_check_says_what_is_wrong_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, folder: Path, port: int, set_up: SetUp
) -> None:
    places = {"HOST": f"127.0.0.1:{port}", "PORT": str(port), "FOLDER": str(folder)}
    async with serving(own_certificate(folder)[0]) as tls:
        set_variables(monkeypatch, set_up.variables, TLS=str(tls), **places)
        wrong, lines = await checked()
    told = "\n".join(lines)
    assert placed(set_up.line, places) in told, told
    assert bool(wrong) == set_up.wrong, told
    assert lines[-1].endswith(set_up.ends), told
    assert (lines[-1] == WELL) <= (not wrong)
    for secret in (KEY, TOKEN, "hunter2secret", "Traceback", "^", "\\S", "sk-or-v1-wrong"):
        assert secret not in told
    for line in lines[:-1]:
        assert line.startswith(("ok", "note", "warn", "maybe", "WRONG")), line
        if line.startswith(("warn", "maybe", "WRONG")):
            assert re.search(WHAT_TO_DO, line), f"says what to do: {line}"


WHAT_TO_DO = (
    r"(?i)\b(?:set|check|copy|write|give|get|load|wait|try|ask|top up|leave|fix|run|did you mean|needs?|should)\b"
)


def test_there_are_as_many_set_ups_as_promised() -> None:
    assert len(SET_UPS) >= 45
    assert len({set_up.id for set_up in SET_UPS}) == len(SET_UPS)


async def test_one_broken_part_keeps_no_other_from_being_checked(
    monkeypatch: pytest.MonkeyPatch, folder: Path, port: int
) -> None:
    broken = {
        "BOT_ADMINS": "42",
        "BOT_STORE": "sqlite:////proc/nowhere/bot.db",
        "DISCORD_TOKE": "abc",
        "BOT_DATA": "file",
    }
    out_of_reach = {"DISCORD_TOKEN": "abc", "DISCORD_API_URL": "http://127.0.0.1:9", "ONEMIN_API_KEY": "wrong"}
    set_variables(monkeypatch, OPENAI | TELEGRAM | out_of_reach | broken, HOST=f"127.0.0.1:{port}")
    monkeypatch.setenv("ONEMIN_API_URL", f"http://127.0.0.1:{port}")
    wrong, lines = await checked()
    found = {(line.split()[0], line.split()[1].rstrip(":")) for line in lines}
    assert found >= {
        *(("WRONG", part) for part in ("BOT_ADMINS", "BOT_DATA", "store", "discord", "onemin")),
        *(("ok", part) for part in ("port", "telegram", "openai", "model")),
    }
    assert (wrong, lines[-1]) == (5, "5 to fix.")


async def test_a_bug_in_one_part_is_a_sentence_about_it(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    async def check(provider: object) -> None:
        raise RuntimeError(KEY)

    monkeypatch.setattr(OneMin, "check", check)
    set_variables(monkeypatch, OPENAI | ONEMIN, HOST=f"127.0.0.1:{port}")
    wrong, lines = await checked()
    assert (
        "WRONG  onemin: this could not be checked (RuntimeError). Check its variables; if they are right, report it."
        in lines
    )
    assert "ok     openai: the key is accepted" in lines
    assert (wrong, KEY in str(lines)) == (1, False)


@pytest.mark.parametrize("trusted", [True, False])
async def test_a_certificate_is_trusted_that_the_operator_names(
    monkeypatch: pytest.MonkeyPatch, folder: Path, trusted: bool
) -> None:
    context, pem = own_certificate(folder)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    async with serving(context) as port:
        set_variables(monkeypatch, OLLAMA | {"OPENAI_API_URL": f"https://localhost:{port}/ollama/v1"})
        wrong, lines = await checked()
    assert bool(wrong) is not trusted, lines


# names in .env


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("BOT_MODLE=local/eyes\n", "warn   BOT_MODLE: there is no such variable. Did you mean BOT_MODEL?"),
        ("BOT_TOKEN=x\n", "warn   BOT_TOKEN: there is no such variable. Did you mean TELEGRAM_TOKEN or DISCORD_TOKEN?"),
        ("OPENAI_MODEL=gpt-4o\n", "warn   OPENAI_MODEL: there is no such variable. Did you mean BOT_MODEL?"),
        ("WEB_COLOUR=red\n", "warn   WEB_COLOUR: there is no such variable. Look it up in .env.example, or delete it."),
        ("POSTGRES_PASSWORD=of-the-database\n", ""),
        (
            "GROQ_API_KEY=gsk_x\n",
            "warn   GROQ_API_KEY: it is not used: BOT_ENDPOINTS does not name groq. "
            "Write the name there, or delete this one.",
        ),
        ("bot_access=paired\n", ""),
    ],
)
async def test_names_in_the_file_are_looked_at_more_closely(
    monkeypatch: pytest.MonkeyPatch, folder: Path, written: str, line: str
) -> None:
    (folder / ".env").write_text(f"BOT_LOCAL=true\n{written}")
    (folder / ".env").chmod(0o600)
    set_variables(monkeypatch, {} if "MODLE" in written or "MODEL" in written else {"BOT_MODEL": "local/eyes"})
    _, lines = await checked()
    assert [each for each in lines if "no such variable" in each or "is not used" in each] == ([line] if line else [])


# at the start of `run`


async def test_the_start_logs_what_the_check_finds(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    set_variables(
        monkeypatch, {**OPENAI, "BOT_MODEL": "openai/o3-mini", "DISCORD_TOKE": "abc"}, HOST=f"127.0.0.1:{port}"
    )
    settings = read_settings()
    async with open_openai(AdapterContext(settings=settings, store=None, web=None)) as provider:  # type: ignore[arg-type]
        with capture_logs() as logs:
            await log_findings(settings, {"openai": provider})
    assert [(each["part"], each["log_level"]) for each in logs if "part" in each] == [
        ("DISCORD_TOKE", "warning"),
        ("model", "warning"),
    ]


async def test_a_start_without_findings_is_one_line(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    set_variables(monkeypatch, OPENAI, HOST=f"127.0.0.1:{port}")
    settings = read_settings()
    async with open_openai(AdapterContext(settings=settings, store=None, web=None)) as provider:  # type: ignore[arg-type]
        with capture_logs() as logs:
            await log_findings(settings, {"openai": provider})
    assert [(each["event"], each["log_level"]) for each in logs] == [
        ("the check at the start found nothing wrong", "info")
    ]

"""The bot says everything in every language it speaks, and in the one of whom it speaks to."""

import ast
import asyncio
import pickle
import re
import string
import tomllib
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest

from adapters.platforms.discord.slash_commands import (
    CHAT,
    LOCALES,
    MENUS,
    MESSAGE_MENU,
    Payload,
    command_payloads,
    menu_question,
    sync_commands,
)
from bot.commands import COMMANDS, Response, quick_actions
from bot.errors import Busy, Refused
from bot.messages import Turn
from bot.ports import Store
from bot.words import ENGLISH, LANGUAGES, best, catalogue, say, say_moment, say_money, speaking
from bot.words.figures import Figure
from tests.commands.conftest import command_context
from tests.conftest import said
from tests.doubles.discord import TOKEN, FakeDiscord
from tests.doubles.platform import FakePlatform

ROOT = Path(__file__).parents[1]
WORDS = ROOT / "bot" / "words"
OTHERS = [language for language in LANGUAGES if language != ENGLISH]

# What is the same in English and in other languages: it holds nothing but gaps, or a word they share.
SAME: Mapping[str, set[str]] = {
    "mirror_question": {"es", "de", "ru", "hi", "pt-BR", "uk"},
    "settings_one": {"es", "de", "ru", "hi", "pt-BR", "uk"},
    "document_slide": {"pt-BR"},
    "photo_named": {"fr"},
    "minutes": {"fr"},
    "dashboard_credits": {"de"},
    "dashboard_dollars": {"fr"},
    "setting_threads": {"de"},
    "value_normal": {"es", "de"},
}

# Who says sentences, and which arguments are no gaps.
SPEAKERS = {"say", "BotError", "Refused", "Unreadable", "Busy", "Forgotten"}
NO_GAPS = {"retry_after"}

# What people type, and what is written for the eyes of a renderer: the same in every language.
MARKUP = re.compile(r"(?<![\w/])/[a-z]+(?: [A-Z]+)?|`|\*\*|\b[A-Z]+_[A-Z]+\b|\n+|[⏹🔁👁…]")

# The longest that a platform shows, by what a key begins with.
LONGEST = {
    "help_": 100,  # Discord's descriptions
    "option_": 100,
    "label_": 80,  # Discord's buttons
    "setting_": 80,
    "value_": 80,
    "discord_ask_label": 45,  # in a form
    "discord_ask_hint": 100,
    "discord_thread": 100,
    "telegram_old_button": 200,
    **dict.fromkeys(MENUS, 32),
}


def written(language: str) -> dict[str, str]:
    """What stands in the file, without anything that English would fill in."""
    return tomllib.loads((WORDS / f"{language}.toml").read_text("utf-8"))


def assert_none(found: Iterable[str]) -> None:
    """Name all that was found, a line for each."""
    lines = list(found)
    assert not lines, "\n".join(["", *lines])


def gaps(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def pairs() -> Iterator[tuple[str, str, str, str]]:
    """Language, key, the English sentence and the other one, of all that have both."""
    english = written(ENGLISH)
    for language in OTHERS:
        for key, sentence in written(language).items():
            if key in english:
                yield language, key, english[key], sentence


# the catalogues


def test_every_sentence_stands_in_every_language() -> None:
    english, others = written(ENGLISH), {code: written(code) for code in OTHERS}
    missing = [f"{code}: {key} is missing" for code in OTHERS for key in english if key not in others[code]]
    surplus = [f"{code}: {key} is not English" for code in OTHERS for key in others[code] if key not in english]
    assert_none(missing + surplus)


def test_the_same_gaps_are_filled_in_every_language() -> None:
    assert_none(
        f"{language}: {key} has the gaps {sorted(gaps(sentence))}, not {sorted(gaps(english))}"
        for language, key, english, sentence in pairs()
        if gaps(english) != gaps(sentence)
    )


def test_commands_and_formatting_are_the_same_in_every_language() -> None:
    found = []
    for language, key, english, sentence in pairs():
        wanted, got = (Counter(MARKUP.findall(text)) for text in (english, sentence))
        if wanted != got:
            found.append(f"{language}: {key} lacks {dict(wanted - got)} and has {dict(got - wanted)} too many")
    assert_none(found)


def test_no_sentence_was_left_in_english() -> None:
    assert_none(
        f"{language}: {key} is English: {sentence}"
        for language, key, english, sentence in pairs()
        if (sentence == english) != (language in SAME.get(key, ()))
    )


def test_sentences_begin_and_end_with_words() -> None:
    assert_none(
        f"{language}: {key}: {sentence!r}"
        for language in LANGUAGES
        for key, sentence in written(language).items()
        if not sentence or sentence != sentence.strip()
    )


def test_no_sentence_is_longer_than_its_platform_shows() -> None:
    assert_none(
        f"{language}: {key} has {len(sentence)} characters of {most}: {sentence}"
        for language in LANGUAGES
        for key, sentence in written(language).items()
        for beginning, most in LONGEST.items()
        if key.startswith(beginning) and len(sentence) > most
    )


def test_the_menu_that_shows_a_hidden_photo_is_called_by_its_name() -> None:
    for language in LANGUAGES:
        for key in ("discord_hidden", "why_hidden"):
            assert catalogue(language)["discord_ask"] in catalogue(language)[key]


def test_every_language_has_a_file_and_every_file_is_a_language() -> None:
    assert {path.stem for path in WORDS.glob("*.toml")} == set(LANGUAGES)


def test_all_catalogues_have_the_order_of_the_english_one() -> None:
    for language in OTHERS:
        assert list(catalogue(language)) == list(written(ENGLISH))


# who says them


def calls() -> Iterator[tuple[Path, ast.Call]]:
    for path in sorted([*(ROOT / "bot").rglob("*.py"), *(ROOT / "adapters").rglob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in SPEAKERS
                and node.args
            ):
                yield path.relative_to(ROOT), node


def test_what_the_code_says_is_written_down_and_all_its_gaps_are_filled() -> None:
    english = written(ENGLISH)
    found = []
    for path, call in calls():
        match call.args[0]:
            case ast.Constant(value=str(key)) if key not in english:
                found.append(f"{path}:{call.lineno}: there is no sentence {key}")
            case ast.Constant(value=str(key)) if all(word.arg for word in call.keywords):
                filled = {str(word.arg) for word in call.keywords} - NO_GAPS
                found += [f"{path}:{call.lineno}: {key} lacks {gap}" for gap in gaps(english[key]) - filled]
    assert_none(found)


def test_what_the_page_says_is_written_down_and_nothing_else_is() -> None:
    page = ROOT / "adapters" / "platforms" / "web"
    files = [*page.glob("*.py"), *(page / "static").glob("*.html"), *(page / "static").glob("*.js")]
    said = {key for file in files for key in re.findall(r"\bpage_[a-z_]+\b", file.read_text("utf-8"))}
    assert said - {"page_in"} == {key for key in written(ENGLISH) if key.startswith("page_")}


def test_what_the_dashboard_and_the_login_say_is_written_down_and_nothing_else_is() -> None:
    web = ROOT / "bot" / "web"
    files = [path for path in web.rglob("*") if path.suffix in {".py", ".html", ".js"}]
    said = {
        key for file in files for key in re.findall(r"\b(?:dashboard|login|sessions)_[a-z0-9_]+\b", file.read_text())
    }
    said |= {"dashboard_costs_in_credits", "dashboard_costs_in_dollars"}  # by the unit
    written_down = {key for key in written(ENGLISH) if key.startswith(("dashboard_", "login_", "sessions_"))}
    assert written_down <= said
    others = {"dashboard_costs_in_", "dashboard_data", "login_pages", "login_throttle"}
    assert said - written_down <= others


# the mechanism


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("de", "de"),
        ("zh-CN", "zh"),
        ("zh-TW", "zh"),
        ("zh_Hant_HK", "zh"),
        ("es-419", "es"),
        ("ES-es", "es"),
        ("en-US", "en"),
        ("pt-BR", "pt-BR"),
        ("pt", "pt-BR"),
        ("pt_PT", "pt-BR"),
        ("PT-br", "pt-BR"),
        ("fr-CA", "fr"),
        ("uk-UA", "uk"),
        ("ja_JP", "ja"),
        ("fa-IR", "fa"),
        ("it", "en"),
        ("dea", "en"),
        ("", "en"),
        ("../de", "en"),
    ],
)
def test_a_platforms_code_finds_the_best_language(code: str, language: str) -> None:
    assert best(code) == language


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("en", ["1 answer", "2 answers", "40,801 answers", "1 hour", "$1,234.50"]),
        ("de", ["1 Antwort", "2 Antworten", "40.801 Antworten", "1 Stunde", "1.234,50\xa0$"]),
        ("es", ["1 respuesta", "2 respuestas", "40.801 respuestas", "1 hora", "1.234,50\xa0US$"]),
        ("ru", ["1 ответ", "2 ответа", "40\xa0801 ответ", "1 час", "1\xa0234,50\xa0$"]),
        ("hi", ["1 जवाब", "2 जवाब", "40,801 जवाब", "1 घंटा", "$1,234.50"]),
        ("zh", ["1 个回答", "2 个回答", "40,801 个回答", "1 小时", "US$1,234.50"]),
        ("pt-BR", ["1 resposta", "2 respostas", "40.801 respostas", "1 hora", "US$\xa01.234,50"]),
        ("fr", ["1 réponse", "2 réponses", "40\u202f801 réponses", "1 heure", "1\u202f234,50\xa0$US"]),
        ("uk", ["1 відповідь", "2 відповіді", "40\xa0801 відповідь", "1 годину", "1\xa0234,50\xa0USD"]),
        ("ja", ["答え 1 件", "答え 2 件", "答え 40,801 件", "1 時間", "$1,234.50"]),
        ("fa", ["۱ پاسخ", "۲ پاسخ", "۴۰٬۸۰۱ پاسخ", "۱ ساعت", "\u200e$\xa0۱٬۲۳۴٫۵۰"]),
    ],
)
def test_numbers_and_their_words_are_those_of_the_language(language: str, sentences: list[str]) -> None:
    with speaking(language):
        turns = [say("figure_turns", amount=amount) for amount in (1, 2, 40_801)]
        assert [*turns, say("hours", n=1), say_money(1234.5)] == sentences


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_with_a_number_has_words_for_every_number(language: str) -> None:
    chosen = re.compile(r"\{\w+:((?:\w+=[^|}]*\|?)+)\}")
    for key, sentence in written(language).items():
        for cases in chosen.findall(sentence):
            assert "other=" in cases, key
            with speaking(language):
                for number in (0, 1, 2, 5, 11, 21, 1_000_000, 1.5):
                    filled = sentence.format(**{gap: Figure(number, language) for gap in gaps(sentence) if gap})
                    assert "=" not in filled.replace("size=", "").replace("n=", ""), key


def test_days_and_times_are_those_of_the_language() -> None:
    when = datetime(2026, 12, 1, 13, 5, tzinfo=UTC)
    with speaking("de"):
        assert say_moment(when) == "01.12.2026, 13:05 UTC"
    with speaking("en"):
        assert say_moment(when) == "Dec 1, 2026, 1:05 PM UTC"


def test_english_is_spoken_where_nobody_chose_anything() -> None:
    assert say("discord_ask_label") == "Your question"


def test_a_language_is_spoken_until_its_end_even_when_something_breaks() -> None:
    with pytest.raises(RuntimeError), speaking("de-AT"):
        assert say("discord_ask_label") == "Deine Frage"
        with speaking("ru"):
            assert say("discord_ask_label") == "Ваш вопрос"
        assert say("discord_ask_label") == "Deine Frage"
        raise RuntimeError
    assert say("discord_ask_label") == "Your question"


async def test_people_side_by_side_are_each_spoken_to_in_their_language() -> None:
    barrier = asyncio.Barrier(2)

    async def speak(language: str) -> str:
        with speaking(language):
            await barrier.wait()
            return await asyncio.create_task(ask())

    async def ask() -> str:
        await barrier.wait()
        return say("discord_ask_label")

    heard = await asyncio.gather(speak("es"), speak("hi"))
    assert list(heard) == ["Tu pregunta", "आपका सवाल"]


def test_a_catalogue_can_be_read_whatever_is_spoken() -> None:
    with speaking("zh"):
        assert catalogue("es")["label_describe"] == "Describir"
        assert catalogue()["label_describe"] == "描述"


def test_an_unknown_sentence_or_an_unfilled_gap_is_a_bug() -> None:
    with pytest.raises(KeyError, match="no_such_key"):
        say("no_such_key")
    with pytest.raises(KeyError, match="limit"):
        say("photo_too_heavy")


def test_an_error_speaks_the_language_in_which_it_is_shown() -> None:
    with speaking("de"):
        error = Refused("photo_too_heavy", limit=20)
        assert str(error) == "es ist größer als 20 MB"
    assert str(error) == "it is larger than 20 MB"
    with speaking("ru"):
        assert str(error) == "файл больше 20 МБ"


def test_an_error_within_a_sentence_speaks_its_language() -> None:
    error = Busy("provider_down", 3.0, status=500)
    with speaking("es"):
        assert say("busy_now", reason=error) == (
            "El proveedor tiene problemas por su lado (error 500). Sigo intentándolo."
        )


def test_an_error_survives_the_way_to_another_process() -> None:
    error = pickle.loads(pickle.dumps(Busy("provider_down", 3.0, status=500)))
    assert (error.code, error.retry_after) == ("provider_down", 3.0)
    assert str(error) == "The provider is having trouble on its side (error 500)."


# what people see


async def test_help_is_given_in_the_language_of_whoever_asks(sqlite: Store, turn: Turn, platform: FakePlatform) -> None:
    context = command_context(sqlite, providers={}, platforms={"web": platform.as_platform()})
    with speaking("de"):
        answer = await COMMANDS["help"].run(context, turn, "")
    assert isinstance(answer, Response)
    assert "/read · den Text auf dem Foto lesen" in answer.text


async def test_buttons_are_labelled_in_it_and_say_the_same_commands(turn: Turn) -> None:
    with speaking("zh"):
        buttons = quick_actions(replace(turn, message=said("", photos=1)))
    assert [button.label for button in buttons] == ["描述", "读取文字", "翻译", "解释"]
    assert [button.command for button in buttons] == ["/describe", "/read", "/translate", "/explain"]


# Discord's commands


def described(wanted: list[Payload]) -> Iterator[Payload]:
    for command in wanted:
        if command["type"] == CHAT:
            yield from [command, *command["options"]]


def test_every_command_and_option_is_described_in_every_language() -> None:
    for each in described(command_payloads()):
        words = each["description_localizations"]
        assert set(words) == set(LOCALES)
        assert set(LOCALES.values()) == set(LANGUAGES) - {ENGLISH, "fa"}  # Discord has no Persian
        assert all(1 <= len(sentence) <= 100 for sentence in words.values())
        assert each["description"] not in words.values()


def test_names_are_english_but_those_of_menus() -> None:
    wanted = command_payloads()
    assert not any("name_localizations" in each for each in described(wanted))
    menus = {command["name"]: command["name_localizations"] for command in wanted if command["type"] == MESSAGE_MENU}
    assert menus["Ask about this photo"]["de"] == "Zu diesem Foto fragen"
    assert all(1 <= len(name) <= 32 for names in menus.values() for name in names.values())


def test_what_discord_is_told_does_not_depend_on_who_is_spoken_to() -> None:
    english = command_payloads()
    with speaking("ru"):
        assert command_payloads() == english
        assert menu_question("Describe") == "describe"
        assert menu_question("Описать") is None


@pytest.fixture
async def server() -> AsyncIterator[FakeDiscord]:
    with pytest.MonkeyPatch.context() as patch:
        async with FakeDiscord() as server:
            patch.setattr(discord.http.Route, "BASE", server.url)
            yield server


def reworded(wanted: list[Payload]) -> None:
    wanted[0]["description_localizations"]["hi"] = "कुछ और"


def with_a_language_less(wanted: list[Payload]) -> None:
    del wanted[0]["options"][0]["description_localizations"]["ru"]


def with_another_name_on_a_menu(wanted: list[Payload]) -> None:
    wanted[-1]["name_localizations"]["de"] = "Etwas anderes"


def without_other_languages(wanted: list[Payload]) -> None:
    wanted[-1]["name_localizations"].clear()


@pytest.mark.parametrize(
    "change", [reworded, with_a_language_less, with_another_name_on_a_menu, without_other_languages]
)
async def test_a_change_in_one_language_is_told_once(server: FakeDiscord, change: Any) -> None:
    changed = deepcopy(command_payloads())
    change(changed)
    async with discord.Client(intents=discord.Intents(guilds=True)) as app:
        await app.login(TOKEN)
        for wanted in (command_payloads(), command_payloads(), changed, changed):
            await sync_commands(app, wanted)
    assert len(server.called("PUT", "/applications/{application_id}/commands")) == 2


async def test_discord_is_asked_for_all_languages_that_it_knows(server: FakeDiscord) -> None:
    asked: list[Mapping[str, str]] = []

    async def note(_: object, __: object, request: aiohttp.TraceRequestStartParams) -> None:
        if request.method == "GET" and request.url.path.endswith("/commands"):
            asked.append(dict(request.url.query))

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(note)
    async with discord.Client(intents=discord.Intents(guilds=True), http_trace=trace) as app:
        await app.login(TOKEN)
        await sync_commands(app, command_payloads())
    assert asked == [{"with_localizations": "true"}]

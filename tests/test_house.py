"""The house keeps its plan: which room may reach for which, read from the imports themselves."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# A room may import the rooms named here, and those below are the only ones it may.
CORE = {"bot.words", "bot.errors", "bot.messages", "bot.ports"}
MAY = {
    "bot.words": set(),
    "bot.errors": {"bot.words"},
    "bot.messages": set(),
    "bot.ports": {"bot.messages"},
    "bot.markdown": set(),
    "bot.pages": set(),
    "bot.settings": set(),
    "bot.file_rights": set(),
    "bot.libraries": set(),
    "bot.log_text": set(),
    "bot.logs": {"bot.log_limits", "bot.log_text"},
    "bot.log_limits": set(),
    "bot.net": {"bot.errors"},
    "bot.keep": {"bot.messages"},
    "bot.isolation": {"bot.errors"},
    "bot.decoders": {"bot.errors", "bot.isolation"},
    "bot.photos": CORE | {"bot.isolation", "bot.keep"},
    "bot.documents": CORE | {"bot.isolation", "bot.keep"},
    "bot.chart": {"bot.messages"},
    "bot.export": {"bot.messages"},
    "bot.metrics": CORE,
    "bot.store": CORE | {"bot.file_rights"},
    "bot.web": CORE | {"bot.settings"},
    "bot.stops": set(),
    "bot.limits": CORE,
    "bot.access": CORE | {"bot.limits"},
    "bot.fleet": CORE,
    "bot.inbox": CORE | {"bot.access", "bot.commands", "bot.limits", "bot.stops"},
    "bot.commands": CORE | {"bot.access", "bot.chart", "bot.documents", "bot.export", "bot.limits", "bot.photos"},
    "bot.reply": CORE | {"bot.pages"},
    "bot.dispatcher": CORE | {"bot.metrics"},
    "bot.house": CORE | {"bot.settings", "bot.web"},
    "bot.together": set(),
    "bot.asking": CORE
    | {
        "bot.videos",
        "bot.commands",
        "bot.documents",
        "bot.photos",
        "bot.limits",
        "bot.reply",
        "bot.stops",
        "bot.together",
    },
    "bot.mirror": CORE | {"bot.reply"},
    "bot.expiry": CORE | {"bot.photos", "bot.settings"},
    "bot.videos": CORE,
    "bot.studio": CORE | {"bot.asking", "bot.commands", "bot.limits"},
    "bot.hearing": CORE | {"bot.asking", "bot.limits", "bot.studio"},
    "bot.jobs": CORE
    | {
        "bot.access",
        "bot.asking",
        "bot.commands",
        "bot.limits",
        "bot.markdown",
        "bot.mirror",
        "bot.reply",
        "bot.studio",
        "bot.together",
    },
    "bot.watchdog": CORE,
    "bot.worker": CORE | {"bot.asking", "bot.jobs", "bot.metrics", "bot.reply"},
}
PLUGS_IN = {"bot.app", "bot.check", "bot.__main__"}  # where it is all put together


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def room(name: str) -> str:
    return ".".join(name.split(".")[:2])


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", modules("bot"), ids=name_of)
def test_the_core_reaches_only_for_the_rooms_it_may(path: Path) -> None:
    here = room(name_of(path))
    if here in PLUGS_IN or here == "bot":
        return
    reached = {room(name) for name in imported(path) if name.startswith(("bot.", "adapters"))} - {here}
    assert reached <= MAY[here]


@pytest.mark.parametrize("path", modules("adapters"), ids=name_of)
def test_adapters_know_the_core_and_never_the_composition_root(path: Path) -> None:
    reached = {room(name) for name in imported(path) if name.startswith("bot.")}
    assert not reached & (PLUGS_IN | {"bot.worker", "bot.dispatcher", "bot.inbox"})


def test_every_room_has_a_rule() -> None:
    rooms = {room(name_of(path)) for path in modules("bot")} - PLUGS_IN - {"bot"}
    assert rooms == set(MAY)


@pytest.mark.parametrize("path", [*modules("bot"), *modules("adapters")], ids=name_of)
def test_nothing_that_is_shipped_reaches_for_the_emulator(path: Path) -> None:
    assert "emulator" not in {name.partition(".")[0] for name in imported(path)}


@pytest.mark.parametrize("path", modules("emulator"), ids=name_of)
def test_the_emulator_shares_no_code_with_the_client_that_it_checks(path: Path) -> None:
    assert not {"bot", "adapters"} & {name.partition(".")[0] for name in imported(path)}


def test_the_emulator_is_in_neither_the_wheel_nor_the_image() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["bot", "adapters"]
    assert "emulator" in (ROOT / ".dockerignore").read_text().splitlines()
    assert "emulator" not in (ROOT / "Dockerfile").read_text()


def test_only_one_module_speaks_http() -> None:
    speakers = [
        name_of(path)
        for path in [*modules("bot"), *modules("adapters")]
        if {"httpx", "httpx_sse", "httpx_aiohttp"} & {name.partition(".")[0] for name in imported(path)}
    ]
    assert speakers == ["bot.net"]


def test_parsers_of_foreign_files_are_imported_where_they_are_shut_in_only() -> None:
    users = {
        name_of(path)
        for path in [*modules("bot"), *modules("adapters")]
        if {"PIL", "pi_heif", "pypdf", "docx"} & {name.partition(".")[0] for name in imported(path)}
    }
    assert {room(name) for name in users} == {"bot.decoders"}


def test_the_bot_never_imports_decoders() -> None:
    for path in [*modules("bot"), *modules("adapters")]:
        if room(name_of(path)) != "bot.decoders":
            assert not any(name.startswith("bot.decoders") for name in imported(path))


def test_platforms_and_providers_do_not_know_each_other() -> None:
    for path in modules("adapters/platforms"):
        assert not any(name.startswith("adapters.providers") for name in imported(path))
    for path in modules("adapters/providers"):
        assert not any(name.startswith("adapters.platforms") for name in imported(path))


@pytest.mark.parametrize("path", [*modules("bot"), *modules("adapters"), *modules("emulator")], ids=name_of)
def test_every_module_says_at_its_door_what_it_is(path: Path) -> None:
    text = path.read_text()
    assert not text or ast.get_docstring(ast.parse(text))

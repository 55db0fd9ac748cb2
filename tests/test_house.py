"""The house keeps its plan: which room may reach for which, read from the imports themselves."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from adapters.platforms import PLATFORMS
from adapters.providers import PROVIDERS
from bot.words import ENGLISH, catalogue

ROOT = Path(__file__).parents[1]

# A room may import the rooms named here, and those below are the only ones it may.
CORE = {"bot.words", "bot.errors", "bot.messages", "bot.ports", "bot.chat_platform", "bot.util.retry", "bot.util.tasks"}
MAY = {
    "bot.accounting": set(),
    "bot.turns": set(),
    "bot.intake": set(),
    "bot.operations": set(),
    "bot.replies": set(),
    "bot.files": set(),
    "bot.util": set(),
    "bot.words": set(),
    "bot.errors": {"bot.words"},
    "bot.messages": set(),
    "bot.ports": {"bot.messages"},
    "bot.chat_platform": {"bot.messages", "bot.ports"},
    "bot.replies.markdown": set(),
    "bot.replies.pages": {"bot.replies.markdown"},
    "bot.adapter_settings": set(),
    "bot.settings": {"bot.adapter_settings"},
    "bot.operations.file_rights": set(),
    "bot.operations.lock_age": set(),
    "bot.operations.log_text": set(),
    "bot.operations.logs": {"bot.operations.log_limits", "bot.operations.log_text"},
    "bot.operations.log_limits": set(),
    "bot.util.http": {"bot.errors", "bot.util"},
    "bot.files.file_cache": {"bot.messages"},
    "bot.files.isolation": {"bot.errors"},
    "bot.files.decoders": {"bot.errors", "bot.files.isolation"},
    "bot.files.photos": CORE | {"bot.files.isolation", "bot.files.file_cache"},
    "bot.files.documents": CORE | {"bot.files.isolation", "bot.files.file_cache"},
    "bot.accounting.usage_chart": {"bot.messages"},
    "bot.accounting.model_scores": {"bot.messages"},
    "bot.commands.export_archive": {"bot.messages"},
    "bot.operations.metrics": CORE,
    "bot.store": CORE | {"bot.operations.file_rights", "bot.util"},
    "bot.web": CORE | {"bot.settings", "bot.accounting.model_scores"},
    "bot.turns.stops": set(),
    "bot.accounting.limits": CORE,
    "bot.intake.access": CORE | {"bot.accounting.limits"},
    "bot.operations.heartbeat": CORE,
    "bot.intake.inbox": CORE
    | {
        "bot.intake.access",
        "bot.intake.joining",
        "bot.commands",
        "bot.accounting.limits",
        "bot.turns.stops",
    },
    "bot.intake.joining": CORE | {"bot.commands", "bot.asking.mentions"},
    "bot.commands": CORE
    | {
        "bot.replies.markdown",
        "bot.intake.access",
        "bot.accounting.usage_chart",
        "bot.accounting.model_scores",
        "bot.files.documents",
        "bot.commands.export_archive",
        "bot.accounting.limits",
        "bot.files.photos",
        "bot.tables",
    },
    "bot.tables": CORE | {"bot.replies.markdown", "bot.files.isolation"},
    "bot.replies.reply": CORE | {"bot.replies.pages", "bot.replies.plainer_posts"},
    "bot.replies.plainer_posts": CORE,
    "bot.adapter_context": CORE | {"bot.settings", "bot.web", "bot.operations.metrics"},
    "bot.operations.set_aside": {"bot.operations.metrics"},
    "bot.util.retry": set(),
    "bot.util.tasks": set(),
    "bot.asking": CORE
    | {
        "bot.asking.mentions",
        "bot.commands",
        "bot.files.documents",
        "bot.files.photos",
        "bot.accounting.limits",
        "bot.replies.markdown",
        "bot.replies.reply",
        "bot.tables",
        "bot.turns.stops",
    },
    "bot.replies.mirror": CORE | {"bot.replies.reply"},
    "bot.operations.importer": CORE,
    "bot.operations.expiry": CORE | {"bot.files.photos", "bot.settings"},
    "bot.asking.mentions": CORE,
    "bot.asking.media_generation": CORE | {"bot.asking", "bot.commands", "bot.accounting.limits"},
    "bot.asking.transcription": CORE | {"bot.asking", "bot.accounting.limits", "bot.asking.media_generation"},
    "bot.turns.jobs": CORE
    | {
        "bot.intake.access",
        "bot.asking",
        "bot.commands",
        "bot.accounting.limits",
        "bot.replies.markdown",
        "bot.replies.mirror",
        "bot.replies.reply",
        "bot.asking.media_generation",
    },
    "bot.operations.watchdog": CORE,
    "bot.turns.worker": CORE | {"bot.asking", "bot.turns.jobs", "bot.operations.metrics", "bot.replies.reply"},
}
# Where it is all put together.
PLUGS_IN = {"bot.app", "bot.configuration", "bot.operations.check", "bot.operations.set_up", "bot.__main__"}


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def room(name: str) -> str:
    """The deepest room with a rule of its own that the module stands in; else its folder."""
    parts = name.split(".")
    deepest = [".".join(parts[:n]) for n in range(len(parts), 1, -1)]
    return next((each for each in deepest if each in MAY or each in PLUGS_IN), ".".join(parts[:2]))


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(parsed(path)) if isinstance(node, ast.Call))


def back_offs(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Find what doubles or scatters a delay, waits after an error for a time of its own, or counts its tries."""
    for node in (each for each in ast.walk(tree) if isinstance(each, ast.stmt | ast.expr | ast.ExceptHandler)):
        doubles = isinstance(node, ast.AugAssign) and ast.unparse(node).endswith("*= 2")
        if isinstance(node, ast.Call) and called(node) in {"min", "uniform"}:
            doubles = called(node) == "uniform" or any(is_doubling(each) for each in node.args)
        waits = isinstance(node, ast.ExceptHandler) and any(map(sleeps_for_a_time_of_its_own, ast.walk(node)))
        counts = isinstance(node, ast.For) and "range(" in ast.unparse(node.iter) and has_handler_that_goes_on(node)
        if doubles or waits or counts:
            yield node.lineno, ast.unparse(node).partition("\n")[0]


def is_doubling(node: ast.expr) -> bool:
    if not isinstance(node, ast.BinOp):
        return False
    two = any(isinstance(side, ast.Constant) and side.value == 2 for side in (node.left, node.right))
    constant = isinstance(node.left, ast.Constant) and isinstance(node.right, ast.Constant)
    return two and not constant and isinstance(node.op, ast.Mult | ast.Pow)


def sleeps_for_a_time_of_its_own(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and called(node) == "sleep"):
        return False
    return not any(word in ast.unparse(node) for word in ("delay(", "pause"))


def has_handler_that_goes_on(loop: ast.For) -> bool:
    handlers = [node for node in ast.walk(loop) if isinstance(node, ast.ExceptHandler)]
    return any(isinstance(node, ast.Continue) for handler in handlers for node in ast.walk(handler))


def called(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_the_core_reaches_only_for_the_rooms_it_may() -> None:
    for path in modules("bot"):
        here = room(name_of(path))
        if here not in PLUGS_IN and here != "bot":
            reached = {room(name) for name in imported(path) if name.startswith(("bot.", "adapters"))} - {here}
            assert reached <= MAY[here], path


def test_adapters_know_the_core_and_never_the_composition_root() -> None:
    closed = PLUGS_IN | {"bot.turns.worker", "bot.intake.inbox"}
    for path in modules("adapters"):
        assert not {room(name) for name in imported(path) if name.startswith("bot.")} & closed, path


def test_every_room_has_a_rule() -> None:
    rooms = {room(name_of(path)) for path in modules("bot")} - PLUGS_IN - {"bot"}
    assert rooms == set(MAY)


def test_nothing_that_is_shipped_reaches_for_the_emulator() -> None:
    for path in (*modules("bot"), *modules("adapters")):
        assert "emulator" not in {name.partition(".")[0] for name in imported(path)}, path


def test_the_emulator_shares_no_code_with_the_client_that_it_checks() -> None:
    for path in modules("emulator"):
        assert not {"bot", "adapters"} & {name.partition(".")[0] for name in imported(path)}, path


def test_the_emulator_is_in_neither_the_wheel_nor_the_image() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["bot", "adapters"]
    assert "emulator" in (ROOT / ".dockerignore").read_text().splitlines()
    assert "emulator" not in (ROOT / "Dockerfile").read_text()


def test_every_task_is_started_where_it_gets_an_owner() -> None:
    starters = {"create_task", "ensure_future"}
    for path in (*modules("bot"), *modules("adapters")):
        if path != ROOT / "bot/util/tasks.py":
            started = [node.lineno for node in calls(path) if called(node) in starters]
            assert not started, f"{path}, lines {started}: BackgroundTasks, running_task and gather_all own their tasks"


def test_only_one_module_knows_how_long_to_wait_before_the_next_try() -> None:
    for path in (*modules("bot"), *modules("adapters")):
        if path != ROOT / "bot/util/retry.py":
            own = [f"line {line}: {code}" for line, code in back_offs(parsed(path))]
            assert not own, f"{path} has a back-off of its own; name a policy in bot/util/retry: {own}"


@pytest.mark.parametrize(
    "code",
    [
        "pause = min(pause * 2, 60)",
        "pause = min(2.0**failures, LONGEST)",
        "pause *= 2",
        "wait = pause * random.uniform(0.5, 1)",
        "try:\n    work()\nexcept OSError:\n    await asyncio.sleep(AGAIN)",
        "for tries_left in reversed(range(TRIES)):\n    try:\n        work()\n    except OSError:\n        continue",
    ],
)
def test_a_back_off_is_found_however_it_is_written(code: str) -> None:
    assert list(back_offs(ast.parse(code)))


def test_nobody_keeps_a_cancellation_from_whoever_asked_for_it() -> None:
    for path in (*modules("bot"), *modules("adapters")):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ExceptHandler) and node.type and "CancelledError" in ast.unparse(node.type):
                assert ast.unparse(node.body[-1]) == "raise", f"{path}, line {node.lineno} swallows a cancellation"
        suppressed = [
            node.lineno for node in calls(path) if called(node) == "suppress" and "Cancelled" in ast.unparse(node)
        ]
        assert not suppressed, f"{path}, lines {suppressed}: wait for a cancelled task with cancel_all"


def test_only_one_module_speaks_http() -> None:
    speakers = [
        name_of(path)
        for path in [*modules("bot"), *modules("adapters")]
        if {"httpx", "httpx_sse", "httpx_aiohttp"} & {name.partition(".")[0] for name in imported(path)}
    ]
    assert speakers == ["bot.util.http"]


def test_parsers_of_foreign_files_are_imported_where_they_are_shut_in_only() -> None:
    parsers = {"PIL", "pi_heif", "pypdf", "docx", "pypdfium2", "lxml", "openpyxl", "striprtf", "charset_normalizer"}
    parsers |= {"av", "rapidocr", "zxingcpp"}
    users = {
        name_of(path)
        for path in [*modules("bot"), *modules("adapters")]
        if parsers & {name.partition(".")[0] for name in imported(path)}
    }
    assert {room(name) for name in users} == {"bot.files.decoders"}


def test_the_bot_never_imports_decoders() -> None:
    for path in [*modules("bot"), *modules("adapters")]:
        if room(name_of(path)) != "bot.files.decoders":
            assert not any(name.startswith("bot.files.decoders") for name in imported(path))


def test_platforms_and_providers_do_not_know_each_other() -> None:
    for path in modules("adapters/platforms"):
        assert not any(name.startswith("adapters.providers") for name in imported(path))
    for path in modules("adapters/providers"):
        assert not any(name.startswith("adapters.platforms") for name in imported(path))


def test_every_module_says_at_its_door_what_it_is() -> None:
    for path in (*modules("bot"), *modules("adapters"), *modules("emulator")):
        assert not path.read_text() or ast.get_docstring(parsed(path)), path


LIBRARIES = {"discord", "telegram", "aiohttp", "httpx"}


def patched(path: Path) -> Iterator[str]:
    """The attributes of a library's classes that a module sets."""
    tree = parsed(path)
    foreign = {
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if LIBRARIES & {(getattr(node, "module", None) or alias.name).partition(".")[0]}
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            text = ast.unparse(node)
            if text.partition(".")[0] in foreign:
                yield text


def test_one_module_alone_changes_a_library() -> None:
    patchers = {name_of(path) for path in [*modules("bot"), *modules("adapters")] if list(patched(path))}
    assert patchers == {"adapters.platforms.discord.library_patches"}


def words_in_code(path: Path) -> Iterator[str]:
    """The texts and attributes in a module's code, without docstrings and keys of sentences."""
    tree = parsed(path)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield from {node.value} - catalogue(ENGLISH).keys()


def test_the_core_names_no_platform_and_no_provider() -> None:
    adapters = {*PLATFORMS, *PROVIDERS} - {"web", "local"}  # these are words of other things too
    names = re.compile(rf"(?<![a-z])({'|'.join(adapters)})(?![a-z])|^web$")
    for path in modules("bot"):
        assert not [word for word in words_in_code(path) if names.search(word)], path

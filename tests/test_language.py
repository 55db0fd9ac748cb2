"""Keeps the language of the code: one name for one thing, and docstrings that open with a verb or a noun phrase."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "adapters", "emulator")
FORBIDDEN = {
    *("What", "Whatever", "Whether", "Who", "Whoever", "Whom", "Whose"),
    *("Where", "How", "Which", "When", "Why"),
}


def definitions(package: str) -> Iterator[tuple[Path, ast.AST]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            yield path, node


def is_well_opened(docstring: str) -> bool:
    words = docstring.split()
    return not words or words[0].rstrip(",:") not in FORBIDDEN


@pytest.mark.parametrize("package", PACKAGES)
def test_docstrings_open_with_a_verb_or_a_noun_phrase(package: str) -> None:
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for path, node in definitions(package):
        docstring = ast.get_docstring(node) if isinstance(node, kinds) else None
        assert is_well_opened(docstring or ""), f"{path}, line {getattr(node, 'lineno', 1)}: {docstring}"


def test_a_forbidden_opening_is_found() -> None:
    assert not is_well_opened("What is said.")
    assert is_well_opened("Return what is said.")


def test_no_class_name_exists_twice_in_the_product() -> None:
    product = (node for package in ("bot", "adapters") for _, node in definitions(package))
    names = Counter(node.name for node in product if isinstance(node, ast.ClassDef))
    assert not {name for name, count in names.items() if count > 1 and not name.startswith("_")}


def test_no_module_name_exists_twice_but_for_siblings_by_design() -> None:
    siblings = {"adapter", "references", "provider", "errors", "settings", "translate", "formatting", "buttons"}

    paths = (path for package in ("bot", "adapters") for path in (ROOT / package).rglob("*.py"))
    names = Counter(path.stem for path in paths if not path.stem.startswith("__"))
    assert not {name for name, count in names.items() if count > 1} - siblings


# What takes any number of values of one kind, and what the system calls take.
VARIADIC = {"_ratios", "_same_names", "at", "field_validator", "prctl", "syscall"}


@pytest.mark.parametrize("package", ["bot", "adapters"])
def test_no_call_passes_five_arguments_by_their_places(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and len(node.args) >= 5:
                called = ast.unparse(node.func).rpartition(".")[2]
                assert called in VARIADIC, f"{path}, line {node.lineno}: name the arguments of {called}"

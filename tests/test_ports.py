"""The ports of the store stay small, and only those who put the bot together see all of them."""

import ast
import inspect
from pathlib import Path

import pytest

from bot.ports import Store
from bot.store import open_store

ROOT = Path(__file__).parents[1]
NARROWEST, WIDEST = 4, 12  # methods

PORTS = {
    name: inspect.get_annotations(member.fget, eval_str=True)["return"]
    for name, member in vars(Store).items()
    if isinstance(member, property) and member.fget is not None and name != "me"
}

# Whoever puts the bot together, and the store itself.
SEES_ALL = {
    "bot/__main__.py",
    "bot/app.py",
    "bot/operations/check/__init__.py",
    "bot/ports.py",
}


def methods(port: type) -> set[str]:
    return {name for name, member in vars(port).items() if inspect.isfunction(member) and not name.startswith("_")}


@pytest.mark.parametrize("name", PORTS)
def test_a_port_has_four_to_twelve_methods(name: str) -> None:
    assert NARROWEST <= len(methods(PORTS[name])) <= WIDEST


def test_no_method_belongs_to_two_ports() -> None:
    names = [name for port in PORTS.values() for name in methods(port)]
    assert len(names) == len(set(names))


def test_each_port_is_an_object_of_its_own(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/bot.db", "any/model")
    kinds = [type(getattr(store, name)) for name in PORTS]
    assert len(set(kinds)) == len(PORTS)
    for name, kind in zip(PORTS, kinds, strict=True):
        public = {each for each in vars(kind) if not each.startswith("_") and callable(getattr(kind, each))}
        assert public == methods(PORTS[name]), f"{kind.__name__} offers what its port does"


def test_whoever_uses_ports_takes_them_by_name() -> None:
    found = set[str]()
    for path in sorted([*ROOT.glob("bot/**/*.py"), *ROOT.glob("adapters/**/*.py")]):
        tree = ast.parse(path.read_text())
        if any(isinstance(node, ast.Name) and node.id == "Store" for node in ast.walk(tree)):
            found.add(str(path.relative_to(ROOT)))
    assert found <= SEES_ALL

"""Failures are codes: each has a scope and a sentence, and no behaviour hangs on the text of one."""

import ast
from pathlib import Path

import pytest

from bot.asking.failover import FAMILY_DOWN, LASTING, OUTAGES, PROVIDER_DOWN
from bot.asking.poison_photos import MAY_BE_A_PHOTO
from bot.errors import SCOPES, BotError, Busy, FailureCode, Refused, Scope
from bot.words import LANGUAGES, catalogue, speaking

ROOT = Path(__file__).parents[1]
CODE = {code.value for code in FailureCode}
SOURCES = [path for folder in ("bot", "adapters") for path in sorted((ROOT / folder).rglob("*.py"))]
ERRORS = {"BotError", "Refused", "Unreadable", "Busy", "Cut", "Forgotten"}


def test_every_code_has_one_scope_and_no_two_codes_are_the_same_member() -> None:
    assert set(SCOPES) == set(FailureCode)
    assert set(SCOPES.values()) == set(Scope)
    assert len(FailureCode.__members__) == len(FailureCode)  # an alias would be counted here only


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_sentence_in_every_language(language: str) -> None:
    assert set(catalogue(language)) >= CODE


def test_an_error_knows_its_code_and_its_scope_and_reads_as_a_sentence() -> None:
    error = Busy(FailureCode.PROVIDER_DOWN, retry_after=3)
    assert (error.code, error.code.scope, error.retry_after) == (FailureCode.PROVIDER_DOWN, Scope.MODEL, 3)
    with speaking("de"):
        assert str(Refused(FailureCode.CHANNEL_LOST)) == "Ich kann in diesem Kanal nicht mehr schreiben."


def test_a_code_may_come_as_text_from_another_process_and_an_unknown_one_is_a_bug() -> None:
    assert BotError("channel_lost").code is FailureCode.CHANNEL_LOST
    with pytest.raises(ValueError, match="no_such_code"):
        BotError("no_such_code")


def test_the_sets_of_codes_that_decide_what_happens_are_those_of_before_there_were_codes() -> None:
    assert {
        "provider_no_credits",
        "provider_blocked",
        "provider_certificate",
        "provider_outside",
        "provider_region",
        "provider_wrong_key",
    } == LASTING
    assert LASTING | {"provider_unreachable"} == PROVIDER_DOWN
    assert {"provider_down", "provider_slow", "provider_rate_limited", "provider_unsupported"} == FAMILY_DOWN
    assert OUTAGES == FAMILY_DOWN | PROVIDER_DOWN
    photo_faults = {"provider_photo_refused", "provider_photo_too_large", "provider_too_large"}
    assert photo_faults | {"provider_bad_request"} == MAY_BE_A_PHOTO


def test_errors_are_made_of_codes_and_nothing_compares_the_text_of_one() -> None:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ERRORS and node.args:
                assert not is_code(node.args[0]), f"{path}, line {node.lineno}: {ast.unparse(node)}"
            if isinstance(node, ast.Compare) and any(map(is_error_code, (node.left, *node.comparators))):
                assert not any(map(is_code, ast.walk(node))), f"{path}, line {node.lineno}: {ast.unparse(node)}"


def is_code(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value in CODE


def is_error_code(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in ("code", "key")

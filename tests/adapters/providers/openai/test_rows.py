"""In what the services differ."""

import pytest

from adapters.providers.openai.services import AIMLAPI, OPENAI, VAPI, auth_headers


@pytest.mark.parametrize(
    ("how", "headers"),
    [
        ("bearer", {"authorization": "Bearer sk-1"}),
        ("x-api-key", {"x-api-key": "sk-1", "anthropic-version": "2023-06-01"}),
        ("x-goog-api-key", {"x-goog-api-key": "sk-1"}),
    ],
)
def test_the_key_goes_where_the_operator_wants_it(how: str, headers: dict[str, str]) -> None:
    assert auth_headers("sk-1", how) == headers  # type: ignore[arg-type]


def test_without_a_key_nothing_is_said() -> None:
    assert auth_headers("") == {}


def test_a_service_is_sent_what_it_documents_and_what_its_kind_is_known_to_take() -> None:
    assert [row.name for row in (VAPI, AIMLAPI, OPENAI)] == ["vapi", "aimlapi", "openai"]
    assert [row.accepts_detail for row in (VAPI, AIMLAPI, OPENAI)] == [False, True, True]
    assert [row.include_usage for row in (VAPI, AIMLAPI, OPENAI)] == [True, False, True]

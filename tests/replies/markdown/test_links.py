"""A link says where it leads, whatever its text says."""

import pytest

from bot.replies.markdown import hidden_host, leads_somewhere


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://bank.example/login", "https://evil.example/x"),
        ("bank.example", "https://evil.example/x"),
        ("Go to www.bank.example now", "https://evil.example/x"),
        ("https://evil.example.bank.test", "https://evil.example/"),
        ("https://bank.example", "https://bank.example@evil.example/"),
    ],
)
def test_a_text_that_is_another_address_hides_the_host(text: str, address: str) -> None:
    assert hidden_host(text, address) == "evil.example"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("the login", "https://bank.example/login"),
        ("https://bank.example/login", "https://bank.example/other"),
        ("bank.example", "https://www.bank.example/"),
        ("bank.example", "https://login.bank.example/"),
        ("e.g. 3.14, v1.2 and so on...", "https://bank.example/"),
        ("https://[", "https://bank.example/"),
        ("", "https://bank.example/"),
    ],
)
def test_other_texts_hide_nothing(text: str, address: str) -> None:
    assert hidden_host(text, address) == ""


@pytest.mark.parametrize("address", ["", "cat.md", "javascript:alert(1)", "http://[x", "http://%5Bx", "https://"])
def test_an_address_that_is_not_whole_leads_nowhere(address: str) -> None:
    assert not leads_somewhere(address)

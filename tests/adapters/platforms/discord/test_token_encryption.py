"""What is sealed can be read by whoever has the bot's token, and by nobody else."""

import pytest

from adapters.platforms.discord.token_encryption import TokenEncryption
from tests.doubles.discord import TOKEN

SECRET = b"the token of an interaction"


def test_another_process_of_the_same_bot_reads_it() -> None:
    assert TokenEncryption(TOKEN).decrypt(TokenEncryption(TOKEN).encrypt(SECRET)) == SECRET


def test_nothing_of_it_shows() -> None:
    sealed = TokenEncryption(TOKEN).encrypt(SECRET)
    assert SECRET not in sealed
    assert TOKEN.encode() not in sealed
    assert sealed != TokenEncryption(TOKEN).encrypt(SECRET)


def test_another_bot_cannot_read_it() -> None:
    assert TokenEncryption("another token").decrypt(TokenEncryption(TOKEN).encrypt(SECRET)) is None


@pytest.mark.parametrize("change", [lambda it: it[:-1], lambda it: it[:40] + b"AAAA" + it[44:], lambda it: b""])
def test_what_was_changed_is_not_read(change: object) -> None:
    assert callable(change)
    assert TokenEncryption(TOKEN).decrypt(change(TokenEncryption(TOKEN).encrypt(SECRET))) is None

"""A fork server that knows the functions of `misbehaving`, and ends with the test."""

import os
from collections.abc import AsyncIterator

import pytest

from bot.files.isolation import client, decoder_tasks
from tests.files.isolation import misbehaving


@pytest.fixture
async def workers(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The environment of this process holds a secret meanwhile."""
    monkeypatch.setitem(os.environ, "TELEGRAM_TOKEN", "123:a-secret-of-the-bot")
    monkeypatch.setattr(client, "_BOOT", misbehaving.SERVER)
    monkeypatch.setattr(client, "TASKS", {**decoder_tasks.TASKS, **misbehaving.own_tasks()})
    await client.close()
    yield
    await client.close()

"""The worker that does the jobs, on a store where it does not matter which."""

import pytest

from bot.files.photos import PhotoIntake
from bot.ports import Store
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.work import Worker, make_worker


@pytest.fixture
def telegram() -> FakePlatform:
    return FakePlatform("telegram")


@pytest.fixture
def other() -> FakeProvider:
    """A second provider, whose conversations are called uuid-11 and so on."""
    other = FakeProvider(["a dog"], name="other")
    other.begun = 10
    return other


@pytest.fixture
def worker(
    sqlite: Store,
    platform: FakePlatform,
    telegram: FakePlatform,
    provider: FakeProvider,
    other: FakeProvider,
    photos: PhotoIntake,
) -> Worker:
    return make_worker(sqlite, [platform, telegram], [provider, other], photos)

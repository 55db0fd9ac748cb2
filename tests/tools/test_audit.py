"""The audit says what it compared, and says so where it could compare nothing."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.doubles.process import ROOT, free_port

LOCK = f"aiohttp==3.14.5 \\\n    --hash=sha256:{'a' * 64}\nidna==3.20 \\\n    --hash=sha256:{'b' * 64}\n"
ADVISORY = {
    "id": "PYSEC-2026-1",
    "aliases": ["CVE-2026-4711"],
    "summary": "A header that never ends.",
    "affected": [
        {
            "package": {"name": "aiohttp", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.14.6"}]}],
        }
    ],
}


class Advisories:
    """A service with OSV's API on loopback."""

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}
        self.asked: list[tuple[str, str]] = []
        self.status = 200

    async def query(self, request: web.Request) -> web.Response:
        query = json.loads(await request.text())
        name = query["package"]["name"]
        self.asked.append((name, query["version"]))
        return web.json_response({"vulns": [self.known[name]]} if name in self.known else {}, status=self.status)


@pytest.fixture
async def advisories(unused: int) -> AsyncIterator[Advisories]:
    service, app = Advisories(), web.Application()
    app.router.add_post("/v1/query", service.query)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", unused).start()
    yield service
    await runner.cleanup()


@pytest.fixture
def unused() -> int:
    return free_port()


async def audit(lock: Path, port: int) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tools.audit", "--lock", str(lock), "--url", f"http://127.0.0.1:{port}/v1/query",
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    printed, _ = await process.communicate()
    return process.returncode or 0, printed.decode()


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    file = tmp_path / "requirements.lock"
    file.write_text(LOCK)
    return file


async def test_libraries_without_a_known_vulnerability(lock: Path, unused: int, advisories: Advisories) -> None:
    code, printed = await audit(lock, unused)
    assert (code, printed) == (0, "2 libraries were compared; no known vulnerabilities.\n")
    assert sorted(advisories.asked) == [("aiohttp", "3.14.5"), ("idna", "3.20")]


async def test_a_known_vulnerability_is_named_with_the_version_that_mends_it(
    lock: Path, unused: int, advisories: Advisories
) -> None:
    advisories.known["aiohttp"] = ADVISORY
    code, printed = await audit(lock, unused)
    assert code == 1
    assert "aiohttp 3.14.5: PYSEC-2026-1, CVE-2026-4711; fixed in 3.14.6" in printed


async def test_a_service_that_cannot_be_reached_is_no_good_news(lock: Path, unused: int) -> None:
    code, printed = await audit(lock, unused)
    assert (code, printed) == (2, "No advisory service could be reached; nothing was compared.\n")


async def test_a_service_that_breaks_is_no_good_news(lock: Path, unused: int, advisories: Advisories) -> None:
    advisories.status = 503
    code, printed = await audit(lock, unused)
    assert (code, printed) == (2, "No advisory service could be reached; nothing was compared.\n")


async def test_a_lock_that_pins_nothing_is_not_compared(lock: Path, unused: int, advisories: Advisories) -> None:
    lock.write_text("aiohttp>=3\n")
    code, printed = await audit(lock, unused)
    assert code == 2
    assert printed.startswith("The audit failed (")
    assert printed.endswith("; nothing was compared.\n")


async def test_the_lock_of_this_version_can_be_read(unused: int, advisories: Advisories) -> None:
    code, printed = await audit(ROOT / "requirements.lock", unused)
    assert code == 0, printed
    assert "aiohttp" in dict(advisories.asked)
    assert len(advisories.asked) > 30

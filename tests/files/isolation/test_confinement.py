"""A worker process has no secrets, no network and no files, and the kernel bounds what it may use."""

import asyncio
import ctypes
import os
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.files.isolation import client
from tests.files.documents import pdf
from tests.files.photos import file

pytestmark = [pytest.mark.usefixtures("workers"), pytest.mark.skipif(sys.platform != "linux", reason="Linux only")]

SECRET = b"a-secret-of-the-bot"


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A server on loopback, which takes connections from this network."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def report(port: int, *paths: Path) -> dict[str, Any]:
    value, _ = await client.run("report", str(port).encode(), paths=[str(path) for path in paths])
    assert isinstance(value, dict)
    return value


async def test_it_has_no_environment(port: int) -> None:
    assert set((await report(port))["environment"]) <= {"LC_CTYPE"}  # which Python itself adds


@pytest.mark.parametrize("task", ["clean_photo", "read_pdf"])
async def test_no_process_below_the_bot_knows_its_secrets_while_a_file_is_read(tmp_path: Path, task: str) -> None:
    document = tmp_path / "large.pdf"
    document.write_bytes(pdf(*["word " * 500] * 150))
    if task == "clean_photo":
        photo: dict[str, Any] = {"kind": "JPEG", "longest_side": 2048, "most_pixels": 10**8, "out_bytes": 10**7}
        reading = asyncio.create_task(client.run(task, file("astronaut-12mp.jpg"), **photo))
    else:
        reading = asyncio.create_task(client.run(task, document, most_text=500_000))
    seen = set[int]()
    while not reading.done():
        for process in descendants(os.getpid()):
            environment = environment_of(process)
            if environment is not None and b"isolation" in command_of(process):
                assert SECRET not in environment
                seen.add(process)
        await asyncio.sleep(0.001)
    await reading
    assert len(seen) >= 2  # the fork server and the worker


async def test_its_limits_are_in_force(port: int) -> None:
    limits = (await report(port))["limits"]
    assert limits["FSIZE"] == limits["CORE"] == [0, 0]
    assert 0 < limits["NPROC"][1] < 10_000
    assert limits["NOFILE"][1] <= 64
    assert limits["AS"] == [1024**3, 1024**3]
    assert 0 < limits["CPU"][0] <= 30


async def test_it_gains_no_privileges_and_inherits_no_open_files(port: int, tmp_path: Path) -> None:
    with (tmp_path / "bot.db").open("wb"):
        found = await report(port)
    assert found["privileges"] == 1
    assert found["descriptors"] == [0, 1, 2, 3, 255]  # nothing, its connection, the lock of large pictures
    assert (found["folder"], found["session"]) == ("/", found["parent"])


async def test_it_reaches_no_network(port: int) -> None:
    socket.create_connection(("127.0.0.1", port)).close()
    found = await report(port)
    if not may_leave_network():
        pytest.skip("this system allows no network namespace; docs/design.md says what holds then")
    assert found["interfaces"] in ([], ["lo"])
    assert found["connect"] != "done"


async def test_it_opens_no_files_and_writes_none(port: int, tmp_path: Path) -> None:
    secrets = tmp_path / ".env"
    secrets.write_text("TELEGRAM_TOKEN=1:x")
    found = await report(port, secrets, Path(f"/proc/{os.getpid()}/environ"))
    if not has_landlock():
        pytest.skip("this kernel has no Landlock; docs/design.md says what holds then")
    assert set(found["open"].values()) <= {"EACCES", "EPERM"}
    assert found["write"] == "EACCES"


async def test_it_starts_no_program(port: int) -> None:
    if not has_landlock():
        pytest.skip("this kernel has no Landlock; docs/design.md says what holds then")
    assert (await report(port))["run"] == "EACCES"


def test_the_docs_say_what_holds_where_the_system_allows_less() -> None:
    design = (Path(__file__).parents[3] / "docs" / "design.md").read_text()
    for term in (
        "user namespace",
        "Landlock",
        "no_new_privs",
        "Docker's or Kubernetes' default seccomp",
        "UDP not at all",
    ):
        assert term in design


def may_leave_network() -> bool:
    """Whether another process is allowed to do so."""
    code = "import ctypes; libc = ctypes.CDLL(None); exit(libc.unshare(0x50000000) and libc.unshare(0x40000000))"
    return os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", code]) == 0


def has_landlock() -> bool:
    return bool(ctypes.CDLL(None).syscall(444, None, 0, 1) >= 1)


def descendants(pid: int) -> list[int]:
    children = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                children.append(int(stat.parent.name))
        except OSError:
            continue
    return children + [below for child in children for below in descendants(child)]


def environment_of(pid: int) -> bytes | None:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return None


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""

"""Setting up .venv: on a Python that is too old, without venv, after an interruption, without a network."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import set_up as set_up_module

SET_UP = Path(__file__).parents[2] / "tools" / "set_up.py"
AS_OLDER = "import runpy, sys; sys.version_info = (3, 10, 12, 'final', 0); sys.argv = sys.argv[1:]; "
AS_OLDER += "runpy.run_path(sys.argv[0], run_name='__main__')"


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """A lock that asks for nothing, so that nothing is downloaded."""
    lock = tmp_path / "requirements.lock"
    lock.touch()
    return lock


def set_up(lock: Path, *python: str, path: Path | None = None) -> tuple[int, str]:
    """Set up `.venv` beside the lock; the exit code, and what was printed. `path` stands for the PATH."""
    done = subprocess.run(
        [*(python or (sys.executable,)), SET_UP, lock.parent / ".venv", lock],
        env={"PATH": str(path or os.environ["PATH"]), "PIP_NO_INDEX": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )
    return done.returncode, done.stdout + done.stderr


def pretend(path: Path, script: str) -> None:
    """A program of that name that does this."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_python_that_is_too_old_is_named_with_what_to_do(lock: Path, tmp_path: Path) -> None:
    code, said = set_up(lock, sys.executable, "-c", AS_OLDER, path=tmp_path / "nothing")
    assert code == 1
    assert "Snapthread needs Python 3.11 or newer, and this is 3.10" in said
    assert "make try PYTHON=" in said
    assert not (tmp_path / ".venv").exists()


def test_a_newer_python_on_the_path_is_taken_instead(lock: Path, tmp_path: Path) -> None:
    pretend(tmp_path / "bin" / "python3.12", f'exec {sys.executable} "$@"')
    code, said = set_up(lock, sys.executable, "-c", AS_OLDER, path=tmp_path / "bin")
    assert code == 0, said
    assert (tmp_path / ".venv" / "bin" / "pip").exists()


def test_a_python_without_venv_names_the_package_to_install(lock: Path, tmp_path: Path) -> None:
    lacks = 'case "$2" in *ensurepip*) exit 1;; esac'
    pretend(tmp_path / "bin" / "python3.12", f'{lacks}\nexec {sys.executable} "$@"')
    code, said = set_up(lock, sys.executable, "-c", AS_OLDER, path=tmp_path / "bin")
    assert code == 1
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    assert f"sudo apt install {version}-venv" in said


def test_an_environment_that_was_interrupted_is_made_anew_and_a_whole_one_is_kept(lock: Path, tmp_path: Path) -> None:
    pretend(tmp_path / ".venv" / "bin" / "python", "exit 1")
    shutil.copy(sys.executable, tmp_path / ".venv" / "half")
    code, said = set_up(lock)
    assert (code, said.count("The first run sets up")) == (0, 1), said
    assert not (tmp_path / ".venv" / "half").exists()
    code, said = set_up(lock)
    assert (code, said.count("The first run sets up")) == (0, 0), said


@pytest.mark.parametrize(
    "kind", ["not executable", "no program", "a folder", "a dangling link", "a file instead", "a lost folder"]
)
def test_what_is_no_environment_is_cleared_away(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / ".venv"
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    match kind:
        case "not executable":
            python.write_text("junk")
        case "no program":
            python.write_bytes(b"\x7fELF")
            python.chmod(0o755)
        case "a folder":
            python.mkdir()
        case "a dangling link":
            python.symlink_to(tmp_path / "gone")
        case "a file instead":
            shutil.rmtree(folder)
            folder.write_text("")
        case _:
            shutil.rmtree(folder)
            folder.symlink_to(tmp_path / "gone")
    assert not set_up_module.is_whole(str(python))
    set_up_module.clear(str(folder))
    assert not os.path.lexists(folder)


def test_without_any_python_make_says_so(tmp_path: Path) -> None:
    (tmp_path / "requirements-local.lock").touch()
    make = ["make", "-f", str(SET_UP.parents[1] / "Makefile"), "try", "PYTHON=python9"]
    done = subprocess.run(make, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
    assert "There is no python9 here. Snapthread needs Python 3.11 or newer" in done.stderr


def test_without_a_network_it_says_that_only_the_set_up_needs_one(lock: Path, tmp_path: Path) -> None:
    lock.write_text("no-such-package==1.0 --hash=sha256:" + "0" * 64 + "\n")
    code, said = set_up(lock)
    assert code == 1
    assert "Only the set-up needs the network" in said
    assert "Traceback" not in said

"""Make .venv whole and install a lock into it: `python3 tools/set_up.py .venv requirements.lock`, as the Makefile does.

It must run on the Pythons that are too old for the bot, to say so: no syntax that Python 3.6 lacks, nothing installed.
"""

import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
SIZES = {"requirements.lock": (115, 460), "requirements-local.lock": (230, 750)}  # megabytes, docs/dependencies.md
MOST = (400, 1300)
NEWER = [f"python3.{minor}" for minor in range(20, OLDEST[1] - 1, -1)]


def main(folder: str, lock: str) -> int:
    """Set up the environment in `folder` with what `lock` pins; return an exit code."""
    python = find_python()
    if python is None:
        return fail(
            f"Snapthread needs Python 3.11 or newer, and this is 3.{sys.version_info[1]} ({sys.executable}).\n"
            "Install a newer one, for example from https://www.python.org/downloads/ or with your system's package\n"
            "manager. If it is not on the PATH, name it: make try PYTHON=/path/to/python3.12"
        )
    inside = os.path.join(folder, "bin", "python")
    if not is_whole(inside):
        if not runs(python, "import ensurepip, venv"):
            return fail(
                f"{python} has no venv module. On Debian and Ubuntu: sudo apt install {name_of(python)}-venv\n"
                "On other systems it is part of Python's package, or of one named like it."
            )
        download, disk = SIZES.get(os.path.basename(lock), MOST)
        say(
            f"The first run sets up {folder}, once: {download} MB to download, {disk} MB on disk, about a minute."
            " It needs the network."
        )
        clear(folder)
        if subprocess.call([python, "-m", "venv", folder]) != 0:
            return fail(f"{folder} could not be made; see the lines above.")
    install = [inside, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", lock]
    if subprocess.call(install) != 0:
        return fail(
            f"The packages in {lock} could not be installed; see the lines above.\n"
            "Only the set-up needs the network: check it, or PIP_INDEX_URL if you use a mirror, and try again."
        )
    return 0


def find_python() -> "str | None":
    """Return the Python to make the environment with: this one, or a newer one on the PATH; None if all are too old."""
    if sys.version_info[:2] >= OLDEST:
        return sys.executable
    found = (shutil.which(name) for name in NEWER)
    return next((path for path in found if path), None)


def is_whole(python: str) -> bool:
    """Tell whether an environment's Python runs, is new enough and has pip: one that was interrupted has not."""
    return os.path.exists(python) and runs(python, f"import sys, pip; sys.exit(sys.version_info[:2] < {OLDEST})")


def runs(python: str, code: str) -> bool:
    """Tell whether a Python runs the code without an error; what cannot be started at all does not."""
    try:
        return subprocess.call([python, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def clear(folder: str) -> None:
    """Delete what stands where the environment will be: a folder, a file, or a link to what is elsewhere."""
    if os.path.islink(folder) or os.path.isfile(folder):
        os.remove(folder)
    shutil.rmtree(folder, ignore_errors=True)


def name_of(python: str) -> str:
    """Return the name of a Python with its minor version, as packages use it."""
    version = subprocess.check_output([python, "-c", "import sys; print('python%d.%d' % sys.version_info[:2])"])
    return version.decode().strip()


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def fail(text: str) -> int:
    """Print why it failed; return the exit code for that."""
    sys.stderr.write(text + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))

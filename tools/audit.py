"""Compare the locked libraries with a list of known vulnerabilities: `make audit`.

Ends with 0 where none is known, with 1 where one is, with 2 where nothing was compared, because the list could not be
reached or the lock could not be read.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

LOCK = Path(__file__).parents[1] / "requirements.lock"
OSV = "https://api.osv.dev/v1/query"
NONE_KNOWN, SOME_KNOWN, NOT_COMPARED = 0, 1, 2
UNREACHABLE = ("ConnectionError", "Timeout", "Could not connect", "ServiceError", "HTTPError", "JSONDecodeError")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison, print what came of it, and return the exit code."""
    options = _parser().parse_args(arguments)
    run = subprocess.run(_command(options.lock, options.url), capture_output=True, text=True, check=False)  # noqa: S603
    try:
        libraries = json.loads(run.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(f"{_failure(run.stderr)}; nothing was compared.", file=sys.stderr)
        return NOT_COMPARED
    known = list(_vulnerabilities(libraries))
    print("\n".join([*known, f"{len(libraries)} libraries were compared; {len(known) or 'no'} known vulnerabilities."]))
    return SOME_KNOWN if known else NONE_KNOWN


def _command(lock: Path, url: str) -> list[str]:
    options = ["--require-hashes", "--disable-pip", "--progress-spinner=off", "--desc=off", "--format=json"]
    return [sys.executable, "-m", "pip_audit", *options, "-s", "osv", "--osv-url", url, "-r", str(lock)]


def _failure(errors: str) -> str:
    last = (errors.strip() or "pip-audit said nothing").splitlines()[-1]
    if any(sign in last for sign in UNREACHABLE):
        return "No advisory service could be reached"
    return f"The audit failed ({last})"


def _vulnerabilities(libraries: Sequence[dict[str, Any]]) -> Iterator[str]:
    for library in libraries:
        for vulnerability in library.get("vulns", ()):
            names = ", ".join([vulnerability["id"], *vulnerability.get("aliases", ())])
            fixed = ", ".join(vulnerability.get("fix_versions", ())) or "no version yet"
            yield f"{library['name']} {library['version']}: {names}; fixed in {fixed}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.audit", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lock", type=Path, default=LOCK, help="a hash-pinned list of libraries")
    parser.add_argument("--url", default=OSV, help="where a service with OSV's API answers queries")
    return parser


if __name__ == "__main__":
    sys.exit(main())

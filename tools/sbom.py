"""Write the software bill of materials of a lock as CycloneDX: `make sbom`, without a network."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(?:\s*;\s*([^\\]+?))?\s*\\?$")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def main(lock: str = "requirements.lock") -> int:
    """Print the bill of a lock."""
    print(json.dumps(bill_of((ROOT / lock).read_text("utf-8"), _version()), indent=2))
    return 0


def bill_of(lock: str, version: str) -> dict[str, Any]:
    """Return the bill of a lock's text: every library with its version and the hashes of its files."""
    bot = {"type": "application", "name": "snapthread", "version": version, "bom-ref": "snapthread"}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": bot},
        "components": list(_components(lock)),
    }


def _components(lock: str) -> Iterator[dict[str, Any]]:
    component: dict[str, Any] | None = None
    for line in lock.splitlines():
        if pinned := PINNED.match(line):
            if component:
                yield component
            name, version, marker = pinned.groups()
            component = _component(name, version, marker)
        elif component and (found := HASH.search(line)):
            component["properties"].append({"name": "pip:hash", "value": f"sha256:{found[1]}"})
    if component:
        yield component


def _component(name: str, version: str, marker: str | None) -> dict[str, Any]:
    purl = f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"
    properties = [{"name": "pip:marker", "value": marker}] if marker else []
    return {
        "type": "library",
        "name": name,
        "version": version,
        "purl": purl,
        "bom-ref": f"{purl}#{marker}" if marker else purl,
        "properties": properties,
    }


def _version() -> str:
    found = re.search(r'__version__ = "([^"]+)"', (ROOT / "bot" / "__init__.py").read_text("utf-8"))
    return found[1] if found else "0"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))

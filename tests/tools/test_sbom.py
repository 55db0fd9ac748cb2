"""The bill of materials has every library of the lock, each once."""

import json
import re
import subprocess
import sys

import pytest

from tests.doubles.process import ROOT


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-local.lock"])
def test_every_library_of_a_lock_is_in_its_bill(lock: str) -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "tools.sbom", lock], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    ).stdout
    bill = json.loads(printed)
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "snapthread")
    text = (ROOT / lock).read_text("utf-8")
    pins = re.findall(r"^(\S+)==([^\s;]+)", text, flags=re.MULTILINE)
    assert [(each["name"], each["version"]) for each in bill["components"]] == pins
    assert len({each["bom-ref"] for each in bill["components"]}) == len(pins)
    hashes = [each["value"] for component in bill["components"] for each in component["properties"]]
    assert len([each for each in hashes if each.startswith("sha256:")]) == text.count("--hash=")

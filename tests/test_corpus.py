"""The intake over a folder of anybody's files: what was taken, what was refused and why, checked by others."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench import corpus
from tests.conftest import PHOTOS
from tests.files.documents import locked, pdf
from tests.files.documents.portable import Page, picture_of, portable

ROOT = Path(__file__).parents[1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("cat-rotated.jpg", "cat.heic", "truncated.jpg"):
        shutil.copy(PHOTOS / name, tmp_path)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "letter.pdf").write_bytes(pdf("Dear Ada"))
    (tmp_path / "deep" / "scan.pdf").write_bytes(portable(Page(picture=picture_of("x"))))
    (tmp_path / "locked.pdf").write_bytes(locked(pdf("Dear Ada"), "secret"))
    (tmp_path / "program").write_bytes(bytes(range(256)))
    return tmp_path


async def test_each_file_is_taken_or_refused_for_a_reason(folder: Path) -> None:
    findings = {each.path.name: each for each in await corpus.run(sorted(p for p in folder.rglob("*") if p.is_file()))}
    assert {name: each.refused for name, each in findings.items()} == {
        "cat-rotated.jpg": "", "cat.heic": "", "truncated.jpg": findings["truncated.jpg"].refused, "letter.pdf": "",
        "scan.pdf": "", "locked.pdf": "document_locked", "program": "photo_not_an_image",
    }  # fmt: skip
    assert findings["letter.pdf"].words == len("Dear Ada")
    for name in ("cat-rotated.jpg", "cat.heic"):
        assert findings[name].traces == []
        assert (findings[name].difference or 0) < corpus.SAME
    assert all(each.seconds > 0 for each in findings.values())


def test_the_table_is_printed_by_one_command(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "corpus", str(folder), "--each"], cwd=ROOT, capture_output=True, check=True
    )
    said = done.stdout.decode()
    assert "# 7 files" in said
    assert "| pdf (pictures) | 1 | 1 | - |" in said
    assert "document_locked 1" in said
    assert "deep/letter.pdf: 8 characters" in said


def test_metadata_that_was_left_and_another_picture_are_found(tmp_path: Path) -> None:
    left = corpus.Finding(PHOTOS / "cat-rotated.jpg", "jpg", output=PHOTOS / "rocket.jpg")
    corpus._compare(left)
    assert left.difference is not None
    assert left.difference > corpus.SAME
    assert corpus._is_trace("GPS:GPSLatitude")
    assert corpus._is_trace("PNG:Comment")
    assert not corpus._is_trace("File:FileSize")
    left.traces = ["GPS:GPSLatitude"]
    said = corpus.report([left])
    assert "Metadata was left" in said
    assert "Another picture" in said

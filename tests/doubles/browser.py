"""Headless Chromium, driven as a person would; tests are skipped where none is installed."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--font-render-hinting=none",
]  # fmt: skip


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser with nothing in it."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no Chromium is installed: `apt-get install chromium` lets the tests of the page run")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=QUIET)
        try:
            yield browser
        finally:
            await browser.close()


def pictures(fallback: Path) -> Path:
    """Where screenshots go: the folder that SCREENSHOTS names (docs/images for those in the docs), else `fallback`."""
    folder = Path(os.environ.get("SCREENSHOTS", fallback))
    folder.mkdir(parents=True, exist_ok=True)
    return folder

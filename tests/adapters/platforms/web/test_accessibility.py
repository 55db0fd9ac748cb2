"""The page for people who do not see it, or use no pointer: axe-core finds nothing wrong in any of its states."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from bot.messages import Button, Channel, File, OutgoingPost
from tests.adapters.platforms.web.conftest import House, recording
from tests.adapters.platforms.web.tab import Tab, tab_of
from tests.conftest import PHOTOS

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANSWER = """## A heading

So $\\frac{1}{2}$ ||hidden|| [a link](https://e.org/x), `code`

```python
def purr(): return "a" * 3  # loud
```

| a | b |
|---|--:|
| 1 | 2 |

- [x] done

⚠️ Careful

> quoted"""


async def talk(tab: Tab) -> None:
    house, lobby = tab.house, Channel("web", "lobby")
    await tab.pick("cat.jpg", "cat.heic", "bomb-20000x20000.png")
    await tab.ask("what are these?")
    chart = File(name="usage.png", mime="image/png", data=(PHOTOS / "coffee.png").read_bytes(), is_spoiler=True)
    sound = File(name="answer.wav", mime="audio/wav", data=recording())
    log = File(name="export.zip", mime="application/zip", data=b"PK")
    buttons = tuple(Button(f"Model {n}", f"/model a/{n}") for n in range(6))
    await house.web.send(lobby, OutgoingPost(text=ANSWER, files=(chart, sound, log), buttons=buttons))
    await expect(tab.page.get_by_role("button", name="Model 5")).to_be_visible()


async def draft(tab: Tab) -> None:
    await tab.pick("cat.jpg", "bomb-20000x20000.png")
    await expect(tab.page.locator("#photos .uploaded")).to_have_count(2)
    await tab.page.get_by_role("button", name="Edit and ask again").first.click()


async def commands(tab: Tab) -> None:
    await tab.page.get_by_role("button", name="Cancel").click()
    await tab.box.press_sequentially("/s")
    await expect(tab.page.get_by_role("option").first).to_be_visible()


async def models(tab: Tab) -> None:
    await tab.box.fill("")
    await tab.page.get_by_role("button", name="Model that answers").click()
    await expect(tab.page.get_by_role("option").first).to_be_visible()


async def part(tab: Tab) -> None:
    await tab.page.keyboard.press("Escape")
    await tab.page.get_by_role("button", name="cat.jpg", exact=True).first.click()
    await tab.page.get_by_role("button", name="Ask about this part").click()


async def compared(tab: Tab) -> None:
    await tab.page.get_by_role("button", name="Compare with another photo").click()


async def side(tab: Tab) -> None:
    await tab.page.get_by_role("button", name="Close").click()
    menu = tab.page.get_by_role("button", name="Conversations")
    if await menu.is_visible():
        await menu.click()
    await tab.page.get_by_role("button", name="Rename").first.press("Enter")


async def deletion(tab: Tab) -> None:
    await tab.page.keyboard.press("Escape")
    await tab.page.get_by_role("button", name="Delete").first.press("Enter")


async def settings(tab: Tab) -> None:
    await tab.page.keyboard.press("Escape")
    await tab.page.get_by_role("button", name="Settings").press("Enter")


async def keys(tab: Tab) -> None:
    await tab.page.get_by_role("button", name="Keyboard shortcuts").click()


async def lanes(tab: Tab) -> None:
    await tab.page.get_by_role("button", name="Close").click()
    await tab.reload()
    await tab.ask("/compare a b")
    asked = tab.house.bot.heard[-1]
    await tab.house.web.send(asked.channel, OutgoingPost(text="Another answer", reply_to=asked.id))
    await expect(tab.page.locator(".lanes .post")).to_have_count(2)


async def empty(tab: Tab) -> None:
    await tab.open()


STATES: list[Callable[[Tab], Awaitable[None]]] = [
    empty, talk, draft, commands, models, part, compared, side, deletion, settings, keys, lanes,
]  # fmt: skip


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("width", "scheme", "locale"), [(360, "dark", "en"), (1280, "light", "en")])
async def test_nothing_is_wrong_in_any_state(
    browser: Browser, tmp_path: Path, width: int, scheme: Any, locale: str
) -> None:
    options = {"viewport": {"width": width, "height": 700}, "color_scheme": scheme, "reduced_motion": "reduce"}
    found = []
    async with House.open(tmp_path) as house, tab_of(browser, house, **options, locale=locale) as tab:
        for state in STATES:
            await state(tab)
            for violation in (await Axe().run(tab.page)).response["violations"]:
                nodes = [node["html"][:160] for node in violation["nodes"]]
                found.append(f"{state.__name__}: {violation['id']}: {nodes}")
            assert not await tab.overflows(), state.__name__
    assert not found, "\n".join(found)

"""The page for people who do not see it, or use no pointer: axe-core finds nothing wrong in any of its states."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.async_api import Browser, Page, ViewportSize, expect

from bot.messages import Button, Channel, File, OutgoingPost
from tests.adapters.platforms.web.conftest import House, recording
from tests.adapters.platforms.web.tab import Tab, tab_of
from tests.conftest import PHOTOS

pytestmark = pytest.mark.asyncio(loop_scope="module")

AXE = AXE_FILE_PATH.read_text()
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


async def empty(tab: Tab) -> None:
    await tab.open()


async def growing(tab: Tab) -> None:
    tab.house.bot.halfway.clear()
    await tab.say("go on for ever")
    await expect(tab.page.locator(".post.growing")).to_have_count(1)


async def talk(tab: Tab) -> None:
    tab.house.bot.halfway.set()
    await expect(tab.page.locator(".post:not(.growing)")).to_have_count(1)
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
    await tab.page.locator(".edit").first.click()


async def trouble(tab: Tab) -> None:
    await tab.page.locator("#unedit").click()
    await tab.page.route("**/uploads?*", lambda route: route.abort())
    await tab.pick("coffee.png")
    await expect(tab.problem).not_to_be_empty()
    await tab.page.evaluate("document.querySelector('#connection').textContent = 'The connection is lost.'")


async def commands(tab: Tab) -> None:
    await tab.page.evaluate("document.querySelector('#connection').textContent = ''")
    await tab.page.unroute("**/uploads?*")
    await tab.box.press_sequentially("/s")
    await expect(tab.page.get_by_role("option").first).to_be_visible()


async def models(tab: Tab) -> None:
    await tab.box.fill("")
    await tab.page.locator("#model").click()
    await expect(tab.page.get_by_role("option").first).to_be_visible()


async def no_model(tab: Tab) -> None:
    await tab.page.keyboard.type("nothing of the kind")
    await expect(tab.page.locator("#no_model")).not_to_be_empty()


async def photo(tab: Tab) -> None:
    for _ in range(2):  # the first one empties the box
        await tab.page.keyboard.press("Escape")
    await tab.page.locator(".thumb").first.click()


async def part(tab: Tab) -> None:
    await tab.page.locator("#part").click()


async def compared(tab: Tab) -> None:
    await tab.page.locator("#compare").click()


async def side(tab: Tab) -> None:
    await tab.page.locator("#viewer form button").click()
    await tab.page.locator("#menu").click()
    await tab.page.locator("#conversations .rename").first.press("Enter")


async def nothing_found(tab: Tab) -> None:
    await tab.page.keyboard.press("Escape")
    await tab.page.locator("#find").fill("nothing of the kind")
    await expect(tab.page.locator("#nothing")).not_to_be_empty()


async def deletion(tab: Tab) -> None:
    await tab.page.locator("#find").fill("")
    await tab.page.locator("#conversations .delete").first.press("Enter")


async def settings(tab: Tab) -> None:
    await tab.page.keyboard.press("Escape")
    await tab.page.locator("#settings_open").press("Enter")


async def keys(tab: Tab) -> None:
    await tab.page.locator("#keys_open").click()


async def lanes(tab: Tab) -> None:
    await tab.page.locator("#keys form button").click()
    await tab.reload()
    await tab.ask("/compare a b")
    asked = tab.house.bot.heard[-1]
    await tab.house.web.send(asked.channel, OutgoingPost(text="Another answer", reply_to=asked.id))
    votes = tuple(Button(label, f"/vote 1 {n}") for n, label in enumerate(("A", "B", "Both", "Neither")))
    await tab.house.web.send(asked.channel, OutgoingPost(text="Which is better?", reply_to=asked.id, buttons=votes))
    await expect(tab.page.locator(".votes .actions")).to_be_visible()
    await expect(tab.page.locator(".lanes .post")).to_have_count(2)


STATES: list[Callable[[Tab], Awaitable[None]]] = [
    empty, growing, talk, draft, trouble, commands, models, no_model, photo, part, compared,
    side, nothing_found, deletion, settings, keys, lanes,
]  # fmt: skip
Scheme = Literal["light", "dark"]
FACES: list[tuple[int, Scheme, dict[str, list[str]]]] = [
    (360, "light", {}),
    (360, "dark", {"runOnly": ["color-contrast"]}),  # nothing else comes of other colours
    (1280, "dark", {}),
    (1280, "light", {"runOnly": ["color-contrast"]}),
]
VIOLATIONS = """async (options) => (await axe.run(options)).violations.map(({ id, nodes }) =>
  `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" ")}`)"""


async def violations(page: Page, options: dict[str, list[str]]) -> list[str]:
    """Return the faults that axe-core finds in the page as it is."""
    if await page.evaluate("globalThis.axe === undefined"):
        await page.evaluate(AXE)
    found: list[str] = await page.evaluate(VIOLATIONS, options)
    return found


@pytest.mark.timeout(300)
@pytest.mark.parametrize("locale", ["en", "fa"])
async def test_nothing_is_wrong_in_any_state(browser: Browser, tmp_path: Path, locale: str) -> None:
    """Narrow and wide, light and dark, in both directions of writing."""
    narrow = ViewportSize(width=360, height=700)
    found = []
    async with (
        House.open(tmp_path) as house,
        tab_of(browser, house, viewport=narrow, reduced_motion="reduce", locale=locale) as tab,
    ):
        for state in STATES:
            await state(tab)
            for width, scheme, options in FACES:
                await tab.page.set_viewport_size({"width": width, "height": 700})
                await tab.page.emulate_media(color_scheme=scheme)
                place = f"{state.__name__}, {width} px, {scheme}"
                found += [f"{place}: {violation}" for violation in await violations(tab.page, options)]
                if await tab.overflows():
                    found.append(f"{place}: it is wider than the screen")
            await tab.page.set_viewport_size(narrow)
    assert not found, "\n".join(found)

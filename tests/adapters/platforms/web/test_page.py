"""The page as people meet it, in a real browser."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, Route, expect

from adapters.platforms.web.post_elements import post_elements
from bot.messages import Button, File, OutgoingPost
from tests.adapters.platforms.web.conftest import STOP, House, recording
from tests.adapters.platforms.web.tab import Tab, tab_of
from tests.conftest import PHOTOS

pytestmark = pytest.mark.asyncio(loop_scope="module")

POEM = """## A ginger cat

The photo shows **Chelsea**, a *ginger tabby*, 2*3*4 and snake_case_name.

1. Green eyes
2. Long whiskers
   - on both sides

| Detail | Sure? |
|---|---|
| Collar | no |

> Absolute emotional honesty

```python
print("<b>purr</b>")
```

See https://example.org/cats. Or [this](https://example.org/a_(b)), not [that](javascript:alert(1)).
<img src=x onerror="document.title='hacked'"> and `<code>`"""

NAMES_OF_FOCUS = """() => {
  const { id, className, textContent } = document.activeElement;
  return id || className || textContent;
}"""

WITHOUT_NAME = """() => [...document.querySelectorAll("button, a, input, select, textarea, img, main, form, nav")]
  .filter((node) => {
    if (node.localName === "img") return !node.hasAttribute("alt");
    const labelled = (node.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id));
    const names = [node.getAttribute("aria-label"), ...[...(node.labels ?? []), ...labelled].map((n) => n?.textContent),
      ["button", "a"].includes(node.localName) ? node.textContent + (node.querySelector("img")?.alt ?? "") : ""];
    const needsNone = node.localName === "form" && node.closest("dialog");
    return !needsNone && !names.some((name) => name?.trim());
  })
  .map((node) => node.outerHTML)"""


@pytest_asyncio.fixture(loop_scope="module")
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House.open(tmp_path / "web", banner="Sandbox: answers come from this machine.") as house:
        house.bot.answers |= {
            "a poem": POEM,
            "break": "⚠️ The provider is having trouble on its side (error 503).",
            "long": "\n\n".join(f"Paragraph {n} of a long answer." for n in range(60)),
        }
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def tab(browser: Browser, house: House) -> AsyncIterator[Tab]:
    async with tab_of(browser, house) as tab:
        await tab.open()
        yield tab


async def test_an_empty_channel_invites(tab: Tab) -> None:
    await expect(tab.page.get_by_role("heading", name="Talk about your photos")).to_be_visible()
    await expect(tab.page.get_by_role("note")).to_have_text("Sandbox: answers come from this machine.")
    examples = tab.page.get_by_role("list", name="Questions to start with").get_by_role("button")
    await expect(examples).to_have_count(3)
    await examples.first.click()
    await expect(tab.box).to_have_value("What do you see in this photo?")
    await expect(tab.box).to_be_focused()
    await tab.box.press("Enter")
    await expect(tab.page.locator("#empty")).to_be_hidden()


async def test_photos_are_picked_dropped_and_pasted(tab: Tab) -> None:
    await tab.pick("cat.jpg", "astronaut.webp")
    await tab.give("dragover", "#transcript", ("coffee.png", "image/png"))
    await expect(tab.page.locator("#drop")).to_be_visible()
    await tab.give("drop", "#transcript", ("coffee.png", "image/png"))
    await expect(tab.page.locator("#drop")).to_be_hidden()
    await tab.give("paste", "#text", ("rocket.jpg", "image/jpeg"))
    await expect(tab.page.locator("#photos .uploaded img")).to_have_count(4)
    await tab.page.get_by_role("button", name="Remove coffee.png").click()
    await expect(tab.draft).to_have_count(3)
    await tab.ask("what do they share?")
    await expect(tab.draft).to_have_count(0)
    await expect(tab.box).to_have_value("")
    thumbs = tab.messages.get_by_role("img")
    names = [await thumb.get_attribute("alt") for thumb in await thumbs.all()]
    assert names == ["cat.jpg", "astronaut.webp", "rocket.jpg"]
    assert tab.house.bot.photos == [(PHOTOS / name).read_bytes() for name in names if name]


async def test_a_photo_says_enough_without_words(tab: Tab) -> None:
    await tab.pick("cat.jpg")
    await tab.page.get_by_role("button", name="Send").click()
    await expect(tab.posts).to_have_text(["You said '' and showed cat.jpg."])


async def test_photos_a_browser_cannot_show_are_shown_cleaned_or_get_a_tile(tab: Tab) -> None:
    await tab.pick("cat.heic", "bomb-20000x20000.png")
    await expect(tab.page.locator("#photos .uploaded img")).to_have_count(1)
    await tab.ask("and these?")
    thumb = tab.messages.get_by_role("img", name="cat.heic")
    assert await thumb.evaluate("(img) => img.decode().then(() => img.naturalWidth)") == 300
    await expect(tab.messages.locator(".tile")).to_have_text(["PNGbomb-20000x20000.png"])
    assert [photo.name for photo in tab.house.bot.heard[0].attachments] == ["cat.heic", "bomb-20000x20000.png"]


async def test_a_thumbnail_opens_and_escape_closes_it(tab: Tab) -> None:
    await tab.pick("cat.jpg")
    await tab.ask("what is this?")
    thumb = tab.page.get_by_role("button", name="cat.jpg", exact=True)
    await thumb.click()
    dialog = tab.page.get_by_role("dialog", name="cat.jpg")
    await expect(dialog.get_by_role("img")).to_be_visible()
    assert await dialog.get_by_role("img").evaluate("(img) => img.decode().then(() => img.naturalWidth)") == 451
    await tab.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(thumb).to_be_focused()
    await thumb.click()
    await dialog.get_by_role("button", name="Close").click()
    await expect(dialog).to_be_hidden()


async def test_an_answer_grows_and_questions_can_be_asked_meanwhile(tab: Tab) -> None:
    tab.house.bot.halfway.clear()
    await tab.say("first")
    growing = tab.page.locator(".growing .body")
    await expect(growing).to_contain_text("You said 'first'")
    await expect(growing).not_to_contain_text("nothing")
    await tab.say("second")
    await expect(tab.messages).to_have_count(2)
    tab.house.bot.halfway.set()
    await expect(tab.posts).to_have_text(
        ["You said 'first' and showed nothing.", "You said 'second' and showed nothing."]
    )
    await expect(growing).to_have_count(0)
    await expect(tab.page.locator("#typing")).to_be_hidden()


async def test_below_a_photo_without_words_there_is_what_can_be_done_with_it(tab: Tab) -> None:
    await tab.pick("cat.jpg")
    await tab.page.get_by_role("button", name="Send").click()
    actions = tab.page.get_by_role("group", name="What to do with this answer")
    await expect(actions.get_by_role("button")).to_have_text(["Describe", "Read text", "Translate"])
    tab.house.bot.halfway.clear()
    await actions.get_by_role("button", name="Read text").click()
    chip = tab.page.locator(".command.pressed .said")
    await expect(chip).to_have_text("Read text")
    await expect(tab.messages).to_have_count(1)
    await expect(tab.page.locator(".replied")).to_have_count(0)
    await expect(tab.posts).to_have_count(2)
    await expect(actions.first.get_by_role("button", name="Read text")).to_be_disabled()
    await expect(actions.first.get_by_role("button", name="Describe")).to_be_enabled()
    await actions.first.get_by_role("button", name="Read text").click(force=True)
    tab.house.bot.halfway.set()
    await expect(actions.first.get_by_role("button", name="Read text")).to_be_enabled()
    heard = tab.house.bot.heard
    assert [(message.text, bool(message.about)) for message in heard] == [("", False), ("/read", True)]
    await tab.page.reload()
    await expect(chip).to_have_text("Read text")
    await expect(actions.get_by_role("button")).to_have_text(["Describe", "Read text", "Translate"])


async def test_an_answer_that_grows_can_be_stopped_and_does_not_lose_the_focus(tab: Tab) -> None:
    tab.house.bot.halfway.clear()
    await tab.say("go on for ever")
    stop = tab.page.get_by_role("button", name="Stop")
    await stop.focus()
    await tab.page.keyboard.press("Enter")
    await expect(stop).to_be_disabled()
    await expect(stop).to_be_focused()
    first = tab.house.bot.heard[0]
    growing = await tab.page.locator(".growing").get_attribute("data-id")
    await tab.house.web.edit(first.channel, growing or "", OutgoingPost(text="You said a bit more ▌", buttons=STOP))
    await expect(tab.posts.first).to_contain_text("a bit more")
    await expect(stop).to_be_disabled()
    await expect(stop).to_be_focused()
    await tab.house.web.edit(first.channel, growing or "", OutgoingPost(text="You said enough."))
    await expect(stop).to_have_count(0)
    await expect(tab.box).to_be_focused()
    assert tab.house.bot.texts == ["go on for ever", "/stop"]


async def test_a_press_may_change_the_answer_where_it_stands(tab: Tab, lobby: Any) -> None:
    for task in tab.house.tasks[1:]:
        task.cancel()
    post = await tab.house.web.send(
        lobby, OutgoingPost(text="Footer: off", buttons=(Button("Model", "/m"), Button("On", "/footer on")))
    )
    await tab.page.get_by_role("button", name="On", exact=True).click()
    await expect(tab.page.get_by_role("button", name="On", exact=True)).to_be_disabled()
    await tab.house.web.edit(
        lobby, post, OutgoingPost(text="Footer: on", buttons=(Button("Model", "/m"), Button("Off", "/footer off")))
    )
    await expect(tab.page.get_by_role("button", name="Off", exact=True)).to_be_focused()
    await expect(tab.page.get_by_role("button", name="Off", exact=True)).to_be_enabled()
    await expect(tab.posts).to_have_text(["Footer: on"])


async def test_a_press_that_only_changes_an_answer_leaves_no_line_behind(tab: Tab, lobby: Any) -> None:
    for task in tab.house.tasks[1:]:
        task.cancel()
    web, chips = tab.house.web, tab.page.locator(".pressed:visible .said")
    turn, explain = Button("3/3 ▶", "/version 7 1"), Button("Explain", "/explain")
    post = await web.send(lobby, OutgoingPost(text="the third answer", buttons=(turn, explain)))
    await tab.page.get_by_role("button", name="3/3").click()
    await expect(tab.page.get_by_role("button", name="3/3")).to_be_disabled()
    turned = await asyncio.wait_for(tab.house.bot.questions.get(), 30)
    await web.edit(lobby, post, OutgoingPost(text="the first answer", buttons=(explain,)))
    await expect(tab.posts).to_have_text(["the first answer"])
    await expect(chips).to_have_count(0)
    await tab.page.get_by_role("button", name="Explain").click()
    asked = await asyncio.wait_for(tab.house.bot.questions.get(), 30)
    await web.send(lobby, OutgoingPost(text="an explanation", reply_to=asked.id))
    for _ in range(2):
        await expect(chips).to_have_text(["Explain"])
        await expect(tab.page.locator(".replied")).to_have_count(0)
        await tab.page.reload()
        await expect(tab.posts).to_have_text(["the first answer", "an explanation"])
    assert [turned.text, asked.text] == ["/version 7 1", "/explain"]


async def test_a_press_that_does_not_get_through_can_be_made_again(tab: Tab, lobby: Any) -> None:
    await tab.house.web.send(lobby, OutgoingPost(text="here", buttons=(Button("Again", "/retry 7"),)))
    await tab.page.route("**/messages", lambda route: route.abort())
    again = tab.page.get_by_role("button", name="Again")
    await again.click()
    await expect(tab.problem).to_contain_text("Snapthread cannot be reached.")
    await tab.page.unroute("**/messages")
    await again.click()
    await expect(tab.problem).to_be_empty()
    await expect(tab.page.locator(".post:not(.growing)")).to_have_count(2)
    await expect(again).to_be_enabled()
    assert tab.house.bot.texts == ["/retry 7"]


async def test_files_of_an_answer_are_shown_or_saved(tab: Tab, lobby: Any) -> None:
    chart = File(name="usage.png", mime="image/png", data=(PHOTOS / "coffee.png").read_bytes())
    await tab.house.web.send(
        lobby,
        OutgoingPost(
            text="Your use.", files=(chart, File(name="export.zip", mime="application/zip", data=b"PK" * 1000))
        ),
    )
    await tab.page.get_by_role("button", name="usage.png").click()
    await expect(tab.page.get_by_role("dialog", name="usage.png").get_by_role("img")).to_be_visible()
    await tab.page.keyboard.press("Escape")
    link = tab.page.get_by_role("link", name="export.zip")
    await expect(link).to_have_text("ZIPexport.zip2 kB")
    async with tab.page.expect_download() as saving:
        await link.click()
    saved = await saving.value
    assert saved.suggested_filename == "export.zip"
    assert (await saved.path()).read_bytes() == b"PK" * 1000


async def test_files_of_different_kinds_do_not_lie_over_each_other(tab: Tab, lobby: Any) -> None:
    coffee = (PHOTOS / "coffee.png").read_bytes()
    files = (
        File(name="a.png", mime="image/png", data=coffee),
        File(name="a.wav", mime="audio/wav", data=recording()),
        File(name="export.zip", mime="application/zip", data=b"PK"),
    )
    await tab.house.web.send(lobby, OutgoingPost(text="Here.", files=files))
    await expect(tab.page.locator(".post .file")).to_contain_text("2 bytes")
    for width in (360, 1280):
        await tab.page.set_viewport_size({"width": width, "height": 700})
        boxes = [await each.bounding_box() for each in await tab.page.locator(".post .thumbs > li > *").all()]
        ends = [0.0]
        for box in boxes:
            assert box is not None
            assert box["y"] >= ends[-1]
            assert box["x"] + box["width"] <= width
            ends.append(box["y"] + box["height"])


async def test_a_picture_of_an_answer_says_what_it_shows(tab: Tab, lobby: Any) -> None:
    picture = File(
        name="1.png", mime="image/png", data=(PHOTOS / "coffee.png").read_bytes(), about="a cup of coffee on a table"
    )
    await tab.house.web.send(lobby, OutgoingPost(text="Here it is.", files=(picture,)))
    await tab.page.get_by_role("button", name="a cup of coffee on a table").click()
    opened = tab.page.get_by_role("dialog", name="1.png").get_by_role("img")
    await expect(opened).to_have_attribute("alt", "a cup of coffee on a table")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_an_answer_can_be_listened_to(browser: Browser, house: House, lobby: Any, scheme: Any) -> None:
    async with tab_of(browser, house, color_scheme=scheme, viewport={"width": 360, "height": 640}) as tab:
        await tab.open()
        await house.web.send(
            lobby, OutgoingPost(text="🔊", files=(File(name="answer.wav", mime="audio/wav", data=recording()),))
        )
        player = tab.page.get_by_label("answer.wav")
        await expect(player).to_be_visible()
        await expect(player).to_have_js_property("duration", 0.5)  # the browser may load it, and can read it
        assert await player.evaluate("(audio) => audio.controls && getComputedStyle(audio).colorScheme") == "light dark"
        await player.evaluate("(audio) => audio.play()")
        await expect(player).to_have_js_property("ended", True)
        assert not await tab.overflows()


async def test_recordings_and_documents_are_sent_like_photos(tab: Tab, tmp_path: Path) -> None:
    (tmp_path / "memo.wav").write_bytes(recording())
    (tmp_path / "bill.pdf").write_bytes(b"%PDF-1.7")
    accepted = (await tab.page.locator("#files").get_attribute("accept") or "").split(",")
    assert {"image/*", "audio/*", ".pdf", ".docx", ".txt", ".md", ".csv"} <= set(accepted)
    await tab.page.set_input_files("#files", [tmp_path / "memo.wav", tmp_path / "bill.pdf"])
    await expect(tab.draft).to_have_text([re.compile("WAVmemo.wav"), re.compile("PDFbill.pdf")])
    await expect(tab.page.locator("#photos .uploaded")).to_have_count(2)
    await expect(tab.draft.locator("img")).to_have_count(0)
    await tab.ask("what is this?")
    await expect(tab.messages.get_by_label("memo.wav")).to_have_js_property("duration", 0.5)
    await expect(tab.messages.locator(".tile")).to_have_text("PDFbill.pdf")
    [heard] = tab.house.bot.heard
    assert ([each.name for each in heard.sounds], [each.name for each in heard.photos]) == (["memo.wav"], ["bill.pdf"])


async def test_the_browsers_language_comes_along_with_every_message(browser: Browser, house: House) -> None:
    async with tab_of(browser, house, locale="de-CH") as tab:
        await tab.open()
        await tab.ask("grüezi")
    assert house.bot.heard[0].language == "de-CH"


async def test_the_page_speaks_the_language_of_the_browser(browser: Browser, house: House) -> None:
    async with tab_of(browser, house, locale="de-AT") as tab:
        await tab.open()
        page = tab.page
        assert await page.evaluate("document.documentElement.lang") == "de"
        await expect(page.get_by_role("heading", name="Sprich über deine Fotos")).to_be_visible()
        await expect(page.get_by_role("textbox", name="Nachricht")).to_have_attribute(
            "placeholder", "Frag etwas zu deinen Fotos…"
        )
        await expect(page.get_by_role("button", name="Modell, das antwortet")).to_contain_text("GPT-4o 👁, sieht Fotos")
        await tab.pick("cat.jpg")
        await expect(page.get_by_role("button", name="cat.jpg entfernen")).to_be_visible()
        await tab.ask("was ist das?")
        await expect(page.get_by_role("button", name="Antwort kopieren")).to_be_visible()
        await expect(tab.messages.locator(".unseen")).to_have_text("Du hast gesagt:")
        await page.set_input_files(
            "#files", [FilePayload(name="big.jpg", mimeType="image/jpeg", buffer=bytes(3 << 20))]
        )
        await expect(tab.problem).to_have_text("big.jpg ist größer als 2 MB.")
        await tab.say("x" * 100_001)
        await expect(tab.problem).to_have_text("Das ist zu lang: Höchstens 100.000 Zeichen sind möglich.")


@pytest.mark.parametrize("locale", ["de", "es", "hi", "ru", "zh-CN", "pt-PT", "fr", "uk", "ja", "fa"])
async def test_the_page_fits_a_phone_in_every_language(browser: Browser, house: House, locale: str) -> None:
    async with tab_of(browser, house, locale=locale, viewport={"width": 360, "height": 640}) as tab:
        await tab.open()
        assert not await tab.overflows()
        await tab.pick("cat.jpg")
        await tab.ask("?")
        assert not await tab.overflows()
        assert await tab.page.evaluate(WITHOUT_NAME) == []


async def test_the_page_runs_from_right_to_left_for_who_reads_so(browser: Browser, house: House) -> None:
    async with tab_of(browser, house, locale="fa-IR") as tab:
        await tab.open()
        assert await tab.page.evaluate(
            "[document.documentElement.lang, getComputedStyle(document.body).direction]"
        ) == [
            "fa",
            "rtl",
        ]
        await tab.pick("cat.jpg")
        await tab.ask("a poem")
        right = "(node) => getComputedStyle(node).textAlign"
        assert await tab.posts.first.locator("p").first.evaluate(right) == "start"
        assert not await tab.overflows()


async def test_an_answer_that_comes_late_names_its_question(tab: Tab) -> None:
    for task in tab.house.tasks[1:]:
        task.cancel()
    for text in ("one", "two"):
        await tab.say(text)
        await expect(tab.messages.last).to_contain_text(text)
    first = tab.house.bot.heard[0]
    await tab.house.web.send(first.channel, OutgoingPost(text="about one", reply_to=first.id))
    await expect(tab.page.locator(".replied")).to_have_text("In reply to:one")


async def test_typing_is_shown_before_the_first_words(tab: Tab, lobby: Any) -> None:
    async with tab.house.web.typing(lobby):
        await expect(tab.page.locator("#typing")).to_be_visible()
    await expect(tab.page.locator("#typing")).to_be_hidden()


async def test_markdown_is_shown_and_markup_is_not_run(tab: Tab) -> None:
    await tab.ask("a poem")
    body = tab.posts.first
    await expect(body.locator("h4")).to_have_text("A ginger cat")
    await expect(body.locator("strong")).to_have_text("Chelsea")
    await expect(body.locator("em")).to_have_text(["ginger tabby"])
    await expect(body.locator("ol > li")).to_have_count(2)
    await expect(body.locator("ol ul > li")).to_have_text("on both sides")
    await expect(body.locator("td")).to_have_text(["Collar", "no"])
    await expect(body.locator("blockquote")).to_have_text("Absolute emotional honesty")
    await expect(body.locator("pre")).to_have_text('print("<b>purr</b>")')
    links = [(await a.get_attribute("href"), await a.get_attribute("rel")) for a in await body.locator("a").all()]
    assert links == [
        ("https://example.org/cats", "noopener noreferrer"),
        ("https://example.org/a_(b)", "noopener noreferrer"),
    ]
    await expect(body).to_contain_text("snake_case_name")
    await expect(body).to_contain_text("not [that](javascript:alert(1)).")
    await expect(body).to_contain_text("<img src=x onerror=")
    assert await body.locator("img, script").count() == 0
    assert await tab.page.title() == "Snapthread"


async def test_formulas_code_and_scripts_of_both_directions_look_as_they_should(tab: Tab, lobby: Any) -> None:
    await tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    text = "so $\\frac{1}{2}$\n\nهذا نص عربي\n\n```python\ndef purr():\n    pass\n```\n\n| a |\n|--:|\n| 1<br>2 |"
    post = await tab.house.web.send(lobby, OutgoingPost(text=f"{text} ▌", is_partial=True))
    body = tab.posts.last
    await expect(body.locator("pre .keyword").first).to_have_text("def")
    await expect(body.locator(".codebar")).to_have_count(0)
    await tab.house.web.edit(lobby, post, OutgoingPost(text=text))
    await expect(body.locator(".codebar")).to_have_text("pythonCopyCopy code")
    await body.get_by_role("button", name="Copy code").click()
    assert await tab.page.evaluate("navigator.clipboard.readText()") == "def purr():\n    pass"
    await expect(tab.page.get_by_role("log")).to_contain_text("so 1/2")
    await expect(tab.page.get_by_role("log")).not_to_contain_text("Copy")
    fraction = body.locator("math mfrac")
    assert await fraction.evaluate("(node) => [node.namespaceURI, node.clientHeight > 20]") == [
        "http://www.w3.org/1998/Math/MathML",
        True,
    ]
    direction = "(node) => getComputedStyle(node).direction"
    assert [await p.evaluate(direction) for p in await body.locator("p").all()] == ["ltr", "rtl"]
    await expect(body.locator("td")).to_have_css("text-align", "right")
    await expect(body.locator("td br")).to_have_count(1)


LINK = '<a href="https://e.org/x" target="_blank" rel="noopener noreferrer">'
RENDERED = {
    "a\nb": "<p>a<br>b</p>",
    "# one\ntwo": "<h3>one</h3><p>two</p>",
    "- a\n- b\n\nc": "<ul><li>a</li><li>b</li></ul><p>c</p>",
    "- a\n\n- b": "<ul><li>a</li><li>b</li></ul>",
    "3. a\n4. b": '<ol start="3"><li>a</li><li>b</li></ol>',
    "a\n- b": "<p>a</p><ul><li>b</li></ul>",
    "1. a\n\n   more\n2. b": '<ol start="1"><li>a<p>more</p></li><li>b</li></ol>',
    "***both***": "<p><em><strong>both</strong></em></p>",
    "**a** and **b**": "<p><strong>a</strong> and <strong>b</strong></p>",
    "**unclosed": "<p>**unclosed</p>",
    "``a ` b``": "<p><code>a ` b</code></p>",
    "`**raw**`": "<p><code>**raw**</code></p>",
    r"\*plain\*": "<p>*plain*</p>",
    "```\nopen": '<pre tabindex="0"><code>open</code></pre>',
    "---": "<hr>",
    "~~old~~ *new*": "<p><s>old</s> <em>new</em></p>",
    "![alt](https://e.org/x)": '<p><a href="https://e.org/x" target="_blank" rel="noopener noreferrer">alt</a></p>',
    "2*3*4": "<p>2*3*4</p>",
    "**a *b* c** *d **e** f*": "<p><strong>a <em>b</em> c</strong> <em>d <strong>e</strong> f</em></p>",
    "[*a* b](https://e.org/x)": f"<p>{LINK}<em>a</em> b</a></p>",
    "[https://bank.example/login](https://e.org/x)": f"<p>{LINK}https://bank.example/login (e.org)</a></p>",
    "[docs.e.org](https://e.org/x)": f"<p>{LINK}docs.e.org</a></p>",
    "# C# ##": "<h3>C#</h3>",
    "5 > 3 & 2 < 4": "<p>5 &gt; 3 &amp; 2 &lt; 4</p>",
    "⚠️ Careful": '<p class="notice">Careful</p>',
    "ends in a bar |\nso": "<p>ends in a bar |<br>so</p>",
    "": "",
}

RENDER = """async (trees) => {
  const { render } = await import("/static/markdown.js");
  return trees.map((tree) => {
    const place = document.createElement("div");
    render(tree, place);
    return place.innerHTML;
  });
}"""


async def test_the_renderer_in_detail(tab: Tab) -> None:
    shown = await tab.page.evaluate(RENDER, list(map(post_elements, RENDERED)))
    assert dict(zip(RENDERED, shown, strict=True)) == RENDERED


@pytest.mark.parametrize(
    ("tree", "shown"),
    [
        ([["script", "alert(1)"], ["p", "a"]], "<p>a</p>"),
        ([["p", {"onclick": "alert(1)", "class": "notice", "style": "x"}, "a"]], '<p class="notice">a</p>'),
        ([["p", ["a", {"href": "javascript:alert(1)"}, "a"]]], "<p><a>a</a></p>"),
        ([["p", "<b>a</b>"]], "<p>&lt;b&gt;a&lt;/b&gt;</p>"),
        ("no tree", "<p>no tree</p>"),
    ],
)
async def test_only_elements_and_attributes_that_are_listed_are_made(tab: Tab, tree: object, shown: str) -> None:
    assert await tab.page.evaluate(RENDER, [tree]) == [shown]


async def test_an_answer_that_cannot_be_rendered_is_still_shown(tab: Tab, lobby: Any) -> None:
    for text in ("> " * 40_000 + "deep", "*_`[" * 20_000 + "wide"):
        await tab.house.web.send(lobby, OutgoingPost(text=text))
        await expect(tab.posts.last).to_contain_text(text[-4:], timeout=30_000)


async def test_an_error_is_a_notice(tab: Tab) -> None:
    await tab.ask("break")
    await expect(tab.page.locator(".notice")).to_have_text("The provider is having trouble on its side (error 503).")


async def test_a_file_that_is_too_large_is_left_out_with_a_sentence(tab: Tab) -> None:
    big: FilePayload = {"name": "big.jpg", "mimeType": "image/jpeg", "buffer": bytes(3 * 1024 * 1024)}
    await tab.page.set_input_files("#files", [big])
    await expect(tab.problem).to_have_text("big.jpg is larger than 2 MB.")
    await expect(tab.draft).to_have_count(0)


async def test_eleven_photos_are_one_too_many(tab: Tab) -> None:
    await tab.pick(*["cat.jpg"] * 11)
    await expect(tab.draft).to_have_count(10)
    await expect(tab.problem).to_have_text("10 photos go into one message; cat.jpg was left out.")


async def test_what_could_not_be_sent_stays_and_is_sent_once(tab: Tab) -> None:
    async def heard_but_not_answered(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await tab.page.route("**/messages", heard_but_not_answered)
    await tab.pick("cat.jpg")
    await tab.say("did you get this?")
    await expect(tab.problem).to_contain_text("Snapthread cannot be reached.")
    await expect(tab.box).to_have_value("did you get this?")
    await expect(tab.draft).to_have_count(1)
    await tab.page.unroute("**/messages")
    await tab.box.press("Enter")
    await expect(tab.box).to_have_value("")
    await expect(tab.problem).to_be_empty()
    await expect(tab.messages).to_have_count(1)
    assert tab.house.bot.texts == ["did you get this?"]


async def test_a_photo_that_broke_off_is_uploaded_again(tab: Tab) -> None:
    await tab.page.route("**/uploads?*", lambda route: route.abort())
    await tab.pick("cat.jpg")
    await expect(tab.problem).to_have_text("cat.jpg: the upload broke off. Send again, or remove it.")
    await tab.say("see?")
    await expect(tab.problem).to_have_text("Nothing was sent. cat.jpg: the upload broke off. Send again, or remove it.")
    assert tab.house.bot.heard == []
    await tab.page.unroute("**/uploads?*")
    await tab.box.press("Enter")
    await expect(tab.posts).to_have_text(["You said 'see?' and showed cat.jpg."])


async def test_two_tabs_see_the_same_channel_and_a_third_another(tab: Tab, browser: Browser, house: House) -> None:
    async with tab_of(browser, house) as twin, tab_of(browser, house) as stranger:
        await twin.open()
        await stranger.open("elsewhere")
        await tab.pick("cat.jpg")
        await tab.ask("hello")
        await expect(twin.posts).to_have_text(["You said 'hello' and showed cat.jpg."])
        await expect(twin.messages.get_by_role("img")).to_have_count(1)
        await stranger.ask("only mine")
        await expect(stranger.messages).to_have_count(1)
        await expect(twin.messages).to_have_count(1)


async def test_what_is_forgotten_disappears_from_every_tab(
    tab: Tab, browser: Browser, house: House, lobby: Any
) -> None:
    async with tab_of(browser, house) as twin, tab_of(browser, house) as stranger:
        await twin.open()
        await stranger.open("elsewhere")
        await stranger.ask("only mine")
        await tab.pick("cat.jpg")
        await tab.ask("what is this?")
        for task in house.tasks:
            task.cancel()
        await tab.say("not heard yet")
        await house.web.send(lobby, OutgoingPost(text="Sure?", buttons=(Button("Yes, delete it", "/forget yes"),)))
        await tab.page.get_by_role("button", name="Yes, delete it").click()
        await expect(tab.page.get_by_role("button", name="Yes, delete it")).to_be_disabled()
        await twin.page.get_by_role("button", name="cat.jpg", exact=True).click()
        photo = await twin.page.get_by_role("dialog").get_by_role("img").get_attribute("src")
        await house.web.forget(lobby)
        for each in (tab, twin):
            await expect(each.posts).to_have_count(0)
            await expect(each.messages.locator(".said")).to_have_text(["not heard yet"])
            await expect(each.page.get_by_role("dialog")).to_have_count(0)
            await expect(each.page.get_by_role("log")).to_be_empty()
        await house.web.send(lobby, OutgoingPost(text="Forgotten."))
        for each in (tab, twin):
            await expect(each.posts).to_have_text(["Forgotten."])
        await tab.page.reload()
        await expect(tab.posts).to_have_text(["Forgotten."])
        await expect(stranger.posts).to_have_count(1)
        async with house.visitor.http.get(photo or "") as response:
            assert response.status == 404


async def test_a_forgotten_channel_invites_again(tab: Tab, lobby: Any) -> None:
    await tab.ask("hello")
    async with asyncio.timeout(30):
        while await tab.house.web.journal.list_unreceived():
            await asyncio.sleep(0.01)
    await tab.house.web.forget(lobby)
    await expect(tab.posts).to_have_count(0)
    await expect(tab.page.get_by_role("heading", name="Talk about your photos")).to_be_visible()
    await tab.ask("and again")
    await expect(tab.page.locator("#empty")).to_be_hidden()


async def test_a_reload_shows_what_was_said(tab: Tab) -> None:
    await tab.pick("cat.jpg")
    await tab.ask("remember this")
    await tab.page.reload()
    await expect(tab.messages).to_contain_text(["remember this"])
    await expect(tab.messages.get_by_role("img", name="cat.jpg")).to_be_visible()
    await expect(tab.posts).to_have_text(["You said 'remember this' and showed cat.jpg."])


async def test_the_page_comes_back_after_the_server_was_away(browser: Browser, tmp_path: Path) -> None:
    async with House.open(tmp_path) as house, tab_of(browser, house) as tab:
        await tab.open()
        await tab.ask("before")
        port = house.server.port
        await house.server.__aexit__()
        connection = tab.page.locator("#connection")
        await expect(connection).to_have_text("The connection is lost. Trying to get it back…")
        await tab.say("while you were away")
        await expect(tab.problem).to_contain_text("Snapthread cannot be reached.")
        async with House.open(tmp_path, port=port) as again:
            await expect(connection).to_be_empty()
            await tab.box.press("Enter")
            await expect(tab.posts).to_have_count(2)
            assert again.bot.texts == ["while you were away"]


FROM_BOTTOM = "(main) => main.scrollHeight - main.scrollTop - main.clientHeight"

# Scroll events wait for the next frame: what comes in the same moment has grown below them.
SHRINK_AND_GROW = """async (main) => {
  const { text } = Object.fromEntries([...document.querySelectorAll("[id]")].map((node) => [node.id, node]));
  const frame = () => new Promise(requestAnimationFrame);
  text.style.height = "200px";
  await frame(); await frame();
  await new Promise((done) => setTimeout(done)); // between two frames, as events of the server are
  text.style.height = "auto";
  void main.scrollTop; // the transcript has more room, and is scrolled for it
  const post = document.querySelector(".post").cloneNode(true);
  post.style.height = "900px";
  document.querySelector("#entries").append(post);
  await frame(); await frame(); await frame();
}"""


async def at_bottom(tab: Tab) -> None:
    transcript = tab.page.get_by_role("main")
    async with asyncio.timeout(30):
        while await transcript.evaluate(FROM_BOTTOM) >= 2:
            await asyncio.sleep(0.02)


async def test_an_answer_that_comes_at_once_is_scrolled_to(tab: Tab) -> None:
    await tab.ask("long")
    await at_bottom(tab)
    for _ in range(3):
        await tab.page.get_by_role("main").evaluate(SHRINK_AND_GROW)
        await at_bottom(tab)
        await expect(tab.page.locator("#down")).to_be_hidden()


async def test_a_reader_may_leave_an_answer_that_grows(tab: Tab, lobby: Any) -> None:
    await tab.ask("long")
    await at_bottom(tab)
    post, text = await tab.house.web.send(lobby, OutgoingPost(text="more ▌", is_partial=True)), "more"
    down = tab.page.locator("#down")
    await tab.page.get_by_role("main").hover()
    for n in range(40):
        text += f"\n\nparagraph {n}"
        await tab.house.web.edit(lobby, post, OutgoingPost(text=f"{text} ▌", is_partial=True))
        if n >= 10 and await down.is_hidden():
            await tab.page.mouse.wheel(0, -400)
        await asyncio.sleep(0.02)
    await expect(down).to_be_visible()
    await down.click()
    await at_bottom(tab)


async def test_a_reader_up_in_the_transcript_stays_there(tab: Tab) -> None:
    await tab.ask("long")
    transcript = tab.page.get_by_role("main")
    down = tab.page.get_by_role("button", name="Jump to the newest")
    await at_bottom(tab)
    await transcript.evaluate("(main) => { main.scrollTop = 0; }")
    await expect(down).to_be_visible()
    await tab.house.web.send(tab.house.bot.heard[0].channel, OutgoingPost(text="something new"))
    await expect(tab.posts).to_have_count(2)
    assert await transcript.evaluate("(main) => main.scrollTop") == 0
    await down.click()
    await expect(down).to_be_hidden()
    assert await transcript.evaluate(FROM_BOTTOM) < 2


async def test_an_answer_is_copied_as_it_was_written(tab: Tab) -> None:
    await tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await tab.ask("a poem")
    await tab.page.get_by_role("button", name="Copy answer").click()
    await expect(tab.page.get_by_role("button", name="Copied")).to_be_visible()
    assert await tab.page.evaluate("navigator.clipboard.readText()") == POEM


async def test_everything_works_from_the_keyboard(tab: Tab) -> None:
    keys = tab.page.keyboard
    await expect(tab.box).to_be_focused()
    await keys.type("one line")
    await keys.press("Shift+Enter")
    await keys.type("and another")
    assert await tab.box.evaluate("(box) => box.clientHeight") > 50
    await keys.press("Enter")
    await expect(tab.messages).to_contain_text(["one line\nand another"])
    await expect(tab.box).to_be_focused()
    await tab.house.web.send(
        tab.house.bot.heard[0].channel, OutgoingPost(text="more", buttons=(Button("Read text", "/read"),))
    )
    await expect(tab.page.get_by_role("button", name="Read text")).to_be_visible()
    await expect(tab.page.locator("#conversations .open")).to_have_text(["one line and another"])
    await tab.page.get_by_role("link", name="Skip to the message box").focus()
    reached = []
    for _ in range(14):
        await keys.press("Tab")
        reached.append(await tab.page.evaluate(NAMES_OF_FOCUS))
    wanted = [
        "find",
        "open",
        "rename",
        "delete",
        "model",
        "new",
        "transcript",
        "copy",
        "Read text",
        "copy",
        "pick",
        "text",
    ]
    assert [name for name in reached if name in wanted] == wanted


async def test_a_screen_reader_hears_whole_answers_once(tab: Tab) -> None:
    log = tab.page.get_by_role("log")
    tab.house.bot.halfway.clear()
    await tab.say("listen")
    await expect(tab.page.locator(".growing")).to_be_visible()
    await expect(log).to_be_empty()
    tab.house.bot.halfway.set()
    await expect(log).to_have_text("You said 'listen' and showed nothing.")
    await tab.page.reload()
    await expect(tab.posts).to_have_count(1)
    await expect(log).to_be_empty()


async def test_every_control_has_a_name_and_every_picture_a_text(tab: Tab) -> None:
    await tab.pick("cat.jpg", "cat.heic")
    await tab.ask("a poem")
    await tab.pick("cat.jpg", "cat.heic")
    await expect(tab.page.locator("#photos .uploaded")).to_have_count(2)
    assert await tab.page.evaluate(WITHOUT_NAME) == []
    assert await tab.page.evaluate("document.documentElement.lang") == "en"
    for role in ("banner", "main", "contentinfo", "navigation"):
        await expect(tab.page.get_by_role(role)).to_have_count(1)


SCREENS: Sequence[tuple[str, int, int]] = [("light", 1200, 800), ("dark", 1200, 800), ("light", 360, 640)]


@pytest.mark.parametrize(("scheme", "width", "height"), SCREENS)
async def test_it_fits_every_screen(
    browser: Browser, house: House, tmp_path: Path, scheme: Any, width: int, height: int
) -> None:
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": height}, "reduced_motion": "reduce"}
    async with tab_of(browser, house, **options) as tab:
        await tab.open()
        await tab.page.screenshot(path=tmp_path / "empty.png")
        assert not await tab.overflows()
        await tab.pick("cat.jpg", "cat.heic", "coffee.png")
        await tab.ask("a poem")
        await tab.ask("W" * 300)
        await tab.ask("break")
        chart = File(name="usage.png", mime="image/png", data=(PHOTOS / "coffee.png").read_bytes())
        log = File(name=f"{'long-' * 20}.zip", mime="application/zip", data=b"PK")
        many = [Button(f"A model of some provider {n}", f"/model a/{n}") for n in range(12)]
        many.append(Button("W" * 80, "/w"))
        await tab.house.web.send(
            tab.house.bot.heard[0].channel, OutgoingPost(text="controls", buttons=tuple(many), files=(chart, log))
        )
        await expect(tab.page.get_by_role("button", name="A model of some provider 11")).to_be_visible()
        await tab.page.screenshot(path=tmp_path / "talk.png")
        assert not await tab.overflows()
        assert await tab.page.evaluate("getComputedStyle(document.body).backgroundColor") == (
            "rgb(21, 23, 27)" if scheme == "dark" else "rgb(246, 245, 242)"
        )
        assert await tab.page.evaluate("document.getAnimations().length") == 0
    assert all((tmp_path / name).stat().st_size > 5000 for name in ("empty.png", "talk.png"))


async def test_a_list_of_models_is_no_wall_on_a_phone(browser: Browser, house: House, lobby: Any) -> None:
    async with tab_of(browser, house, viewport={"width": 375, "height": 700}) as tab:
        await tab.open()
        models = [Button(f"👁 A model of some provider {n}", f"/model a/{n}") for n in range(8)]
        await house.web.send(
            lobby, OutgoingPost(text="pick", buttons=(*models, Button("◀", "/model #3"), Button("1/3 ▶", "/model #2")))
        )
        await house.web.send(
            lobby,
            OutgoingPost(text="three", buttons=tuple(Button(name, f"/{name}") for name in ("read", "describe", "ask"))),
        )
        lefts = """(row) => [...row.children].map((button) => Math.round(button.getBoundingClientRect().left))"""
        rows = tab.page.locator(".actions")
        await expect(rows).to_have_count(2)
        many, few = [await row.evaluate(lefts) for row in await rows.all()]
        assert many == many[:2] * 5
        assert len(set(few)) == 3
        assert not await tab.overflows()


async def test_with_a_token_the_page_asks_for_it_first(browser: Browser, tmp_path: Path) -> None:
    async with House.open(tmp_path, token="correct horse battery staple") as house, tab_of(browser, house) as tab:
        await tab.page.goto(f"{house.server.url}/c/lobby")
        await tab.page.get_by_label("Token").fill("guess")
        await tab.page.get_by_role("button", name="Log in").click()
        await expect(tab.page.get_by_role("alert")).to_contain_text("This is not the token.")
        await tab.page.get_by_label("Token").fill("correct horse battery staple")
        await tab.page.keyboard.press("Enter")
        await expect(tab.page.get_by_role("heading", name="Talk about your photos")).to_be_visible()
        assert tab.page.url == f"{house.server.url}/c/lobby"
        await tab.pick("cat.jpg")
        await tab.ask("inside?")
        await expect(tab.messages.get_by_role("img", name="cat.jpg")).to_be_visible()
        await expect(tab.posts).to_have_text(["You said 'inside?' and showed cat.jpg."])
        await tab.page.goto(f"{house.server.url}/sessions")
        await expect(tab.page.get_by_role("listitem")).to_contain_text("Chrome on Linux this browser")
        await tab.page.goto(f"{house.server.url}/c/lobby")
        await tab.box.fill("nobody else's business")
        await tab.page.get_by_role("button", name="Log out").click()
        await expect(tab.page.get_by_label("Token")).to_be_visible()
        assert await tab.page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('draft'))") == []
        await tab.page.goto(f"{house.server.url}/c/lobby")
        await expect(tab.page.get_by_label("Token")).to_be_visible()


async def test_where_nobody_logs_in_nobody_is_offered_to_log_out(browser: Browser, house: House) -> None:
    async with tab_of(browser, house) as tab:
        await tab.open()
        await expect(tab.page.locator("#logout")).to_be_hidden()

"""The message box in a real browser: drafts, edits, commands, and the choice of a model."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from bot.messages import OutgoingPost
from tests.adapters.platforms.web.conftest import House
from tests.adapters.platforms.web.tab import Tab, tab_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House.open(tmp_path / "web") as house:
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def tab(browser: Browser, house: House) -> AsyncIterator[Tab]:
    async with tab_of(browser, house) as tab:
        await tab.open()
        yield tab


async def test_send_becomes_stop_while_an_answer_grows_and_escape_stops_it_too(tab: Tab) -> None:
    send = tab.page.locator("#send")
    tab.house.bot.halfway.clear()
    await tab.say("go on for ever")
    await expect(send).to_have_accessible_name("Stop")
    await tab.box.fill("and another question")
    await expect(send).to_have_accessible_name("Send")
    await tab.box.fill("")
    await expect(tab.page.locator(".growing")).to_have_count(1)
    await tab.page.keyboard.press("Escape")
    await expect(send).to_be_disabled()
    tab.house.bot.halfway.set()
    await expect(send).to_have_accessible_name("Send")
    assert tab.house.bot.texts == ["go on for ever", "/stop"]


async def test_a_draft_survives_a_reload_with_its_files_and_belongs_to_its_conversation(tab: Tab) -> None:
    await tab.pick("cat.jpg", "cat.heic")
    await expect(tab.page.locator("#photos .uploaded")).to_have_count(2)
    await tab.page.route("**/uploads?*", lambda route: route.abort())
    await tab.pick("coffee.png")
    await expect(tab.page.locator("#photos .failed")).to_have_count(1)
    await tab.box.fill("which one is")
    await tab.page.unroute("**/uploads?*")
    await tab.open("elsewhere")
    await expect(tab.box).to_have_value("")
    await expect(tab.draft).to_have_count(0)
    await tab.open()
    await expect(tab.box).to_have_value("which one is")
    await expect(tab.page.locator("#photos .uploaded")).to_have_count(3)
    await tab.ask("which one is sharp?")
    assert [photo.name for photo in tab.house.bot.heard[0].attachments] == ["cat.jpg", "cat.heic", "coffee.png"]
    await tab.page.reload()
    await expect(tab.posts).to_have_count(1)
    await expect(tab.box).to_have_value("")
    await expect(tab.draft).to_have_count(0)


async def test_the_last_question_comes_back_with_an_arrow(tab: Tab) -> None:
    await tab.ask("what is this?")
    await tab.box.press("ArrowUp")
    await expect(tab.box).to_have_value("what is this?")
    await tab.box.press("ArrowUp")
    await expect(tab.box).to_have_value("what is this?")


async def test_an_own_question_is_edited_and_asked_again(tab: Tab) -> None:
    await tab.ask("a dog?")
    await tab.box.fill("a draft")
    edit = tab.page.get_by_role("button", name="Edit and ask again")
    await edit.focus()
    await tab.page.keyboard.press("Enter")
    await expect(tab.box).to_have_value("a dog?")
    await tab.page.keyboard.press("Escape")
    await expect(tab.box).to_have_value("a draft")
    await edit.click()
    await tab.say("a cat?")
    await expect(tab.messages.locator(".said")).to_have_text(["a cat?"])
    await expect(tab.messages.locator(".edited")).to_have_text("edited")
    await expect(tab.box).to_have_value("a draft")
    await expect(tab.posts).to_have_text(["You said 'a cat?' and showed nothing."])
    first, second = tab.house.bot.heard
    assert (second.id, second.text, second.edited, second.asks_again) == (first.id, "a cat?", True, 1)


async def test_commands_are_suggested_and_a_whole_one_is_sent(tab: Tab) -> None:
    options = tab.page.get_by_role("listbox", name="Commands").get_by_role("option")
    await tab.box.press_sequentially("/s")
    await expect(options.filter(has_text="/settings")).to_be_visible()
    assert all([(await each.inner_text()).startswith("/s") for each in await options.all()])
    active = await tab.box.get_attribute("aria-activedescendant")
    await expect(tab.page.locator(f"#{active}")).to_have_attribute("aria-selected", "true")
    await tab.box.press("Escape")
    await expect(options).to_have_count(0)
    await tab.box.press_sequentially("ett")
    await expect(options).to_have_count(1)
    await tab.box.press("Enter")
    await expect(tab.box).to_have_value("/settings ")
    await tab.box.fill("")
    await tab.box.press_sequentially("/help")
    await expect(options).to_have_count(1)
    await tab.box.press("Enter")
    await expect(tab.box).to_have_value("")
    assert tab.house.bot.texts == ["/help"]


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
async def test_a_model_is_picked_from_a_list_that_can_be_searched(
    browser: Browser, house: House, width: int, scheme: Any
) -> None:
    async with tab_of(browser, house, viewport={"width": width, "height": 640}, color_scheme=scheme) as tab:
        await tab.open()
        opener = tab.page.get_by_role("button", name="Model that answers")
        await expect(opener).to_have_text("Model that answers: GPT-4o 👁, sees photos")
        await opener.focus()
        await tab.page.keyboard.press("Enter")
        picker = tab.page.get_by_role("dialog", name="Model that answers")
        options = picker.get_by_role("option")
        await expect(options.locator(".name")).to_have_text(
            ["GPT-4o 👁, sees photos", "Mistral Large", "Claude Sonnet 4 👁, sees photos"]
        )
        await expect(picker.get_by_role("group")).to_have_count(2)
        assert not await tab.overflows()
        await tab.page.keyboard.type("vapi son")
        await expect(options).to_have_count(1)
        await tab.page.keyboard.press("Enter")
        await expect(picker).to_be_hidden()
        await expect(opener).to_be_focused()
        await expect(tab.page.locator(".command")).to_contain_text("/model vapi/claude-sonnet-4")
        await expect(opener).to_contain_text("Claude Sonnet 4")
        await opener.click()
        await tab.page.keyboard.type("nothing of the kind")
        await expect(picker.get_by_role("status")).to_have_text("No model has this name.")
        await tab.page.keyboard.press("Escape")
        assert house.bot.texts == ["/model vapi/claude-sonnet-4"]


async def test_the_button_names_what_answers_however_it_was_chosen(tab: Tab, lobby: Any) -> None:
    opener = tab.page.get_by_role("button", name="Model that answers")
    tab.house.bot.chosen["lobby"] = "vapi/a-model-of-yesterday"
    await tab.house.web.send(lobby, OutgoingPost(text="From now on it answers."))
    await expect(opener).to_contain_text("vapi/a-model-of-yesterday")
    tab.house.bot.obeys = False
    await opener.click()
    await tab.page.get_by_role("option", name="GPT-4o").click()
    await expect(tab.posts).to_have_count(2)
    await expect(opener).to_contain_text("vapi/a-model-of-yesterday")


async def test_limits_are_told_before_an_upload(tab: Tab) -> None:
    await expect(tab.page.locator("#pick")).to_have_attribute(
        "title", "Add photos, documents or recordings (10 files in one message, 2 MB each)"
    )

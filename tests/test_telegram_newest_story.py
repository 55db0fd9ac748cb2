"""Guest mode and rich messages, with the bot as a real process that dies in between."""

from pathlib import Path
from typing import Any

from adapters.platforms.telegram.rich_formatting import render_rich
from emulator import Emulator
from tests.conftest import PHOTOS
from tests.doubles.browser import pictures
from tests.doubles.process import BotProcess
from tests.doubles.telegram import ANN, GRETA, TOKEN, USERNAME, Post, TelegramBed
from tests.doubles.telegram_page import Bubble, draw
from tests.doubles.telegram_rich import rich_html
from tests.doubles.waiting import until

CAT, ROCKET = ((PHOTOS / name).read_bytes() for name in ("cat.jpg", "rocket.jpg"))
PLACEHOLDER = "⏳ …"
RICH_ANSWER = """The rocket's **thrust** follows from its mass flow:

$$ F = \\dot{m} v_e $$

| stage | engines | thrust |
|---|--:|--:|
| first | 9 | 7,607 kN |
| second | 1 | 934 kN |

<details><summary>Where the figures come from</summary>

The maker's guide for users.

</details>
"""
THEIRS = GRETA  # the private chat of two people, as Ann sees it


async def test_a_call_from_elsewhere_and_a_rich_answer_are_given_once_and_about_the_photo_meant(tmp_path: Path) -> None:
    async with TelegramBed() as bed, Emulator(pace=0.05) as emulator:
        bot = BotProcess(
            tmp_path,
            TELEGRAM_TOKEN=TOKEN,
            TELEGRAM_API_URL=bed.url,
            ONEMIN_API_KEY="any-key",
            ONEMIN_API_URL=emulator.url,
            ONEMIN_REQUESTS_PER_MINUTE="100000",
            BOT_ACCESS="paired",
            BOT_ALLOW=f"telegram:{ANN}",
            BOT_USER_TURNS_DAY="3",
        )
        async with bot:
            await bot.ready()
            await bed.says("/settings rich on")
            await until(lambda: bed.posts(ANN))
            await bed.sends_photo(CAT, "explain $E = mc^2$ with it")

            said = bed.message({"photo": bed.sizes(ROCKET)}, THEIRS, by=GRETA)
            first = await calls(bed, "what is this?", replied=said)
            await until(lambda: bed.guest_posts and any(text.endswith("▌") for text in bed.reads(ANN)))
            await bot.kill()
            assert all(post.text == PLACEHOLDER or post.text.endswith("▌") for post in bed.guest_posts.values())
            emulator.pace = 0.001
            await bot.start()
            await bot.ready()
            rocket = await answer(bed, first)
            assert "640 × 427" in rocket.text
            assert "451" not in rocket.text
            assert len(bed.guest_posts) == 1
            await until(lambda: any(post.rich for post in bed.posts(ANN)))
            [explained] = [post for post in bed.posts(ANN) if "451 × 300" in post.text]
            assert "'expression': 'E = mc^2'" in str(explained.rich)

            follow_up = await calls(bed, "how old is it?", replied=bed.as_replied(f"inline-{first}"))
            assert "640 × 427" in (await answer(bed, follow_up)).text
            studio = await calls(bed, "/imagine a cat")
            assert "I'm only a guest" in (await answer(bed, studio)).text
            used_up = await calls(bed, "and now?")
            assert "limit" in (await answer(bed, used_up)).text.lower()
            stranger = await calls(bed, "what is this?", by=GRETA, replied=said)
            assert "/allow" in (await answer(bed, stranger)).text
            assert bed.posts(THEIRS) == []
            whole = [seen for seen in emulator.seen if "what is this?" in seen.prompt and not seen.left]
            assert len(whole) == 1, "it was answered once"
        chat = [
            Bubble("Greta", photo=ROCKET),
            Bubble("Ann", f"@{USERNAME} what is this?", reply_to="Photo"),
            Bubble("Snapthread", rocket.text, is_bot=True),
        ]
        await draw(chat, pictures(tmp_path) / "guest.png")
        shown = rich_html(render_rich(RICH_ANSWER) or [])
        answers = [Bubble("Ann", photo=ROCKET), Bubble("Snapthread", markup=shown, is_bot=True)]
        await draw(answers, pictures(tmp_path) / "rich.png")


async def calls(bed: TelegramBed, text: str, **more: Any) -> str:
    return await bed.calls_guest(f"@{USERNAME} {text}", THEIRS, **more)


async def answer(bed: TelegramBed, query: str) -> Post:
    """What the call shows once its answer is whole."""

    def is_whole() -> bool:
        post = bed.guest_posts.get(f"inline-{query}")
        return post is not None and post.text != PLACEHOLDER and not post.text.endswith("▌")

    await until(is_whole)
    return bed.guest_posts[f"inline-{query}"]

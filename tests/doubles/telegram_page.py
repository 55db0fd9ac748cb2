"""A group chat as people see it, drawn from what was said on the loopback Telegram: for pictures in the docs."""

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.doubles.browser import chromium

STYLE = """
body { margin: 0; padding: 20px; width: 560px; background: #d5e3ea; font: 15px/1.45 system-ui, sans-serif; }
div { background: #fff; border-radius: 14px; padding: 9px 13px; margin: 0 0 9px; width: fit-content; max-width: 430px; }
div.bot { background: #f1f8e9; }
b { color: #2b6cb0; display: block; } .bot b { color: #2f855a; }
img { display: block; width: 260px; border-radius: 9px; margin: 4px 0; }
i { display: block; border-left: 3px solid #2f855a; padding-left: 7px; color: #557; font-style: normal; }
table { border-collapse: collapse; margin: 8px 0; } td, th { border: 1px solid #9bb; padding: 4px 10px; }
tr:nth-child(even) { background: #e3eedb; } math { display: block; text-align: center; font: italic 17px serif; }
p { margin: 0; white-space: pre-line; }
"""


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message of the chat."""

    author: str
    text: str = ""
    photo: bytes = b""
    reply_to: str = ""  # the beginning of the message that it answers
    is_bot: bool = False
    markup: str = ""  # a rich message, as HTML

    def drawn(self) -> str:
        image = f'<img src="data:image/jpeg;base64,{base64.b64encode(self.photo).decode()}">' if self.photo else ""
        quote = f"<i>{html.escape(self.reply_to)}</i>" if self.reply_to else ""
        text = f"<p>{html.escape(self.text)}</p>{self.markup}"
        kind = ' class="bot"' if self.is_bot else ""
        return f"<div{kind}><b>{html.escape(self.author)}</b>{quote}{image}{text}</div>"


async def draw(bubbles: Sequence[Bubble], file: Path) -> None:
    """Take a picture of the chat."""
    page_html = f"<style>{STYLE}</style>{''.join(bubble.drawn() for bubble in bubbles)}"
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": 600, "height": 200}, device_scale_factor=1.5)
        await page.set_content(page_html)
        await page.screenshot(path=file, full_page=True)

"""Photos and documents as people really have them, and the bot as a real process, on both platforms."""

import io
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook
from PIL import Image

from emulator import Emulator
from emulator.recording import RecordedRequest
from tests.doubles.waiting import until
from tests.files.documents.portable import Page, picture_of, portable
from tests.files.photos import written
from tests.files.photos.test_long import ladder
from tests.files.photos.test_moving import clip
from tests.test_discord_story import server
from tests.test_telegram_story import chats

PATIENCE = pytest.mark.timeout(240)
END = "🙂"  # of an answer of the emulator


@dataclass
class Chat:
    """A chat with the bot on some platform, and the provider behind that."""

    send: Callable[[str, str, bytes], Awaitable[object]]  # words, the name of a file, and the file
    press: Callable[[str], Awaitable[object]]  # a button below the newest answer
    reads: Callable[[], list[str]]
    emulator: Emulator
    send_documents: Callable[[str, Sequence[tuple[str, bytes]]], Awaitable[object]]  # in one go
    seen: int = 0  # posts of earlier answers

    async def ask(self, words: str, name: str, data: bytes) -> str:
        """Send a file with a question; return what the posts of its answer read."""
        await self.send(words, name, data)
        return await self.answered()

    async def answered(self) -> str:
        """Wait for the end of the next answer."""
        await until(lambda: any(END in text for text in self.reads()[self.seen :]))
        texts = self.reads()[self.seen :]
        self.seen += len(texts)
        return "\n".join(texts)

    @property
    def questions(self) -> list[RecordedRequest]:
        """What the provider was asked so far."""
        return [seen for seen in self.emulator.seen if seen.path.endswith("/chat-with-ai")]


@asynccontextmanager
async def on_telegram(folder: Path) -> AsyncGenerator[Chat, None]:
    async with chats(folder) as (bed, _, emulator):

        async def send(words: str, name: str, data: bytes) -> None:
            if name.endswith(".mp4"):
                video = {"width": 160, "height": 120, "duration": 12, "mime_type": "video/mp4"}
                await bed.sends({"video": bed.file(data) | video, "caption": words})
            else:
                await bed.sends_file(data, name, caption=words)

        async def send_documents(words: str, files: Sequence[tuple[str, bytes]]) -> None:
            await bed.sends_documents(files, words, apart=0.7)  # in pieces

        yield Chat(send, lambda button: bed.presses(bed.posts()[-1], button), bed.reads, emulator, send_documents)


@asynccontextmanager
async def on_discord(folder: Path) -> AsyncGenerator[Chat, None]:
    async with server(folder) as (discord, _, emulator):

        async def send(words: str, name: str, data: bytes) -> None:
            await discord.says(words, mention=True, files=[(name, data)])

        async def press(button: str) -> None:
            post = discord.posts()[-1]
            [found] = [each for each in post.commands if button in each]
            await discord.presses(post, found)

        async def send_documents(words: str, files: Sequence[tuple[str, bytes]]) -> None:
            await discord.says(words, mention=True, files=list(files))

        yield Chat(send, press, discord.reads, emulator, send_documents)


PLATFORMS = pytest.mark.parametrize("platform", [on_telegram, on_discord])
OnPlatform = Callable[[Path], AbstractAsyncContextManager[Chat]]


@PATIENCE
@PLATFORMS
async def test_photos_as_people_have_them(tmp_path: Path, platform: OnPlatform) -> None:
    street = Image.effect_noise((3200, 2400), 40).convert("RGB")
    async with platform(tmp_path) as chat:
        await chat.ask("what is on the sign?", "street.jpg", written(street, "JPEG", quality=60))
        await chat.press("/zoom 1")
        answer = await chat.answered()
        assert "I looked closer at " in answer and "one extra question" in answer
        first, overview, closer = chat.questions
        assert (first.photos, overview.photos) == (1, 1) and closer.photos in (1, 2, 3)
        assert "street.jpg at full size" in closer.prompt

        await chat.ask("what do they say?", "chat.png", written(ladder(1080, 6_000), "PNG"))
        long = chat.questions[-1]
        assert long.photos == 4 and "4 parts" in long.prompt

        answer = await chat.ask("what happens here?", "film.mp4", clip(12, sound=True))
        film = chat.questions[-1]
        assert film.photos == 8 and "8 stills" in film.prompt and "🎤 " in answer
        assert sum(seen.type == "SPEECH_TO_TEXT" for seen in chat.emulator.seen) == 1


@PATIENCE
@PLATFORMS
async def test_documents_as_people_have_them(tmp_path: Path, platform: OnPlatform) -> None:
    scanned = portable(Page(picture=picture_of("one")), Page(picture=picture_of("two")))
    async with platform(tmp_path) as chat:
        await chat.ask("what does it say?", "scan.pdf", scanned)
        scan = chat.questions[-1]
        assert scan.photos == 2 and "(shown as photo 3)" in scan.prompt

        answer = await chat.ask("what was paid?", "bills.xlsx", bills())
        assert "2026-05-01" in answer and "4711.5" in answer

        answer = await chat.ask("сколько?", "счёт.txt", ("Итого: 4711 рублей за июнь.\n" * 20).encode("cp1251"))
        assert "Итого: 4711 рублей" in answer


@PLATFORMS
async def test_documents_that_are_sent_together_are_one_question(tmp_path: Path, platform: OnPlatform) -> None:
    files = [("june.csv", b"day;sum\n1;30\n"), ("july.txt", b"In July it was 4711.\n" * 9), ("bills.xlsx", bills())]
    async with platform(tmp_path) as chat:
        await chat.send_documents("which month was dearest?", files)
        await chat.answered()
        await chat.ask("and now?", "more.txt", b"And in August it was nothing at all.\n" * 9)  # no other answer came
        together, _ = chat.questions
        assert "which month was dearest?" in together.prompt
        assert together.files == 2 and "File 3 (bills.xlsx)" in together.prompt, "two are opened there, one is in words"
        assert len(chat.reads()) == 2


def bills() -> bytes:
    """A workbook with a day and a sum."""
    workbook, out = Workbook(), io.BytesIO()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["day", "sum"])
    sheet.append([date(2026, 5, 1), 4711.5])
    workbook.save(out)
    return out.getvalue()

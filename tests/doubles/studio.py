"""A studio that makes small real pictures and sound, and remembers what was ordered."""

import asyncio
from collections.abc import Sequence
from io import BytesIO

from PIL import Image

from bot.errors import FailureCode, Refused
from bot.messages import File, Generated, GenerationRequest, Model, Transcript, Usage

SOUND = b"OggS" + bytes(60)
VIDEO = bytes(4) + b"ftypmp42" + bytes(60)


def picture(colour: str = "red", size: tuple[int, int] = (64, 48)) -> bytes:
    """A PNG of one colour."""
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


class FakeStudio:
    """Has two models for everything; `trouble` is raised by the next orders, one each."""

    def __init__(self) -> None:
        self.orders: list[GenerationRequest] = []
        self.heard: list[tuple[File, str, str]] = []
        self.spoken: list[tuple[str, str]] = []
        self.says = "what is this?"  # everybody, in every recording
        self.trouble: list[Exception] = []
        self.takes = 0.0  # seconds
        self.pauses: list[float] = []  # the same of the next orders, one each
        self.refuses_repeats = False  # as a service does that keeps no orders
        self.crafts = {"imagine", "vary", "edit", "cutout", "upscale", "erase", "animate", "prompt", "hear", "speak"}

    async def models(self, craft: str) -> Sequence[Model]:
        names = (f"{craft}-1", f"{craft}-2") if craft in self.crafts else ()
        return [Model(id=name, name=name, sees=False, price="7 credits") for name in names]

    async def generate(self, order: GenerationRequest) -> Generated:
        self.orders.append(order)
        if self.refuses_repeats and order.was_begun:
            raise Refused(FailureCode.ORDER_INTERRUPTED)
        await self._work()
        if order.kind == "prompt":
            return Generated((), Usage(credits=7), text="a cat on a sofa, soft light")
        if order.kind == "animate":
            return Generated(
                (File(name="animate.mp4", mime="video/mp4", data=VIDEO, about=order.words),), Usage(credits=70)
            )
        n = int(order.params.get("n", "1"))
        colours = ["red", "green", "blue", "yellow"]
        files = [
            File(name=f"{order.kind}{i}.png", mime="image/png", data=picture(colours[i]), about=order.words)
            for i in range(n)
        ]
        return Generated(tuple(files), Usage(credits=7 * n))

    async def transcribe(self, recording: File, model: str, language: str) -> Transcript:
        self.heard.append((recording, model, language))
        await self._work()
        return Transcript(self.says, Usage(credits=3))

    async def speak(self, text: str, model: str) -> Generated:
        self.spoken.append((text, model))
        await self._work()
        return Generated((File(name="answer.ogg", mime="audio/ogg", data=SOUND, about=text),), Usage(credits=2))

    async def _work(self) -> None:
        await asyncio.sleep(self.pauses.pop(0) if self.pauses else self.takes)
        if self.trouble:
            raise self.trouble.pop(0)

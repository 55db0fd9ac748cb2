"""The text of an answer: measurements in friendly words, the same words for the same question."""

from collections.abc import Sequence
from dataclasses import dataclass

from emulator import reports
from emulator.reports import listed
from emulator.state import NumberedDocument, NumberedPhoto
from emulator.vision import PhotoMeasures

I_AM = "I am the emulator: I measure pixels, I am no AI model."
CANNED = (
    f"{I_AM} My eyes are closed in this benchmark, so this answer is always the same 📷 写真. "
    "The photo shows whatever you like: a soft sky, round and square shapes, and light from the left."
)
SHORT = "I am the emulator 📷 写真を見ました: naïve café, 12 °C 👩‍🚀."
LONG = "long answer please"
LONG_LENGTH = 6_000


@dataclass(frozen=True, slots=True)
class AnswerContext:
    """A question and everything that may be said about it."""

    question: str
    model: str
    turn: int  # which one of the conversation this is
    remembered: int  # how many earlier turns the model sees
    new: Sequence[NumberedPhoto] = ()
    earlier: Sequence[NumberedPhoto] = ()
    papers: Sequence[NumberedDocument] = ()
    earlier_papers: Sequence[NumberedDocument] = ()
    videos: Sequence[str] = ()  # their ids
    earlier_videos: Sequence[str] = ()
    lone: bool = False  # asked outside of any conversation
    web: bool = False


def answer(scene: AnswerContext) -> str:
    """Answer truthfully, in 60 to 150 words when there is one photo."""
    text = "\n\n".join(part for part in (_opening(scene), *_seen(scene), _closing(scene)) if part)
    return _lengthen(text) if LONG in scene.question.lower() else text


def _opening(scene: AnswerContext) -> str:
    question = " ".join(scene.question.split())
    short = question if len(question) <= 80 else question[:79].rstrip() + "…"
    return f"{I_AM} You asked: “{short}”"


def _seen(scene: AnswerContext) -> list[str]:
    """Tell what came with the question, or else what came before."""
    new = [_described(shot) for shot in scene.new]
    new += [reports.described(paper, scene.question) for paper in scene.papers]
    new += [reports.linked(scene.videos)] if scene.videos else []
    if new:
        return new
    earlier = [f"Still about photo {shot.number} ({_brief(shot.look)})." for shot in scene.earlier[-3:]]
    earlier += [reports.recalled(paper, scene.question) for paper in scene.earlier_papers[-3:]]
    earlier += [f"Still about video `{video}`." for video in scene.earlier_videos[-3:]]
    return earlier or [
        "There is no photo to look at yet 📷. Send me one and I will tell you its size, its main colours, how bright "
        "and how sharp it is, and whether any metadata was left in it."
    ]


def _described(shot: NumberedPhoto) -> str:
    look = shot.look
    if not look.width:
        return f"**Photo {shot.number}** has {look.bytes:,} bytes, but I cannot read it: it is damaged or far too big."
    return (
        f"**Photo {shot.number}** 📷 is a {look.shape} {look.format} of **{look.width} × {look.height} pixels** and "
        f"{look.bytes:,} bytes. Mostly I see *{_named(look.colours)}*; it is {look.brightness} and {look.sharpness}. "
        f"{_metadata(look)}"
    )


def _brief(look: PhotoMeasures) -> str:
    if not look.width:
        return f"unreadable, {look.bytes:,} bytes"
    return f"a {look.shape} {look.format}, {look.width} × {look.height} pixels, mostly {_named(look.colours)}"


def _metadata(look: PhotoMeasures) -> str:
    return f"Metadata left: {', '.join(look.metadata)}." if look.metadata else "No metadata was left in it."


def _named(colours: Sequence[str]) -> str:
    return listed(colours) or "many colours"


def _closing(scene: AnswerContext) -> str:
    return " ".join(part for part in (_place(scene), _came_before(scene), _web(scene), _advice(scene)) if part)


def _place(scene: AnswerContext) -> str:
    if scene.lone:
        return "This is a single question outside of any conversation."
    if scene.turn == 1:
        return "This is turn 1 of our conversation."
    turns = "1 earlier turn" if scene.remembered == 1 else f"{scene.remembered} earlier turns"
    return f"This is turn {scene.turn} of our conversation, and I remember {turns}."


def _came_before(scene: AnswerContext) -> str:
    fresh = {shot.key for shot in scene.new} | {paper.key for paper in scene.papers}
    shots = [f"photo {shot.number} ({_brief(shot.look)})" for shot in scene.earlier if shot.key not in fresh]
    papers = [f"file {reports.brief(paper)}" for paper in scene.earlier_papers if paper.key not in fresh]
    before = [*shots[-3:], *papers[-3:]]
    if not before or not (scene.new or scene.papers or scene.videos):
        return ""
    return f"Earlier came {'; '.join(before)}."


def _web(scene: AnswerContext) -> str:
    return "Web search was switched on, but there is no web in an emulator." if scene.web else ""


def _advice(scene: AnswerContext) -> str:
    return (
        f"What it *means* is for a real model to say: you asked `{scene.model}`, and with an API key of 1min.ai "
        "it will answer in my place, in any language you like (日本語でもどうぞ) 🙂."
    )


def _lengthen(text: str) -> str:
    """Grow to about 6,000 characters with a code block in the middle, for those who cut long answers into posts."""
    code = "\n".join(f"    {line:03d}: ('lorem', {line * 7919 % 1000:03d}),  # 行 {line}" for line in range(1, 71))
    text += "\n\nHere is the long answer, in parts.\n\n" + _paragraphs(1, 1_600 - len(text))
    text += f"\n\n```python\nTABLE = {{\n{code}\n}}\n```\n\n"
    return text + _paragraphs(50, LONG_LENGTH - len(text))


def _paragraphs(first: int, room: int) -> str:
    sentence = (
        "Part {}: the pixels stand in rows, every row has a colour, and none of them knows the whole picture 🧩 全体像."
    )
    many = max(1, room // (len(sentence) + 2))
    return "\n\n".join(sentence.format(number) for number in range(first, first + many))

"""What is answered: measurements in words, and the same words for the same question."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.doubles.openai.checks import Ask, Paper, Shot

LONG = "long answer please"
LONGER = "\n\nPart {}: the pixels stand in rows, every row has a colour, none knows the whole picture 🧩 全体像."


@dataclass(frozen=True, slots=True)
class Telling:
    """An answer before it is put on the line."""

    text: str
    finish: str = "stop"
    refusal: str = ""
    thinking: str = ""  # said before the text, and not for people
    listed: bool = False  # as parts, not as a string
    choices: bool = True  # False: none at all


def answer(ask: Ask) -> Telling:
    """Tell what came: the photos, the question, and how much was said before."""
    shots = list(dict.fromkeys(shot for message in ask.messages for shot in message.shots))
    numbers = {shot.sha256: n for n, shot in enumerate(shots, 1)}
    new = [shot for message in ask.asked for shot in message.shots]
    papers = list(dict.fromkeys(paper for message in ask.messages for paper in message.papers))
    text = " ".join((_opening(ask), _photos(new, shots, numbers), *map(_read, papers), _before(ask)))
    if LONG in ask.asked[-1].text.lower():
        text += "".join(LONGER.format(n) for n in range(1, 60))
    return Telling(text)


def _opening(ask: Ask) -> str:
    question = " ".join(" ".join(message.text for message in ask.asked).split())
    return f"I am the double 📷 写真: you asked `{ask.model.id}` “{question[:80]}”."


def _photos(new: Sequence[Shot], all: Sequence[Shot], numbers: dict[str, int]) -> str:
    if new:
        return " ".join(f"Photo {numbers[shot.sha256]} is {_described(shot)}." for shot in new)
    if all:
        return " ".join(f"Still about photo {numbers[shot.sha256]}: {_described(shot)}." for shot in all[-3:])
    return "There is no photo."


def _read(paper: Paper) -> str:
    begins = " ".join(" ".join(paper.pages).split())[:80]
    return f"File {paper.name} is a PDF of {len(paper.pages)} pages that begins “{begins}” ({paper.sha256[:8]})."


def _described(shot: Shot) -> str:
    look = shot.look
    colours = " and ".join(look.colours) or "of many colours"
    return f"a {look.format} of {look.width} × {look.height} pixels, mostly {colours} ({shot.sha256[:8]})"


def _before(ask: Ask) -> str:
    return f"Before it came {len(ask.before)} messages with {sum(len(said.shots) for said in ask.before)} photos."

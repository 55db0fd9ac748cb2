"""A closer look at a photo: the model names places on an overview, which are cut from the original for its answer."""

import re
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace

from bot.accounting.limits import UsageLimits, subject_of
from bot.asking import context as memory
from bot.asking.file_loader import FileLoader
from bot.asking.mentions import named
from bot.asking.question import Question, detached
from bot.asking.subject import PlacedFile, Subject
from bot.errors import FailureCode, Refused
from bot.files.photos import is_picture
from bot.messages import Attachment, Photo, PlacesFound, Prompt, Text, Turn, Usage
from bot.ports import Files, Ledger, Provider, Turns
from bot.words import say

LANE = 300  # the lane that books the cost of the extra question, besides those of answers
MOST_CELLS = 3
LONGEST = 500  # characters of the answer that names places
CELL = re.compile(r"\b([A-H])[ -]?([1-8])\b")

Cell = tuple[int, int]  # column and row, from 0


@dataclass(frozen=True, kw_only=True)
class CloserLook:
    """Looks closer at one photo, at the cost of one extra question."""

    files: Files
    turns: Turns
    ledger: Ledger
    loader: FileLoader
    providers: Mapping[str, Provider]
    limits: UsageLimits

    async def prepare(self, asked: Question, turn: Turn, words: str) -> Question:
        """Find the places that the words are about in the photo of `turn`; return the question about them.

        Refused where there is no photo, or it is no longer to be had.
        """
        placed = await self._find(turn, words)
        name, owner = placed.attachment.name, subject_of(asked.turn.message)
        data = await self.loader.original(placed.channel, placed.attachment, owner)
        if not is_picture(data):
            raise Refused(FailureCode.ZOOM_NO_PICTURE, name=name)
        overview, grid = await self.loader.photos.grid(name, data, owner)
        places = asked.reply.turn.places or await self._ask(asked, overview, grid, words)
        cells = parse_cells(places.answer, grid) or [(grid[0] // 2, grid[1] // 2)]
        pieces = await self.loader.photos.cells(name, data, grid=grid, cells=cells, owner=owner)
        names = ", ".join(map(cell_name, cells))
        files = [PlacedFile(placed.channel, Attachment(ref=f"cell/{n}", name=name)) for n in range(len(pieces))]
        asked.state.seen |= {each.attachment: piece for each, piece in zip(files, pieces, strict=True)}
        asked.state.notes.append(say("zoom_note", cells=names, name=name, price=price_in_brackets(places.usage)))
        text = say("zoom_ask", text=words, cells=names, name=name)
        turn_about_them = replace(asked.turn, message=replace(asked.turn.message, text=text))
        subject = Subject(files=tuple(files), is_spoiler=placed.attachment.is_spoiler)
        return replace(asked, turn=turn_about_them, subject=subject)

    async def _find(self, turn: Turn, words: str) -> PlacedFile:
        """Return the photo that the words name by its number, or else the first one of the turn."""
        known = await self.files.list_files(turn.conversation, memory.LOOKED_BACK)
        numbers = named(words)
        photos = [each for each in known if not each.is_document]
        by_number = [each for each in photos if each.number in numbers]
        subject = await self.loader.subjects.find(turn)
        shown = [each for each in subject.files if not each.attachment.is_document]
        if not by_number and shown:
            return shown[0]
        earlier = by_number or [each for each in photos if each.turn <= turn.id]
        if not earlier:
            raise Refused(FailureCode.STUDIO_NO_PHOTO)
        chosen = by_number[0] if by_number else earlier[-1]
        return PlacedFile(chosen.channel, chosen.attachment)

    async def _ask(self, asked: Question, overview: Photo, grid: tuple[int, int], words: str) -> PlacesFound:
        """Ask which cells matter; the cost is booked, and the answer kept for another try."""
        conversation = detached(asked.turn.conversation)
        turn, model = asked.reply.turn, conversation.model
        await self.limits.hold(turn, LANE, model)
        provider = self.providers[conversation.provider]
        await provider.capabilities.upload(overview)
        last = cell_name((grid[0] - 1, grid[1] - 1))
        prompt = Prompt(
            conversation=conversation,
            text=say("zoom_ask_cells", text=words, last=last, most=MOST_CELLS),
            photos=(overview,),
        )
        answer, usage = "", Usage()
        async with aclosing(provider.ask(prompt)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Text):
                    answer += piece.text
                elif isinstance(piece, Usage):
                    usage = piece
        await self.ledger.settle(turn, LANE, model, usage)
        places = PlacesFound(answer[:LONGEST], usage)
        await self.turns.save_places(turn, places)
        return places


def parse_cells(answer: str, grid: tuple[int, int]) -> list[Cell]:
    """Return the cells that an answer names, within the grid, each once."""
    found = ((ord(column) - ord("A"), int(row) - 1) for column, row in CELL.findall(answer.upper()))
    return list(dict.fromkeys(cell for cell in found if cell[0] < grid[0] and cell[1] < grid[1]))[:MOST_CELLS]


def cell_name(cell: Cell) -> str:
    """Return the name of a cell, such as B2."""
    return f"{chr(ord('A') + cell[0])}{cell[1] + 1}"


def price_in_brackets(usage: Usage) -> str:
    """Return what a question took, to be put behind a sentence; empty where nobody knows."""
    parts = []
    if usage.credits is not None:
        parts.append(say("credits", credits=usage.credits))
    if usage.dollars is not None:
        parts.append(f"${usage.dollars:.4f}")
    return f" ({' · '.join(parts)})" if parts else ""

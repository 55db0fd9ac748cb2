"""Descriptions of photos for a model that cannot see: another one writes them, if the channel allows that."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from bot.accounting.limits import UsageLimits
from bot.asking.question import Question, detached
from bot.commands.model_choice import known_models
from bot.errors import FailureCode, Refused
from bot.messages import Conversation, Model, Photo, Prompt, RememberedFile, Text, Usage
from bot.ports import Channels, Files, Ledger, Provider
from bot.util.tasks import gather_all
from bot.words import say

PATIENCE = 2.0  # seconds to wait for the information if the model sees
LONGEST = 2_000  # characters of a description
LANE = 100  # lanes from here on book the cost of descriptions, besides those of answers


@dataclass(frozen=True, slots=True)
class PhotoDescriptions:
    """The descriptions for a model that cannot see, and the notes for people."""

    text: str
    note: str


@dataclass(frozen=True, kw_only=True)
class PhotoDescriber:
    """Finds a model that sees, and has it describe photos for another one. `preferred` are asked first."""

    channels: Channels
    files: Files
    ledger: Ledger
    providers: Mapping[str, Provider]
    preferred: Sequence[str]
    limits: UsageLimits

    async def described(
        self,
        asked: Question,
        model: str,
        photos: Sequence[Photo],
        known: Sequence[RememberedFile],
        *,
        is_blind: bool = False,
    ) -> PhotoDescriptions | None:
        """Describe the photos; None if the model sees them itself. Refused if the channel does not allow it.

        `is_blind`: the service said so, whatever its list says.
        """
        if not is_blind and await self.sees(model):
            return None
        seeing = await self.find_seeing(model)
        if seeing is None or not await self.is_allowed(asked):
            raise Refused(FailureCode.MODEL_BLIND, model=model, seeing=seeing or say("model_blind_nobody"))
        descriptions = await self.list_descriptions(asked, seeing, photos, known)
        numbers = {each.sha256: each.number for each in known}
        lines = [
            say("memory_photo", n=numbers.get(photo.sha256, n), name=photo.name, what=text)
            for n, (photo, text) in enumerate(zip(photos, descriptions, strict=True), 1)
        ]
        note = say("described_by", model=model, by=seeing)
        return PhotoDescriptions(say("described", photos="\n".join(lines)), note)

    async def is_allowed(self, asked: Question) -> bool:
        """Tell whether the channel wants photos to be described, which costs answers."""
        return (await self.channels.get_channel_settings(asked.reply.channel)).describe

    async def list_descriptions(
        self, asked: Question, by: str, photos: Sequence[Photo], known: Sequence[RememberedFile]
    ) -> Sequence[str]:
        """Have the model `by` describe the photos that nobody has described yet."""
        words = {each.sha256: each.description for each in known if each.description}
        conversation = detached(replace(asked.turn.conversation, model=by))
        return await gather_all(
            *(
                self._words(asked, n, conversation=conversation, photo=photo, known=words)
                for n, photo in enumerate(photos)
            )
        )

    async def _words(
        self, asked: Question, n: int, conversation: Conversation, photo: Photo, known: Mapping[str, str]
    ) -> str:
        if photo.sha256 in known:
            return known[photo.sha256]
        await self.limits.hold(asked.reply.turn, LANE + n, conversation.model)
        description, usage = await self.describe(conversation, photo, say("ask_in_words"))
        await self.files.save_description(asked.turn.conversation, photo.sha256, description)
        await self.ledger.settle(asked.reply.turn, LANE + n, conversation.model, usage)
        return description

    async def describe(self, conversation: Conversation, photo: Photo, text: str) -> tuple[str, Usage]:
        """Ask the conversation's model about one photo, and return its words and what they took."""
        provider = self.providers[conversation.provider]
        await provider.capabilities.upload(photo)
        description, usage = "", Usage()
        async with aclosing(provider.ask(Prompt(conversation=conversation, text=text, photos=(photo,)))) as pieces:
            async for piece in pieces:
                if isinstance(piece, Text):
                    description += piece.text
                elif isinstance(piece, Usage):
                    usage = piece
        return description.strip()[:LONGEST], usage

    async def sees(self, model: str) -> bool:
        """Tell whether the model sees; if that is not known in time, assume so."""
        listed = await self.find_listed(model)
        return listed is None or listed.sees

    async def find_listed(self, model: str) -> Model | None:
        """Return the entry of the model in its provider's list; None where there is none, or it takes too long."""
        name, _, id = model.partition("/")
        try:
            async with asyncio.timeout(PATIENCE):
                models = await self.providers[name].models()
        except TimeoutError:
            return None
        return next((each for each in models if each.id == id), None)

    async def find_seeing(self, blind: str) -> str | None:
        """Find a model that sees: one that the operator named, else one of the same provider, else any."""
        known = await known_models(self.providers)
        provider = blind.partition("/")[0]

        def distance(name: str) -> tuple[bool, bool]:
            return name not in self.preferred, name.partition("/")[0] != provider

        seeing = (name for name, model in known.items() if model.sees and name != blind)
        return min(seeing, key=distance, default=None)

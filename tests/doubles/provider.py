"""A provider that remembers what it was asked and answers by script."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Self

from bot.messages import DOCUMENTS, Conversation, Document, Model, Photo, Piece, Prompt, StoredFile, Text, Usage
from bot.ports import Capabilities, MediaGenerator

Step = str | Usage | Exception | float
"""What happens next in an answer: words, figures, a failure, or seconds that pass."""


class FakeProvider:
    """`script` holds one answer a question; the last one is used again and again."""

    def __init__(self, *script: Sequence[Step], name: str = "sandbox", keeps_history: bool = True) -> None:
        self.name = name
        self.script = list(script) or [["a ", "cat", Usage(7, 8, 9)]]
        self.by_model: dict[str, Sequence[Step]] = {}  # what these models answer, whatever the script says
        self.keeps_history = keeps_history
        self.prompts: list[Prompt] = []
        self.uploads: list[StoredFile] = []
        self.begun = 0
        self.closed = 0  # answers whose generator was closed
        self.forgotten: list[str | None] = []
        self.refuse: dict[str, Exception] = {}  # uploads that fail, by name
        self.opens = set(DOCUMENTS) if keeps_history else set[str]()  # the documents that it opens itself, by mime
        self.media: MediaGenerator | None = None
        self.tells_traces = False
        self.reads_for_nothing = False
        self.trouble: Exception | None = None  # that deleting a conversation meets
        self.catalogue = [
            Model(id="gpt-4o", name="GPT-4o", sees=True),
            Model(id="gpt-4o-mini", name="GPT-4o mini", sees=True),
            Model(id="o3-mini", name="o3 mini", sees=False),
            Model(id="meta/llama-3", name="Llama 3", sees=False),
        ]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None: ...

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            conversations=self,
            uploads=self,
            documents=self,
            media=self.media,
            tells_traces=self.tells_traces,
            reads_for_nothing=self.reads_for_nothing,
        )

    async def begin(self, conversation: Conversation, title: str) -> str | None:
        self.begun += 1
        return f"uuid-{self.begun}" if self.keeps_history else None

    async def upload(self, file: Photo | Document) -> None:
        if file.name in self.refuse:
            raise self.refuse[file.name]
        self.uploads.append(file)

    def reads(self, document: Document, model: str) -> bool:
        return document.mime in self.opens

    async def ask(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        self.prompts.append(prompt)
        steps = self.by_model.get(prompt.conversation.model_id) or self._next()
        try:
            for step in steps:
                match step:
                    case str():
                        yield Text(step)
                    case Usage():
                        yield step
                    case Exception():
                        raise step
                    case _:
                        await asyncio.sleep(step)
        finally:
            self.closed += 1

    async def models(self) -> Sequence[Model]:
        return self.catalogue

    async def forget(self, conversation: Conversation) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.forgotten.append(conversation.remote_id)

    async def check(self) -> None: ...

    def _next(self) -> Sequence[Step]:
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]

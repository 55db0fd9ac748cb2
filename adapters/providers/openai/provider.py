"""The client of OpenAI-compatible services: they keep nothing, so each question brings its photos and its history."""

import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Self

import structlog

from adapters.providers.answer import pieces
from adapters.providers.openai.body import Body, Wishes
from adapters.providers.openai.features import FILES, Habits, Unsupported
from adapters.providers.openai.models import Listed, read_models, unlisted
from adapters.providers.openai.refusals import error
from adapters.providers.openai.rows import Auth, Row, authorised
from adapters.providers.openai.sending import Sending
from adapters.providers.openai.wire import frames
from adapters.providers.refusals import Failure
from adapters.providers.replies import good, parsed, read_failure
from adapters.providers.shelf import Shelf
from bot.errors import BotError, Refused, Unreadable
from bot.messages import PHOTOS, Conversation, Document, Model, Photo, Piece, Prompt, Usage
from bot.net import Http, chunks, read

log = structlog.get_logger(__name__)

PDF = "application/pdf"  # the one kind of document that is documented everywhere
MOST_OF_A_FILE = 24_000_000  # bytes; base64 makes 32 MB of it
MOST_OF_A_STREAM = 64 * 1024 * 1024  # bytes; a word weighs three hundred on the wire
MOST_OF_A_LIST = 32 * 1024 * 1024
NOT_THERE = (404, 405, 410)


class OpenAI:
    """A provider that speaks OpenAI's chat completions with the service of a row. It needs to be entered."""

    def __init__(
        self,
        row: Row,
        key: str,
        url: str,
        *,
        auth: Auth = "bearer",
        wishes: Wishes | None = None,
        named: Sequence[str] = (),
        silence: float = 120,
    ) -> None:
        """`url` is the address without /chat/completions; `key` is empty where none is needed.

        `named` are the models that the operator wants to ask; `silence` is how many seconds the other side may say
        nothing.
        """
        self.name, self._row = row.name, row
        self._wishes = replace(
            wishes or Wishes(),
            figures=row.figures,
            detail=wishes.detail if wishes and row.detail else None,
        )
        self._http = Http(url, {**row.headers, **authorised(key.strip(), auth)}, silence=silence)
        self._sending = Sending()
        self._habits = Habits()
        self._named = tuple(named)
        self._shelf = Shelf(self._fetch_models, lambda: unlisted(self._named))

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._shelf.close()
        await self._http.__aexit__(*exc)

    # what it keeps: nothing

    async def begin(self, conversation: Conversation, title: str) -> None:
        """Return None: there are no conversations over there."""

    async def upload(self, file: Photo | Document) -> None:
        """Send nothing yet: files travel with the question. Unreadable where no model takes such a one."""
        if file.mime not in PHOTOS and not isinstance(file, Document):
            raise Unreadable("photo_refused")

    def reads(self, document: Document, model: str) -> bool:
        """Of PDFs, models that see get the pages as pictures too."""
        if not self._row.files or document.mime != PDF or document.size > MOST_OF_A_FILE:
            return False
        listed = self._listed(model)
        return FILES not in self._habits.without(model) and (listed is None or listed.model.sees)

    @property
    def studio(self) -> None:
        """Nobody makes pictures or sound here: these services differ in it too much."""

    async def forget(self, conversation: Conversation) -> None:
        """Do nothing: there is nothing to delete."""

    # questions

    async def ask(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """Answer piece by piece. What a model does not take is left out, and it is asked again."""
        model = prompt.conversation.model_id
        without = self._habits.without(model)
        while True:
            body = Body(prompt, self._wishes, without)
            try:
                async with aclosing(self._ask(prompt, body)) as answer:
                    async for piece in answer:
                        self._habits.learn(model, without)
                        yield self._priced(piece, model) if isinstance(piece, Usage) else piece
                return
            except Unsupported as problem:
                if problem.feature not in body.features:
                    raise
                without |= {problem.feature}
                if problem.feature == FILES:  # whoever asked has their words
                    self._habits.learn(model, without)
                    raise Refused("provider_document_refused") from problem

    async def _ask(self, prompt: Prompt, body: Body) -> AsyncGenerator[Piece, None]:
        def judge(failed: Failure) -> BotError:
            return error(failed, prompt.conversation.model, self._row.service)

        headers = {**body.headers, **self._trace()}
        async with (
            self._sending.place(body) as content,
            self._http.stream("POST", "chat/completions", content=content, headers=headers) as reply,
        ):
            if not good(reply):
                raise judge(await read_failure(reply))
            async with (
                aclosing(chunks(reply, MOST_OF_A_STREAM)) as raw,
                aclosing(frames(reply.headers.get("content-type", ""), raw)) as read_frames,
                aclosing(pieces(read_frames, judge)) as answer,
            ):
                async for piece in answer:
                    yield piece

    def _trace(self) -> dict[str, str]:
        """An id by which the service's support finds the request; it stands in our log."""
        if not self._row.traced:
            return {}
        id = f"snapthread-{uuid.uuid4().hex}"
        log.debug("asked", service=self._row.service, request=id)
        return {"x-client-request-id": id}

    def _priced(self, usage: Usage, model: str) -> Usage:
        """Add the dollars where only prices are told, as far as the list of models is here."""
        listed = self._listed(model)
        if usage.dollars is not None or listed is None:
            return usage
        return replace(usage, dollars=listed.dollars(usage))

    # models

    def _listed(self, model: str) -> Listed | None:
        """What the list says of a model, as far as it is here."""
        return next((each for each in self._shelf.here if each.model.id == model), None)

    async def models(self) -> Sequence[Model]:
        """Return what can be asked now; where no list can be had, the last one, or the models that were named."""
        return [listed.model for listed in await self._shelf.models()]

    async def _fetch_models(self) -> Sequence[Listed]:
        return read_models(await self._get(self._row.models, **self._row.query), self._named)

    async def check(self) -> None:
        """Ask for the balance, or else for the list of models: that needs the key, and costs nothing.

        Raises Refused (provider_no_credits) where nothing is left. Where there is neither, nothing is asked.
        """
        try:
            said = await self._get(self._row.balance or self._row.models)
        except _NotThere:
            return
        balance = said.get("current_balance") if isinstance(said, dict) and self._row.balance else None
        if isinstance(balance, int | float) and balance <= 0:
            raise Refused("provider_no_credits")

    async def _get(self, path: str, **query: str) -> object:
        async with self._http.stream("GET", path, params=query or None) as reply:
            if reply.status_code in NOT_THERE:
                raise _NotThere("provider_unsupported")
            if not good(reply):
                raise error(await read_failure(reply), "", self._row.service)
            return parsed(await read(reply, MOST_OF_A_LIST))


class _NotThere(Refused):
    """There is nothing at this address."""

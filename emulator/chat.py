"""The endpoints that answer questions: with what came along, and with the history of the conversation."""

import asyncio
from collections.abc import Callable, Sequence

from aiohttp import web

from emulator import answers, validation, videos, wire
from emulator.analysis import look, read
from emulator.payloads import Body, ai_record, bad_request, reply
from emulator.request_context import RequestContext
from emulator.state import AccountState, Conversation, NumberedDocument, NumberedPhoto, PastTurn, numbered


class ChatEndpoint:
    """Answers questions."""

    def __init__(self, memory: AccountState, *, pace: float, eyes: bool) -> None:
        """`pace` is the time between two pieces of a stream, in seconds. Without `eyes` nothing is looked at."""
        self._memory, self.pace, self.eyes = memory, pace, eyes
        self.on_end: Callable[[str], object] | None = None  # takes the question whose answer has been streamed

    async def unified(self, visit: RequestContext) -> web.StreamResponse:
        """Answer at `/api/chat-with-ai`."""
        return await self._serve(visit, validation.unified(visit.body), wire.sse, "text/event-stream")

    async def feature(self, visit: RequestContext) -> web.StreamResponse:
        """Answer at `/api/features`."""
        # Which type the real one gives its raw text is not written down.
        return await self._serve(visit, validation.feature(visit.body), wire.raw, "text/plain")

    async def _serve(
        self, visit: RequestContext, ask: validation.ChatRequest, encode: wire.Encode, kind: str
    ) -> web.StreamResponse:
        fault, thread = visit.fault, self._thread(ask)
        past = await self._answer(ask, thread)
        text = fault.text(past.answer) if fault.text else past.answer
        body: Body = {"aiRecord": self._record(ask, past, text)}
        body = fault.shape(body) if fault.shape else body
        if fault.pending:
            self._memory.records.keep(body["aiRecord"])
            body = _still_processing(body)
        if visit.seen.stream and not fault.whole:
            frames = wire.frames(text, body)
            blocks = (fault.encode(encode) if fault.encode else encode)(
                fault.frames(frames) if fault.frames else frames
            )
            answered = await self._stream(visit, [*blocks], kind, past.question)
        else:
            answered = reply(body)
        if thread and not fault.spoils:
            thread.past.append(past)
        return answered

    def _thread(self, ask: validation.ChatRequest) -> Conversation | None:
        thread = self._memory.conversations.find(ask.conversation) if ask.conversation else None
        about = {"CHAT_WITH_PDF": "files", "CHAT_WITH_YOUTUBE_VIDEO": "video"}.get(ask.type)
        if about and not getattr(thread, about):
            raise bad_request(f"The conversation was not created for {ask.type}")
        return thread

    async def _answer(self, ask: validation.ChatRequest, thread: Conversation | None) -> PastTurn:
        images = [self._memory.assets.at(place) for place in dict.fromkeys(ask.images)]
        files = [self._memory.assets.file(uuid) for uuid in dict.fromkeys((*ask.files, *_unread(thread)))]
        if not self.eyes:
            return PastTurn(ask.prompt, ask.model.id, answers.CANNED)
        before = thread.past if thread else []
        shots = numbered([asset.key for asset in images], [shot for past in before for shot in past.shots])
        papers = numbered([asset.key for asset in files], [paper for past in before for paper in past.papers])
        new = PastTurn(
            ask.prompt,
            ask.model.id,
            "",
            tuple([NumberedPhoto(shots[asset.key], asset.key, await look(asset)) for asset in images]),
            tuple(
                [
                    NumberedDocument(papers[asset.key], asset.key, asset.uuid, asset.name, await read(asset))
                    for asset in files
                ]
            ),
            _videos(ask, thread),
        )
        text = answers.answer(_scene(ask, thread, new))
        return PastTurn(new.question, new.model, text, new.shots, new.papers, new.videos[: videos.MOST])

    def _record(self, ask: validation.ChatRequest, past: PastTurn, text: str) -> Body:
        read = sum(len(paper.reading.text) for paper in past.papers)
        asked, said = (len(ask.prompt) + read) // 4 + 1, len(text) // 4 + 1
        model = ask.model
        credit = round(asked * (model.input or 1) + said * (model.output or 1)) + model.picture * len(ask.images)
        self._memory.book(credit)
        figures = {"inputToken": asked, "outputToken": said, "totalToken": asked + said, "credit": credit}
        return ai_record(
            type=ask.type,
            model=model.id,
            provider=model.provider,
            conversation=ask.conversation,
            prompt={**ask.sent, "linkContentList": [], "searchContentList": []},
            metadata={**figures, "finishReason": "stop"},
            used=self._memory.used,
            result=[text],
        )

    async def _stream(
        self, visit: RequestContext, blocks: Sequence[wire.Block], kind: str, question: str
    ) -> web.StreamResponse:
        pace = self.pace if visit.fault.pace is None else visit.fault.pace
        response = web.StreamResponse(headers={"Content-Type": f"{kind}; charset=utf-8", "Cache-Control": "no-cache"})
        await response.prepare(visit.request)
        due = asyncio.get_running_loop().time()
        for block in blocks:
            if block is None:
                return _cut(visit.request, response)
            if block:
                await response.write(block)
                due += pace  # a fixed time for each, so that an answer takes as long as it says
                await asyncio.sleep(due - asyncio.get_running_loop().time())
        if self.on_end is not None:
            self.on_end(question)
        await response.write_eof()
        return response


def _unread(thread: Conversation | None) -> tuple[str, ...]:
    """Return the documents that a conversation was begun for, unless they were read in it."""
    if thread is None:
        return ()
    read = {paper.uuid for past in thread.past for paper in past.papers}
    return tuple(uuid for uuid in thread.files if uuid not in read)


def _videos(ask: validation.ChatRequest, thread: Conversation | None) -> tuple[str, ...]:
    """Return the videos of this question; the one that a conversation was begun for belongs to its first."""
    first = videos.linked(thread.video) if thread and not thread.past else ()
    return tuple(dict.fromkeys((*first, *videos.linked(ask.prompt))))


def _scene(ask: validation.ChatRequest, thread: Conversation | None, new: PastTurn) -> answers.AnswerContext:
    visible = thread.visible(ask.model.id, mixed=ask.mixed, limit=ask.limit) if thread else []
    return answers.AnswerContext(
        question=ask.prompt,
        model=ask.model.id,
        turn=len(thread.past) + 1 if thread else 1,
        remembered=len(visible),
        new=new.shots,
        earlier=tuple({shot.number: shot for past in visible for shot in past.shots}.values()),
        papers=new.papers,
        earlier_papers=tuple({paper.number: paper for past in visible for paper in past.papers}.values()),
        videos=new.videos,
        earlier_videos=tuple(dict.fromkeys(video for past in visible for video in past.videos)),
        lone=thread is None,
        web=bool(ask.settings.get("webSearch")),
    )


def _still_processing(body: Body) -> Body:
    """Return the record as it is before there is a result."""
    record = body["aiRecord"]
    detail = {**record["aiRecordDetail"], "resultObject": []}
    return {"aiRecord": {**record, "status": "PROCESSING", "metadata": None, "aiRecordDetail": detail}}


def _cut(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return response

"""The endpoint of media: check a request, price it, fulfil it, store the results and sign links to them."""

import asyncio
import random

from aiohttp import web

from emulator import media_requests, tools
from emulator.bucket import Bucket
from emulator.file_types import FileType
from emulator.generation import File, GenerationPlan, plan
from emulator.payloads import ApiError, Body, ai_record, insufficient, reply
from emulator.request_context import RequestContext
from emulator.state import AccountState, Asset


class MediaEndpoint:
    """Answers at `/api/features` what is no chat."""

    def __init__(self, memory: AccountState, vault: Bucket, work_seconds: float) -> None:
        """`work_seconds` is the time that an order takes in the background."""
        self._memory, self._vault, self._work_seconds = memory, vault, work_seconds
        self._tasks: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Drop the orders that are being worked on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def serve(self, visit: RequestContext) -> web.StreamResponse:
        """Answer with a record whose results are texts, or keys of files."""
        order = media_requests.check(visit.body)
        job = await plan(order, self._memory.assets)
        credit = tools.price(order.tool, order.type, order.prompt, job.units)
        if visit.fault.purse is not None and credit > visit.fault.purse:
            raise ApiError(406, insufficient(credit, visit.fault.purse))
        fault = visit.fault
        if fault.pending or (order.in_background and not fault.in_time and (fault.shape is None or fault.late)):
            return self._accept(order, visit, job, credit)
        body = await self._fulfil(order, visit, job, credit)
        return reply(body)

    def _accept(
        self, order: media_requests.MediaRequest, visit: RequestContext, job: GenerationPlan, credit: int
    ) -> web.StreamResponse:
        """Answer at once with a record that is worked on, and go on with it."""
        begun = {**self._record(order, credit, []), "status": "PROCESSING"}
        self._memory.records.keep(begun)

        async def work() -> None:
            await asyncio.sleep(self._work_seconds)
            record = (await self._fulfil(order, visit, job, credit))["aiRecord"]
            self._memory.records.keep({**record, "uuid": begun["uuid"], "createdAt": begun["createdAt"]})

        task = asyncio.create_task(work())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return reply({"aiRecord": begun})

    async def _fulfil(
        self, order: media_requests.MediaRequest, visit: RequestContext, job: GenerationPlan, credit: int
    ) -> Body:
        """Make what was ordered; return the body with its record."""
        made = await job.make()
        kept = [self._keep(one, alone=len(made) == 1, links=visit.fault.links) for one in made if isinstance(one, File)]
        self._memory.book(credit)
        record = self._record(order, credit, [asset.key for asset in kept] or [str(one) for one in made])
        if kept:
            self._show(record, visit, kept)
        body: Body = {"aiRecord": record}
        return visit.fault.shape(body) if visit.fault.shape else body

    def _keep(self, file: File, *, alone: bool, links: str) -> Asset:
        """Keep a result under a key like the real one's: the time and six digits."""
        name = f"{random.randrange(10**6):06d}.{file.extension}"
        kind = FileType(file.extension, "image" if file.folder == "images" else "sound", file.mime)
        asset = self._memory.assets.keep(name, file.data, file.folder, kind)
        asset.mime = file.mime
        # One link comes with a record, and it is that of the first result. How the real one gives out the others is
        # not known; older clients fetch them by their keys, so here those can be fetched.
        asset.public = links == "public" or (links == "signed" and not alone)
        return asset

    def _show(self, record: Body, visit: RequestContext, kept: list[Asset]) -> None:
        links = visit.fault.links
        if links in ("signed", "private"):
            record["temporaryUrl"] = self._vault.link(visit.origin, kept[0].key)
        if links == "public":
            record["aiRecordDetail"]["resultObject"] = [f"{visit.origin}/{asset.key}" for asset in kept]

    def _record(self, order: media_requests.MediaRequest, credit: int, results: list[str]) -> Body:
        return ai_record(
            type=order.type,
            model=order.tool.id,
            provider=order.tool.provider or "google",
            conversation=None,
            prompt=order.sent,
            metadata={"credit": credit},
            used=self._memory.used,
            result=results,
        )

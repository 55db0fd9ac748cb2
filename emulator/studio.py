"""The studio: takes an order, says what it costs, has it made, keeps the results and gives out links to them."""

import random

from aiohttp import web

from emulator import menu, orders
from emulator.kinds import Kind
from emulator.memory import Asset, Memory
from emulator.records import Body, Wrong, ai_record, insufficient, reply
from emulator.vault import Vault
from emulator.visit import Visit
from emulator.workshop import File, plan


class Studio:
    """Answers at `/api/features` what is no chat."""

    def __init__(self, memory: Memory, vault: Vault) -> None:
        self._memory, self._vault = memory, vault

    async def serve(self, visit: Visit) -> web.StreamResponse:
        """Answer with a record whose results are texts, or keys of files."""
        order = orders.check(visit.body)
        job = await plan(order, self._memory.assets)
        credit = menu.price(order.tool, order.type, order.prompt, job.units)
        if visit.fault.purse is not None and credit > visit.fault.purse:
            raise Wrong(406, insufficient(credit, visit.fault.purse))
        made = await job.make()
        kept = [self._keep(one, alone=len(made) == 1, links=visit.fault.links) for one in made if isinstance(one, File)]
        self._memory.book(credit)
        record = self._record(order, credit, [asset.key for asset in kept] or [str(one) for one in made])
        if kept:
            self._show(record, visit, kept)
        body: Body = {"aiRecord": record}
        return reply(visit.fault.shape(body) if visit.fault.shape else body)

    def _keep(self, file: File, *, alone: bool, links: str) -> Asset:
        """Keep a result under a key like the real one's: the time and six digits."""
        name = f"{random.randrange(10**6):06d}.{file.extension}"
        kind = Kind(file.extension, "image" if file.folder == "images" else "sound", file.mime)
        asset = self._memory.assets.keep(name, file.data, file.folder, kind)
        asset.mime = file.mime
        # One link comes with a record, and it is that of the first result. How the real one gives out the others is
        # not known; older clients fetch them by their keys, so here those can be fetched.
        asset.public = links == "public" or (links == "signed" and not alone)
        return asset

    def _show(self, record: Body, visit: Visit, kept: list[Asset]) -> None:
        links = visit.fault.links
        if links in ("signed", "private"):
            record["temporaryUrl"] = self._vault.link(visit.origin, kept[0].key)
        if links == "public":
            record["aiRecordDetail"]["resultObject"] = [f"{visit.origin}/{asset.key}" for asset in kept]

    def _record(self, order: orders.Order, credit: int, results: list[str]) -> Body:
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

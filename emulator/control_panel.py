"""The endpoints that 1min.ai does not have: list the requests that came, and let faults happen."""

import json
from dataclasses import asdict
from html import escape

from aiohttp import web

from emulator.faults import ALL_FAULTS, Faults, QueuedFault
from emulator.payloads import Body, reply
from emulator.recording import RecordedRequest


class ControlPanel:
    """Answers at `/emulator`."""

    def __init__(self, faults: Faults, seen: list[RecordedRequest]) -> None:
        self._faults, self._seen = faults, seen

    @property
    def routes(self) -> list[web.RouteDef]:
        """Its paths."""
        return [
            web.get("/emulator", self._about),
            web.get("/emulator/seen", self._show_seen),
            web.delete("/emulator/seen", self._clear_seen),
            web.get("/emulator/faults", self._show_faults),
            web.post("/emulator/faults", self._add_fault),
            web.delete("/emulator/faults", self._clear_faults),
        ]

    async def _about(self, request: web.Request) -> web.Response:
        rows = "".join(
            f"<tr><td><code>{name}</code><td>{escape(' '.join((fault.place, *sorted(fault.also - {fault.place}))))}"
            f"<td>{escape(fault.meaning)}"
            for name, fault in ALL_FAULTS.items()
        )
        return web.Response(text=_PAGE.replace("ROWS", rows), content_type="text/html")

    async def _show_seen(self, request: web.Request) -> web.Response:
        return reply({"seen": [asdict(seen) for seen in self._seen]})

    async def _clear_seen(self, request: web.Request) -> web.Response:
        self._seen.clear()
        return reply({"seen": []})

    async def _show_faults(self, request: web.Request) -> web.Response:
        return reply({"waiting": [_shown(waiting) for waiting in self._faults.waiting]})

    async def _add_fault(self, request: web.Request) -> web.Response:
        try:
            wish = json.loads(await request.read())
            self._faults.add(wish.pop("fault"), wish.pop("times", 1), wish.pop("at", None), **wish)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return reply({"message": f"Send {{'fault': NAME, 'times': 1, 'at': null}}. {error}"}, 400)
        return await self._show_faults(request)

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self._faults.clear()
        return await self._show_faults(request)


def _shown(waiting: QueuedFault) -> Body:
    return {"fault": waiting.name, "times": waiting.times, "at": waiting.at, **waiting.options}


_PAGE = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>The emulator</title>
<style>body{font:16px/1.5 system-ui;max-width:48rem;margin:2rem auto;padding:0 1rem}
td{padding:.1rem 1rem .1rem 0;vertical-align:top}</style>
<h1>The emulator</h1>
<p>This is a small 1min.ai for trying out: same paths, same bodies, no cost. It measures pixels, reads documents,
paints words and keeps silent in real sound files; it is no AI model.
Point a client's base address here; any API-KEY will do unless one was set.</p>
<p><a href="/emulator/seen">/emulator/seen</a> lists the requests that came, DELETE clears the list.
<a href="/emulator/faults">/emulator/faults</a> lists what will go wrong: POST
<code>{"fault": "rate_limited", "times": 1, "at": null}</code> to add, DELETE to clear. <code>at</code> is
one of assets, conversations, chat, models, pictures, sound, results; left out, it is the first place in the table.</p>
<table>ROWS</table></html>
"""

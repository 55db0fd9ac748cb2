"""The HTTP API of photos: previews of all kinds, and parts that are cut out of them."""

import secrets
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from aiohttp import web

from adapters.platforms.web.entries import Upload
from adapters.platforms.web.journal import Journal
from adapters.platforms.web.localized import CHANNEL, localized
from adapters.platforms.web.photo_previews import SIDES, Previews
from bot.errors import Unreadable
from bot.files.isolation.client import WorkerFailed
from bot.web.bodies import read_json, refusal
from bot.words import say

PRIVATE = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


@dataclass(kw_only=True)
class PhotoApi:
    """The routes of photos."""

    journal: Journal
    previews: Previews

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the routes of photos."""
        router.add_get(r"/api/uploads/{id}/preview/{side:\d{1,4}}", localized(self.show_preview))
        router.add_post(f"/api/channels/{CHANNEL}/parts", localized(self.cut))

    async def show_preview(self, request: web.Request) -> web.Response:
        """Serve a picture of a file that every browser can show: upright, without metadata, within `side` pixels."""
        id, side = request.match_info["id"], int(request.match_info["side"])
        data = await self.journal.get_data(id) if side in SIDES else None
        if data is None:
            raise refusal(web.HTTPNotFound, say("page_no_picture"))
        preview = await self.previews.draw(id, data, side)
        if preview is None:
            raise web.HTTPNoContent(headers=PRIVATE)  # the file is there, and no picture of it
        return web.Response(body=preview.data, content_type=preview.mime, headers=PRIVATE)

    async def cut(self, request: web.Request) -> web.Response:
        """Cut a part out of a photo at full resolution, and store it like an upload."""
        id, box = _parse_part(await read_json(request))
        upload = await self.journal.get_upload(id)
        data = await self.journal.get_data(id)
        if upload is None or data is None:
            raise refusal(web.HTTPConflict, say("page_photo_gone"))
        try:
            part = await self.previews.cut(data, box)
        except (Unreadable, WorkerFailed) as error:
            raise refusal(web.HTTPUnprocessableEntity, say("page_no_part")) from error
        name = f"{PurePath(upload.name).stem[:100]}-{say('page_part')}.{part.mime.removeprefix('image/')}"
        cut = Upload(
            id=secrets.token_urlsafe(16),
            name=name,
            mime=part.mime,
            kind=part.mime,
            size=len(part.data),
            has_preview=True,
        )
        await self.journal.add_upload(cut, request.match_info["channel"], part.data)
        return web.json_response(describe_upload(cut), status=201)


def describe_upload(upload: Upload) -> dict[str, Any]:
    """Describe a file for the page."""
    url = f"/api/uploads/{upload.id}"
    pictures = {"thumb": f"{url}/preview/{SIDES[0]}", "preview": f"{url}/preview/{SIDES[1]}"}
    return {
        "id": upload.id,
        "name": upload.name,
        "size": upload.size,
        "about": upload.about,
        "spoiler": upload.is_spoiler,
        "url": url if upload.kind else None,
        "plays": upload.kind.startswith("audio/"),
        "file": f"/api/files/{upload.id}",
        **(pictures if upload.has_preview else dict.fromkeys(pictures)),
    }


def _parse_part(body: Any) -> tuple[str, tuple[float, ...]]:
    match body:
        case {"upload": str(id), "box": [int() | float(), int() | float(), int() | float(), int() | float()] as box}:
            return id, tuple(map(float, box))
        case _:
            raise refusal(web.HTTPBadRequest, "A part is {upload, box: [left, top, right, bottom]} in shares of 1.")

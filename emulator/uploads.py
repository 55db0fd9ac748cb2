"""The endpoint of uploads; documents are read at once."""

from aiohttp import web

from emulator.analysis import read
from emulator.file_types import file_type_of
from emulator.payloads import ApiError, asset_body, flat, reply
from emulator.request_context import RequestContext
from emulator.state import Asset, Assets


class UploadsEndpoint:
    """Keeps what was sent."""

    def __init__(self, assets: Assets, *, eyes: bool) -> None:
        """Without `eyes` no document is read here."""
        self._assets, self._eyes = assets, eyes

    async def serve(self, visit: RequestContext) -> web.StreamResponse:
        """Answer a POST to `/api/assets`."""
        name = visit.seen.name
        kind = file_type_of(name, visit.upload)
        if kind is None:
            # Only the words of this message are known, not the body around them.
            raise ApiError(400, flat("HTTP_EXCEPTION", "file type isn't supported"))
        asset = self._assets.keep(name, visit.upload, kind.folder, kind)
        return reply(
            asset_body(
                name=name,
                key=asset.key,
                uuid=asset.uuid,
                mime=kind.mime,
                size=len(asset.data),
                etag=visit.seen.sha256,
                content=await self._content(asset),
            )
        )

    async def _content(self, asset: Asset) -> str:
        """Return the text of a document. One that cannot be read is taken all the same, and refused when it is used."""
        if not self._eyes or asset.kind is None or asset.kind.family != "document":
            return ""
        try:
            return (await read(asset)).text
        except ApiError:
            return ""

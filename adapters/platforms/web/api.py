"""What the page can ask for: HTTP in, journal entries and events out."""

import json
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.platforms.web.audience import Audience, Event
from adapters.platforms.web.entries import Entry, SubmittedMessage, UnknownPost, UnknownUpload, Upload
from adapters.platforms.web.journal import Journal
from adapters.platforms.web.page import STATIC, language_in, page_in
from adapters.platforms.web.upload_kinds import kind_of
from bot import __version__
from bot.errors import BotError
from bot.web.bodies import read_json, refusal
from bot.web.logins import SESSION
from bot.words import say, speaking

log = structlog.get_logger(__name__)

FILES = {"app.js", "markdown.js", "style.css", "icon.svg"}
ASK_EVERY_TIME = {"Cache-Control": "no-cache"}  # or an update of the bot would leave old scripts in browsers
CHANNEL = "{channel:[A-Za-z0-9_-]{1,64}}"
KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
ID = re.compile(r"[0-9]{1,18}")
LANGUAGE = re.compile(r"[A-Za-z0-9-]{0,20}")  # de, zh-CN, es-419
MOST_TEXT = 100_000  # characters
MOST_PHOTOS = 10  # with one message
LAST = 200  # entries that a tab starts with
PING = 15.0  # seconds of silence in an event stream, until it says once more what answers
CHUNK = 64 * 1024
RETRY = b"retry: 1000\n\n"  # milliseconds until a browser connects again
EVENT_STREAM = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}

SWITCHES = {"snapshot", "post"}  # events with which another model may have begun to answer

Models = Callable[[], Awaitable[Sequence[Mapping[str, Any]]]]
ModelOf = Callable[[str], Awaitable[str]]
"""What answers in a channel, as provider/model."""


@dataclass
class WebApi:
    """The routes of the page. `said` is called when a new message is in the journal."""

    journal: Journal
    audience: Audience
    said: Callable[[], None]
    is_typing: Callable[[str], bool]
    most_bytes: int
    banner: Callable[[], str]
    model_of: ModelOf | None
    models: Models | None

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add everything the page needs."""
        router.add_get("/", self.welcome)
        router.add_get(f"/c/{CHANNEL}", self.page)
        router.add_get("/static/{name}", self.static)
        router.add_get("/api/about", _in_its_language(self.tell_about))
        router.add_get("/api/models", _in_its_language(self.list_models))
        router.add_get("/api/uploads/{id}", _in_its_language(self.show_upload))
        router.add_get("/api/files/{id}", _in_its_language(self.hand_out))
        router.add_post(f"/api/channels/{CHANNEL}/uploads", _in_its_language(self.upload))
        router.add_post(f"/api/channels/{CHANNEL}/messages", _in_its_language(self.post))
        router.add_get(f"/api/channels/{CHANNEL}/events", self.events)

    # the page

    async def welcome(self, request: web.Request) -> web.Response:
        """Open a channel of one's own."""
        raise web.HTTPFound(f"/c/{secrets.token_urlsafe(9)}", headers={"Cache-Control": "no-store"})

    async def page(self, request: web.Request) -> web.Response:
        """Serve the page; its script finds the channel in the address."""
        headers = {**ASK_EVERY_TIME, "Vary": "Accept-Language"}
        return web.Response(text=page_in(_language_of(request)), content_type="text/html", headers=headers)

    async def static(self, request: web.Request) -> web.FileResponse:
        """Serve what the page is made of."""
        name = request.match_info["name"]
        if name not in FILES:
            raise web.HTTPNotFound
        return web.FileResponse(STATIC / name, headers=ASK_EVERY_TIME)

    async def tell_about(self, request: web.Request) -> web.Response:
        """Say what this is, and what the page needs to know before anything is sent."""
        limits = {"most_bytes": self.most_bytes, "most_photos": MOST_PHOTOS, "most_text": MOST_TEXT}
        about = {"name": "Snapthread", "version": __version__, "banner": self.banner(), "session": SESSION in request}
        return web.json_response({**about, **limits})

    async def list_models(self, request: web.Request) -> web.Response:
        """Say what can be asked."""
        try:
            models = await self.models() if self.models else ()
        except BotError as error:
            raise refusal(web.HTTPBadGateway, str(error)) from error
        return web.json_response(list(models))

    # in

    async def upload(self, request: web.Request) -> web.Response:
        """Keep one file: the raw body is its content."""
        data = await self._body(request)
        name = _plain_name(request.query.get("name", ""))
        kind = await kind_of(data)
        upload = Upload(secrets.token_urlsafe(16), name, request.content_type[:100], kind, len(data))
        await self.journal.add_upload(upload, request.match_info["channel"], data)
        return web.json_response(_photo(upload), status=201)

    async def post(self, request: web.Request) -> web.Response:
        """Keep what somebody says. The answer 202 means that it survives a crash."""
        channel = request.match_info["channel"]
        said = _said(await read_json(request))
        try:
            entry, is_new = await self.journal.add_message(channel, said)
        except UnknownUpload as error:
            raise refusal(web.HTTPConflict, say("page_photo_gone")) from error
        except UnknownPost as error:
            raise refusal(web.HTTPConflict, say("page_answer_gone")) from error
        if is_new:
            self.audience.tell(channel, event_of(entry))
            self.said()
        return web.json_response({"id": entry.id}, status=202)

    async def _body(self, request: web.Request) -> bytes:
        if (request.content_length or 0) > self.most_bytes:
            raise self._too_heavy()
        body = bytearray()
        async for chunk in request.content.iter_chunked(CHUNK):
            body += chunk
            if len(body) > self.most_bytes:  # a body without a length
                raise self._too_heavy()
        return bytes(body)

    def _too_heavy(self) -> web.HTTPException:
        sentence = say("page_too_heavy", limit=self.most_bytes // (1024 * 1024))
        return web.HTTPRequestEntityTooLarge(
            self.most_bytes, 0, text=json.dumps({"error": sentence}), content_type="application/json"
        )

    # out

    async def show_upload(self, request: web.Request) -> web.Response:
        """Give a picture or a sound back; anything that a browser could take for something else is not there."""
        upload = await self.journal.upload(request.match_info["id"])
        data = await self.journal.data(upload.id) if upload and upload.kind else None
        if upload is None or data is None:
            raise refusal(web.HTTPNotFound, say("page_no_picture"))
        part, where = _asked_for(request, data)
        headers = {**_headers("inline", upload), "Accept-Ranges": "bytes", **where}
        return web.Response(body=part, status=206 if where else 200, content_type=upload.kind, headers=headers)

    async def hand_out(self, request: web.Request) -> web.Response:
        """Give a file back to be saved, whatever is in it; no browser opens it."""
        upload = await self.journal.upload(request.match_info["id"])
        data = await self.journal.data(upload.id) if upload else None
        if upload is None or data is None:
            raise refusal(web.HTTPNotFound, say("page_no_file"))
        return web.Response(body=data, content_type="application/octet-stream", headers=_headers("attachment", upload))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Tell a tab what the channel shows, and everything that happens from then on."""
        channel = request.match_info["channel"]
        response = web.StreamResponse(headers=EVENT_STREAM)
        with suppress(ConnectionResetError), self.audience.tab(channel) as tab:
            await response.prepare(request)
            await response.write(RETRY)
            news = [await self._snapshot(channel)]
            while not tab.closed:
                await response.write(b"".join(map(_on_the_wire, news)))
                if not news or SWITCHES & {event.name for event in news}:
                    await response.write(_on_the_wire(await self._model(channel)))
                news = await tab.news(PING)
        return response

    async def _snapshot(self, channel: str) -> Event:
        entries = await self.journal.last_entries(channel, LAST)
        data = {"entries": [event_of(entry).data for entry in entries], "typing": self.is_typing(channel)}
        return Event("snapshot", "channel", data)

    async def _model(self, channel: str) -> Event:
        """What answers there now; empty where nobody knows."""
        try:
            model = await self.model_of(channel) if self.model_of else ""
        except Exception:  # the store may be away; what was said can be read all the same
            log.exception("what answers in a channel could not be found", channel=channel)
            model = ""
        return Event("model", "model", {"id": model})


def _in_its_language(handler: Handler) -> Handler:
    """A handler that says its sentences in the language of the browser."""

    async def handle(request: web.Request) -> web.StreamResponse:
        with speaking(_language_of(request)):
            return await handler(request)

    return handle


def _language_of(request: web.Request) -> str:
    return language_in(request.headers.get("Accept-Language", ""))


def event_of(entry: Entry) -> Event:
    """What tabs are told of a message or a post."""
    kind = "post" if entry.ours else "message"
    data: dict[str, Any] = {"kind": kind, "id": entry.id, "text": entry.text, "time": entry.time}
    data |= {"reply_to": entry.reply_to, "about": entry.about, "label": entry.label}
    data |= {"buttons": list(map(asdict, entry.buttons)), "photos": list(map(_photo, entry.photos))}
    return Event(kind, entry.id, data)


def _asked_for(request: web.Request, data: bytes) -> tuple[bytes, Mapping[str, str]]:
    """The part of a file that a player asks for, and where it lies; without that, some play nothing."""
    try:
        start, stop, _ = request.http_range.indices(len(data))
    except ValueError:  # a range of another kind is as good as none
        return data, {}
    if "Range" not in request.headers or start >= stop:
        return data, {}
    return data[start:stop], {"Content-Range": f"bytes {start}-{stop - 1}/{len(data)}"}


def _headers(disposition: str, upload: Upload) -> dict[str, str]:
    return {
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(upload.name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }


def _photo(upload: Upload) -> dict[str, Any]:
    told = {"id": upload.id, "name": upload.name, "size": upload.size, "about": upload.about}
    url = f"/api/uploads/{upload.id}" if upload.kind else None
    return {**told, "url": url, "plays": upload.kind.startswith("audio/"), "file": f"/api/files/{upload.id}"}


def _on_the_wire(event: Event) -> bytes:
    return f"event: {event.name}\ndata: {json.dumps(event.data)}\n\n".encode()


def _said(body: Any) -> SubmittedMessage:
    match body:
        case {"text": str(text), "key": str(key), "uploads": [*uploads]} if KEY.fullmatch(key) and _is_about(body):
            ids = tuple(id for id in uploads if isinstance(id, str))
            said = SubmittedMessage(text.strip(), ids, key, body.get("about"), _language(body))
        case _:
            raise refusal(web.HTTPBadRequest, "A message is {text, uploads: [ids], key}.")
    if not said.text and not said.uploads:
        raise refusal(web.HTTPBadRequest, say("page_nothing"))
    if len(said.text) > MOST_TEXT:
        raise refusal(web.HTTPBadRequest, say("page_too_long", most=f"{MOST_TEXT:,}"))
    if len(said.uploads) > MOST_PHOTOS:
        raise refusal(web.HTTPBadRequest, say("page_too_many", most=MOST_PHOTOS))
    return said


def _is_about(body: Mapping[str, Any]) -> bool:
    """Whether it is about a post or about none, and not about something that makes no sense."""
    post = body.get("about")
    return post is None or (isinstance(post, str) and ID.fullmatch(post) is not None)


def _language(body: Mapping[str, Any]) -> str:
    """The browser's language; a strange one is no reason to refuse what is said in it."""
    language = body.get("language")
    return language if isinstance(language, str) and LANGUAGE.fullmatch(language) else ""


def _plain_name(name: str) -> str:
    """The last part of a file's name, in printable characters."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(filter(str.isprintable, last)).strip()[-120:] or "photo"

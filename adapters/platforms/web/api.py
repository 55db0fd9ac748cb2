"""The HTTP API of the page: requests in, journal entries and events out."""

import asyncio
import gzip
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

import structlog
from aiohttp import web

from adapters.platforms.web.audience import Audience, Event
from adapters.platforms.web.conversation_api import LIST_CHANGED
from adapters.platforms.web.entries import Entry, SubmittedMessage, UnknownPost, UnknownUpload, Upload
from adapters.platforms.web.journal import MAX_ID, Journal
from adapters.platforms.web.localized import CHANNEL, KEY, localized
from adapters.platforms.web.page import STATIC, read_static_file, render_page
from adapters.platforms.web.partial_uploads import Overtaken, PartialUploads, WrongOffset
from adapters.platforms.web.photo_api import describe_upload
from adapters.platforms.web.photo_previews import can_be_drawn
from adapters.platforms.web.post_elements import hidden, post_elements
from adapters.platforms.web.upload_kinds import browser_type
from bot import __version__
from bot.errors import BotError
from bot.web.bodies import read_json, refusal
from bot.web.languages import language_of
from bot.web.logins import SESSION
from bot.words import catalogue, say

log = structlog.get_logger(__name__)

FILES = {path.name for path in STATIC.iterdir()} - {"index.html"}
NO_CACHE = {"Cache-Control": "no-cache"}  # or an update of the bot would leave old scripts in browsers
ID = re.compile(r"[0-9]{1,18}")
LANGUAGE = re.compile(r"[A-Za-z0-9-]{0,20}")  # de, zh-CN, es-419
MAX_TEXT = 100_000  # characters
MAX_PHOTOS = 10  # with one message
SNAPSHOT_ENTRIES = 200  # entries that a tab starts with, and of each older page
PING_SECONDS = 5.0  # of silence in an event stream, until it repeats the current model; pages watch for it
CHUNK = 64 * 1024
RETRY = b"retry: 1000\n\n"  # milliseconds until a browser connects again
EVENT_STREAM = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}

HELP = "help_"  # before the name of a command, in the keys of sentences
MODEL_EVENTS = {"snapshot", "post"}  # events with which another model may have begun to answer

Models = Callable[[], Awaitable[Sequence[Mapping[str, Any]]]]
ModelOf = Callable[[str], Awaitable[str]]
"""A function that returns the model of a channel, as provider/model."""

NumbersOf = Callable[[str], Awaitable[Mapping[str, int]]]
"""A function that returns the numbers of the files in the conversation of a channel, by the ids of their uploads."""


@dataclass(kw_only=True)
class WebApi:
    """The routes of the page. `on_new_message` is called when a new message is in the journal."""

    journal: Journal
    audience: Audience
    on_new_message: Callable[[], None]
    is_typing: Callable[[str], bool]
    max_bytes: int
    banner: Callable[[], str]
    model_of: ModelOf | None
    models: Models | None
    useless_commands: Callable[[], Collection[str]]
    numbers_of: NumbersOf | None
    partial_uploads: PartialUploads
    key_page: str = ""

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add all routes of the page."""
        router.add_get(f"/c/{CHANNEL}", self.page)
        router.add_get("/static/{name}", self.static)
        router.add_get("/api/about", localized(self.show_about))
        router.add_get("/api/models", localized(self.list_models))
        router.add_get("/api/uploads/{id}", localized(self.show_upload))
        router.add_get("/api/files/{id}", localized(self.download_file))
        router.add_post(f"/api/channels/{CHANNEL}/uploads", localized(self.upload))
        router.add_get(f"/api/channels/{CHANNEL}/uploads/{{key:[A-Za-z0-9_-]{{1,64}}}}", localized(self.show_received))
        router.add_post(f"/api/channels/{CHANNEL}/messages", localized(self.post))
        router.add_post(f"/api/channels/{CHANNEL}/messages/{{id:[0-9]{{1,18}}}}", localized(self.revise))
        router.add_get("/api/commands", localized(self.list_commands))
        router.add_get(f"/api/channels/{CHANNEL}/events", self.events)
        router.add_get(f"/api/channels/{CHANNEL}/entries", self.list_older)
        router.add_get(f"/api/channels/{CHANNEL}/news", self.show_news)

    # the page

    async def page(self, request: web.Request) -> web.Response:
        """Serve the page; its script finds the channel in the address."""
        headers = {**NO_CACHE, "Vary": "Accept-Language"}
        response = web.Response(text=render_page(language_of(request)), content_type="text/html", headers=headers)
        response.enable_compression()
        return response

    async def static(self, request: web.Request) -> web.Response:
        """Serve a static file of the page, packed where the browser unpacks."""
        name = request.match_info["name"]
        if name not in FILES:
            raise web.HTTPNotFound
        file = read_static_file(name)
        if file.tag in {tag.value for tag in request.if_none_match or ()}:
            raise web.HTTPNotModified(headers=NO_CACHE)
        headers = {**NO_CACHE, "ETag": f'"{file.tag}"', "Vary": "Accept-Encoding"}
        if "gzip" not in request.headers.get("Accept-Encoding", ""):
            return web.Response(body=gzip.decompress(file.packed), content_type=file.mime, headers=headers)
        return web.Response(body=file.packed, content_type=file.mime, headers={**headers, "Content-Encoding": "gzip"})

    async def show_about(self, request: web.Request) -> web.Response:
        """Describe the bot, and the limits that the page needs to know."""
        limits = {"most_bytes": self.max_bytes, "most_photos": MAX_PHOTOS, "most_text": MAX_TEXT}
        about = {"name": "Snapthread", "version": __version__, "banner": self.banner(), "session": SESSION in request}
        return web.json_response({**about, **limits, "key_page": self.key_page})

    async def list_models(self, request: web.Request) -> web.Response:
        """List the models that can be asked."""
        try:
            models = await self.models() if self.models else ()
        except BotError as error:
            raise refusal(web.HTTPBadGateway, str(error)) from error
        return web.json_response(list(models))

    async def list_commands(self, request: web.Request) -> web.Response:
        """List the commands that can be typed, in the order of /help."""
        sentences = catalogue()
        names = [key.removeprefix(HELP) for key in sentences if key.startswith(HELP)]
        listed = [name for name in names if name != "start" and name not in self.useless_commands()]
        return web.json_response([{"name": name, "help": sentences[HELP + name]} for name in listed])

    # in

    async def upload(self, request: web.Request) -> web.Response:
        """Store one file: the raw body is its content."""
        data = await self._body(request)
        name = _plain_name(request.query.get("name", ""))
        kind = await browser_type(data)
        upload = Upload(
            id=secrets.token_urlsafe(16),
            name=name,
            mime=request.content_type[:100],
            kind=kind,
            size=len(data),
            has_preview=can_be_drawn(data),
        )
        await self.journal.add_upload(upload, request.match_info["channel"], data)
        return web.json_response(describe_upload(upload), status=201)

    async def post(self, request: web.Request) -> web.Response:
        """Store a message. The status 202 means that it survives a crash."""
        channel = request.match_info["channel"]
        message = _parse_message(await read_json(request))
        try:
            entry, is_new = await self.journal.add_message(channel, message)
        except UnknownUpload as error:
            raise refusal(web.HTTPConflict, say("page_photo_gone")) from error
        except UnknownPost as error:
            raise refusal(web.HTTPConflict, say("page_answer_gone")) from error
        if is_new:
            self.audience.publish(channel, await make_entry_event(entry))
            self.audience.publish_elsewhere(channel, LIST_CHANGED)
            self.on_new_message()
        return web.json_response({"id": entry.id}, status=202)

    async def revise(self, request: web.Request) -> web.Response:
        """Change the words of a message, which is then asked again. The status 202 means that it survives a crash."""
        channel = request.match_info["channel"]
        match await read_json(request):
            case {"text": str(text)} if text.strip() and not text.lstrip().startswith("/"):
                _check_length(text)
            case _:
                raise refusal(web.HTTPBadRequest, say("page_nothing"))
        entry = await self.journal.revise_message(channel, request.match_info["id"], text.strip())
        if entry is None:
            raise refusal(web.HTTPConflict, say("page_question_gone"))
        self.audience.publish(channel, await make_entry_event(entry))
        self.audience.publish_elsewhere(channel, LIST_CHANGED)
        self.on_new_message()
        return web.json_response({"id": entry.id}, status=202)

    async def _body(self, request: web.Request) -> bytes:
        """Return a body of at most `max_bytes`; one with a key may be the rest of an upload that broke off."""
        if (request.content_length or 0) > self.max_bytes:
            raise self._too_large()
        key, offset = request.query.get("key", ""), request.query.get("offset", "0")
        if not KEY.fullmatch(key) or not ID.fullmatch(offset):
            key, offset = secrets.token_urlsafe(16), "0"
        chunks = request.content.iter_chunked(CHUNK)
        try:
            data = await self.partial_uploads.receive(
                f"{request.match_info['channel']}/{key}", int(offset), chunks, self.max_bytes
            )
        except (WrongOffset, Overtaken) as error:
            raise refusal(web.HTTPConflict, say("page_broke_off")) from error
        if data is None:
            raise self._too_large()
        return data

    async def show_received(self, request: web.Request) -> web.Response:
        """Tell how many bytes of an upload that broke off are there."""
        key = f"{request.match_info['channel']}/{request.match_info['key']}"
        return web.json_response({"received": await self.partial_uploads.count_received(key)})

    def _too_large(self) -> web.HTTPException:
        sentence = say("page_too_heavy", limit=self.max_bytes // (1024 * 1024))
        return web.HTTPRequestEntityTooLarge(
            self.max_bytes, 0, text=json.dumps({"error": sentence}), content_type="application/json"
        )

    # out

    async def show_upload(self, request: web.Request) -> web.Response:
        """Serve a picture or a sound; anything that a browser could take for something else gets 404."""
        upload = await self.journal.get_upload(request.match_info["id"])
        data = await self.journal.get_data(upload.id) if upload and upload.kind else None
        if upload is None or data is None:
            raise refusal(web.HTTPNotFound, say("page_no_picture"))
        body, range_header = _requested_range(request, data)
        headers = {**_headers("inline", upload), "Accept-Ranges": "bytes", **range_header}
        return web.Response(body=body, status=206 if range_header else 200, content_type=upload.kind, headers=headers)

    async def download_file(self, request: web.Request) -> web.Response:
        """Serve any file as a download, which no browser opens."""
        upload = await self.journal.get_upload(request.match_info["id"])
        data = await self.journal.get_data(upload.id) if upload else None
        if upload is None or data is None:
            raise refusal(web.HTTPNotFound, say("page_no_file"))
        return web.Response(body=data, content_type="application/octet-stream", headers=_headers("attachment", upload))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Stream a snapshot of the channel to a tab, and every event from then on."""
        channel = request.match_info["channel"]
        response = web.StreamResponse(headers=EVENT_STREAM)
        with suppress(ConnectionResetError), self.audience.tab(channel) as tab:
            await response.prepare(request)
            await response.write(RETRY)
            new_events = [await self._snapshot(channel)]
            while not tab.closed:
                await response.write(b"".join(map(_encode_event, new_events)))
                if not new_events or MODEL_EVENTS & {event.name for event in new_events}:
                    await response.write(_encode_event(await self._model(channel)))
                if MODEL_EVENTS & {event.name for event in new_events}:
                    await response.write(_encode_event(await self._numbers(channel)))
                new_events = await tab.wait_for_events(PING_SECONDS)
        return response

    async def list_older(self, request: web.Request) -> web.Response:
        """List the entries before the one with the id `before`."""
        before = request.query.get("before", "")
        if not ID.fullmatch(before):
            raise refusal(web.HTTPBadRequest, "Name an entry: before=ID.")
        return web.json_response(await self._page(request.match_info["channel"], int(before)))

    async def show_news(self, request: web.Request) -> web.Response:
        """Tell whether there is an answer after the entry `after`: for tabs in the background, which hold no stream."""
        after = request.query.get("after", "")
        if not ID.fullmatch(after):
            raise refusal(web.HTTPBadRequest, "Name an entry: after=ID.")
        return web.json_response(
            {"news": await self.journal.has_answer_since(request.match_info["channel"], int(after))}
        )

    async def _snapshot(self, channel: str) -> Event:
        page = await self._page(channel, MAX_ID)
        return Event("snapshot", "channel", {**page, "typing": self.is_typing(channel)})

    async def _page(self, channel: str, before: int) -> dict[str, Any]:
        entries = await self.journal.list_last_entries(channel, SNAPSHOT_ENTRIES + 1, before)
        shown = [(await make_entry_event(entry)).data for entry in entries[-SNAPSHOT_ENTRIES:]]
        return {"entries": shown, "more": len(entries) > SNAPSHOT_ENTRIES}

    async def _model(self, channel: str) -> Event:
        """Return the event that names the channel's model; empty where it is unknown."""
        try:
            model = await self.model_of(channel) if self.model_of else ""
        except Exception:  # the store may be away; the entries can be read all the same
            log.exception("what answers in a channel could not be found", channel=channel)
            model = ""
        return Event("model", "model", {"id": model})

    async def _numbers(self, channel: str) -> Event:
        """Return the event that tells the numbers of photos and documents, by which people may call them."""
        try:
            numbers = await self.numbers_of(channel) if self.numbers_of else {}
        except Exception:  # as above
            log.exception("the numbers of photos could not be found", channel=channel)
            numbers = {}
        return Event("numbers", "numbers", dict(numbers))


async def make_entry_event(entry: Entry) -> Event:
    """Return the event that shows a message or a post in tabs. A post is parsed in a thread: it may be long."""
    kind = "post" if entry.ours else "message"
    data: dict[str, Any] = {"kind": kind, "id": entry.id, "text": entry.text, "time": entry.time}
    data |= {"reply_to": entry.reply_to, "about": entry.about, "label": entry.label, "revised": entry.revised}
    data |= {"buttons": list(map(asdict, entry.buttons)), "photos": list(map(describe_upload, entry.photos))}
    if entry.ours:
        elements = await asyncio.to_thread(post_elements, entry.text)
        data["tree"] = [hidden(elements)] if entry.is_spoiler else elements
    return Event(kind, entry.id, data)


def _requested_range(request: web.Request, data: bytes) -> tuple[bytes, Mapping[str, str]]:
    """Return the requested range of a file, and its header; without ranges, some players play nothing."""
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


def _encode_event(event: Event) -> bytes:
    return f"event: {event.name}\ndata: {json.dumps(event.data)}\n\n".encode()


def _parse_message(body: Any) -> SubmittedMessage:
    match body:
        case {"text": str(text), "key": str(key), "uploads": [*uploads]} if KEY.fullmatch(key) and _is_about(body):
            ids = tuple(id for id in uploads if isinstance(id, str))
            message = SubmittedMessage(
                text=text.strip(), uploads=ids, key=key, about=body.get("about"), language=_language(body)
            )
        case _:
            raise refusal(web.HTTPBadRequest, "A message is {text, uploads: [ids], key}.")
    if not message.text and not message.uploads:
        raise refusal(web.HTTPBadRequest, say("page_nothing"))
    _check_length(message.text)
    if len(message.uploads) > MAX_PHOTOS:
        raise refusal(web.HTTPBadRequest, say("page_too_many", most=MAX_PHOTOS))
    return message


def _check_length(text: str) -> None:
    if len(text) > MAX_TEXT:
        raise refusal(web.HTTPBadRequest, say("page_too_long", most=MAX_TEXT))


def _is_about(body: Mapping[str, Any]) -> bool:
    """Tell whether the message names a valid post or none."""
    post = body.get("about")
    return post is None or (isinstance(post, str) and ID.fullmatch(post) is not None)


def _language(body: Mapping[str, Any]) -> str:
    """Return the browser's language; empty for a strange one, which is no reason to refuse the message."""
    language = body.get("language")
    return language if isinstance(language, str) and LANGUAGE.fullmatch(language) else ""


def _plain_name(name: str) -> str:
    """Return the last part of a file's name, in printable characters."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(filter(str.isprintable, last)).strip()[-120:] or "photo"

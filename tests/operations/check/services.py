"""Services on loopback for set-ups of the check: chat completions of many kinds, and Telegram; with TLS or without."""

import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

KEY = "sk-the-key-of-the-operator"
TOKEN = "123456789:" + "A" * 35
PAGE = "<!DOCTYPE html><html><title>Open WebUI</title></html>"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def json_reply(body: Any, status: int = 200) -> Handler:
    async def reply(request: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status)

    return reply


def error(status: int, message: str, code: str | None = None) -> Handler:
    return json_reply({"error": {"message": message, "type": "invalid_request_error", "code": code}}, status)


async def page(request: web.Request) -> web.StreamResponse:
    return web.Response(text=PAGE, content_type="text/html")


def keyed(handler: Handler, name: str = "Authorization", value: str = f"Bearer {KEY}") -> Handler:
    async def reply(request: web.Request) -> web.StreamResponse:
        if request.headers.get(name) != value:
            return await error(401, "No auth credentials found")(request)
        return await handler(request)

    return reply


def models(*ids: str) -> Handler:
    return json_reply({"object": "list", "data": [{"id": id, "object": "model"} for id in ids]})


EMPTY = error(400, "[] is too short - 'messages'")
GONE = error(404, "404 page not found")


def completions(base: str, listed: Handler, asked: Handler = EMPTY) -> list[web.RouteDef]:
    return [web.get(f"{base}/models", listed), web.post(f"{base}/chat/completions", asked)]


async def classic_azure(request: web.Request) -> web.StreamResponse:
    if "api-version" not in request.query:
        return await error(404, "Resource not found", "404")(request)
    return await keyed(EMPTY)(request)


async def telegram(request: web.Request) -> web.StreamResponse:
    if request.match_info["token"] != TOKEN:
        return web.json_response({"ok": False, "error_code": 401, "description": "Unauthorized"}, status=401)
    result = {
        "id": 1,
        "is_bot": True,
        "first_name": "Snap",
        "username": "snap_bot",
        "can_read_all_group_messages": False,
    }
    return web.json_response({"ok": True, "result": result})


def app() -> web.Application:
    """All services under one roof, each below a path of its own."""
    llava = models("llava:latest", "llama3:8b")
    app = web.Application()
    app.add_routes(
        [
            *completions("/ollama/v1", llava),
            *completions("/null/v1", json_reply({"object": "list", "data": None})),
            *completions("/none/v1", models()),
            *completions("/openai/v1", keyed(models("gpt-4o", "gpt-4o-mini", "o3-mini")), keyed(EMPTY)),
            *completions("/401/v1", error(401, "Incorrect API key"), error(401, "Incorrect API key")),
            *completions("/openrouter/api/v1", models("google/gemini-2.5-flash"), keyed(EMPTY)),
            *completions("/poor/v1", error(402, "Insufficient credits"), error(402, "Insufficient credits")),
            *completions("/down/v1", error(503, "Overloaded"), error(503, "Overloaded")),
            *completions("/busy/v1", error(429, "Too many requests"), error(429, "Too many requests")),
            *completions("/unlisted/v1", GONE, keyed(EMPTY)),
            *completions("/unlisted422/v1", GONE, error(422, "messages: List should have at least 1 item")),
            *completions("/odd/v1", GONE, error(500, "Internal error")),
            *completions("/nomodel/v1", GONE, error(404, "The model `gpt-5` does not exist", "model_not_found")),
            *completions("/forbidden/v1", GONE, error(403, "This key may not do that")),
            *completions("/gemini/v1beta/openai", keyed(models("models/gemini-2.5-flash")), keyed(EMPTY)),
            *completions("/page/v1", page, page),
            *completions("/webui/api", keyed(models("llava:latest")), keyed(EMPTY)),
            *completions("/old", GONE, moved_to("/openai/v1/chat/completions")),
            *completions("/lms/v1", llava),
            web.route("*", "/lms/{any:.*}", json_reply({"error": "Unexpected endpoint or method. (POST /lms)"})),
            *completions("/mock/v1", llava, error(404, "No fixture matched", "no_fixture_match")),
            web.get("/webui/{any:.*}", page),
            web.post("/classic/openai/deployments/gpt-4o/chat/completions", classic_azure),
            web.post("/openai/deployments/gpt-4o/chat/completions", classic_azure),
            web.get("/tg/bot{token}/getMe", telegram),
            web.post("/tg/bot{token}/getMe", telegram),
            web.get("/api/results/{uuid}", keyed(json_reply({"aiRecord": None}), "api-key", KEY)),
        ]
    )
    return app


def moved_to(path: str) -> Handler:
    async def reply(request: web.Request) -> web.StreamResponse:
        return web.Response(status=308, headers={"location": path})

    return reply


@asynccontextmanager
async def serving(context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve all of them, and give the port."""
    runner = web.AppRunner(app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def own_certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context with a certificate that it signed itself, and the file of that."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "own.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context, pem

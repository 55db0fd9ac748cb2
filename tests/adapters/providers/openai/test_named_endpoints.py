"""Any number of OpenAI-compatible endpoints at once: by name, with what is known of a service filled in."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.providers import PROVIDERS
from adapters.providers.openai.endpoints_by_name import endpoint_settings
from adapters.providers.openai.provider import OpenAI
from adapters.providers.openai.services import SERVICES, auth_headers, profile_of
from bot.adapter_context import AdapterContext
from bot.configuration import read_settings
from bot.errors import BotError, FailureCode
from bot.messages import Conversation, Prompt
from bot.settings import Settings, SettingsError
from tests.adapters.providers.openai.conftest import Endpoint, Script, json_of, prompt, told


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def named(monkeypatch: pytest.MonkeyPatch, names: str, **variables: str) -> Settings:
    monkeypatch.setenv("BOT_ENDPOINTS", names)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return read_settings()


def client(settings: Settings, name: str) -> OpenAI:
    context = AdapterContext(settings=settings, store=cast(Any, None), web=cast(Any, None))
    return cast(OpenAI, PROVIDERS[name].build(context))


def test_known_names_are_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = named(monkeypatch, "openrouter, ollama", OPENROUTER_API_KEY="sk-or-1")
    assert {"onemin", "openai", "openrouter", "ollama"} <= set(PROVIDERS)
    router, ollama = client(settings, "openrouter"), client(settings, "ollama")
    assert (router.name, router._http.url) == ("openrouter", "https://openrouter.ai/api/v1/")
    assert router._http.headers["authorization"] == "Bearer sk-or-1"
    assert ollama._http.url == "http://127.0.0.1:11434/v1/"
    assert "authorization" not in ollama._http.headers


def test_without_names_there_are_the_shipped_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOT_ENDPOINTS", raising=False)
    assert list(PROVIDERS) == ["onemin", "vapi", "aimlapi", "openai", "local"]


def test_an_unknown_name_needs_an_address_and_azure_one_of_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as wrong:
        named(monkeypatch, "my-box,azure", MY_BOX_API_KEY="k")
    assert "MY_BOX_API_URL: it is missing" in str(wrong.value)
    assert "AZURE_API_URL: it is missing" in str(wrong.value)
    settings = named(monkeypatch, "my-box", MY_BOX_API_URL="http://box.local:9/v1")
    assert client(settings, "my-box")._profile.service == "my-box"


@pytest.mark.parametrize("names", ["Open Router", "a/b", "9lives"])
def test_a_name_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, names: str) -> None:
    with pytest.raises(SettingsError, match="BOT_ENDPOINTS: it should be names in small letters"):
        named(monkeypatch, names)


def test_the_variables_of_an_endpoint_are_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"groq_api_key", "groq_api_url", "bot_max_tokens"} <= set(endpoint_settings("groq").model_fields)
    assert endpoint_settings("groq") is endpoint_settings("groq")


@pytest.mark.parametrize(
    ("url", "service", "auth"),
    [
        ("https://api.openai.com/v1", "OpenAI", "bearer"),
        ("https://openrouter.ai/api/v1", "OpenRouter", "bearer"),
        ("https://me.openai.azure.com/openai/v1", "Azure", "api-key"),
        ("https://me.cognitiveservices.azure.com/openai/deployments/x?api-version=1", "Azure", "api-key"),
        ("https://api.anthropic.com/v1", "Anthropic", "anthropic"),
        ("https://api.groq.com/openai/v1", "Groq", "bearer"),
        ("http://127.0.0.1:11434/v1", "The endpoint", "bearer"),
        ("https://relay.example.com/v1", "The endpoint", "bearer"),
    ],
)
def test_a_service_is_recognised_by_its_address(url: str, service: str, auth: str) -> None:
    profile = profile_of("openai", url)
    assert (profile.name, profile.service, profile.auth) == ("openai", service, auth)


def test_every_service_of_the_table_has_a_way_to_carry_its_key() -> None:
    for profile in SERVICES.values():
        assert "k-1" in str(auth_headers("k-1", profile.auth))
    assert auth_headers("k-1", "api-key") == {"api-key": "k-1"}


def test_the_page_about_providers_has_a_row_for_each_service() -> None:
    page = (Path(__file__).parents[4] / "docs" / "providers.md").read_text("utf-8")
    for name, profile in SERVICES.items():
        [row] = [line for line in page.splitlines() if line.startswith(f"| `{name}` | ") and line.count("|") == 7]
        assert profile.url in row
        assert profile.most_photos is None or f"{profile.most_photos} photos at a time" in row


async def test_the_classic_address_of_azure_keeps_its_version(
    monkeypatch: pytest.MonkeyPatch, endpoint: Endpoint
) -> None:
    url = endpoint.url.replace("/v1", "/openai/deployments/gpt-4o")
    settings = named(monkeypatch, "azure", AZURE_API_KEY="k-1", AZURE_API_URL=f"{url}?api-version=2024-10-21")
    endpoint.pages["/openai/deployments/gpt-4o/chat/completions"] = endpoint.answers[0]
    async with client(settings, "azure") as azure:
        answer = await told(azure, prompt(model="azure/gpt-4o"))
    assert answer.text == "A cat."
    [seen] = endpoint.seen
    assert seen.headers["api-key"] == "k-1"
    assert seen.query == {"api-version": "2024-10-21"}


async def test_the_prefix_of_geminis_list_is_no_part_of_a_model(
    monkeypatch: pytest.MonkeyPatch, endpoint: Endpoint
) -> None:
    settings = named(monkeypatch, "gemini", GEMINI_API_KEY="k-1", GEMINI_API_URL=endpoint.url)
    endpoint.pages["/v1/models"] = json_of({"data": [{"id": "models/gemini-2.5-flash"}, {"id": "models/gemma-3-27b"}]})
    async with client(settings, "gemini") as gemini:
        assert [model.id for model in await gemini.models()] == ["gemini-2.5-flash", "gemma-3-27b"]


async def test_limits_of_a_service_and_nearness_are_told_with_its_models(
    monkeypatch: pytest.MonkeyPatch, endpoint: Endpoint
) -> None:
    settings = named(monkeypatch, "groq", GROQ_API_KEY="k-1", GROQ_API_URL=endpoint.url)
    endpoint.pages["/v1/models"] = json_of({"data": [{"id": "meta-llama/llama-4-scout"}]})
    async with client(settings, "groq") as groq:
        [model] = await groq.models()
    assert (model.most_photos, model.is_local) == (5, True)


# certificates and proxies


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for localhost that nobody has signed but itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "ca.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption()))
    return files


@asynccontextmanager
async def with_certificate(certificate: Path, key: Path) -> AsyncIterator[str]:
    """Serve an endpoint over TLS with this certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        script = Script(b'{"choices": [{"message": {"content": "A cat."}, "finish_reason": "stop"}]}')
        return web.Response(body=script.body, content_type="application/json")

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    try:
        yield f"https://localhost:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


async def asked(settings: Settings) -> str:
    async with client(settings, "box") as box:
        return (await told(box, Prompt(conversation=Conversation(1, "box/llava"), text="What?"))).text


async def test_a_certificate_that_is_not_trusted_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    async with with_certificate(certificate, key) as url:
        settings = named(monkeypatch, "box", BOX_API_URL=url)
        with pytest.raises(BotError) as wrong:
            await asked(settings)
        assert wrong.value.code is FailureCode.PROVIDER_CERTIFICATE
        assert "box has a certificate that this machine does not trust" in str(wrong.value)
        assert await asked(named(monkeypatch, "box", BOT_CA_FILE=str(certificate))) == "A cat."
        monkeypatch.delenv("BOT_CA_FILE")
        assert await asked(named(monkeypatch, "box", BOT_SELF_SIGNED="localhost")) == "A cat."


async def test_a_proxy_is_asked_for_what_is_not_nearby(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = list[bytes]()

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(await reader.readline())
        writer.close()

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    settings = named(monkeypatch, "box", BOX_API_URL="https://box.example.com/v1", BOT_PROVIDER_PROXY=address)
    async with server:
        with pytest.raises(BotError):
            await asked(settings)
    assert lines[0].startswith(b"CONNECT box.example.com:443")

"""Shared parts of the set-up pages: their files, the fields of a service, and the test of what was pasted."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.operations.set_up.service_trials import ServiceToSetUp, allowed_variables, list_services, try_service
from bot.web.bodies import read_json, refusal

STATIC = Path(__file__).parent / "static"
CSP = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; "
CSP += "base-uri 'none'; frame-ancestors 'none'"
HEADERS = {"Cache-Control": "no-store", "Content-Security-Policy": CSP}
LONGEST = 4096  # characters of a value
FILES = {"setup.js", "setup.css"}


async def serve_file(request: web.Request) -> web.FileResponse:
    """Serve the script or the style, by the `name` in the route."""
    name = request.match_info["name"]
    if name not in FILES:
        raise web.HTTPNotFound
    return web.FileResponse(STATIC / name, headers={"Cache-Control": "no-store"})


async def try_pasted(request: web.Request) -> web.Response:
    """Test one service, and return its findings and models."""
    body = await read_json(request)
    name = body.get("service") if isinstance(body, dict) else None
    service = next((each for each in list_services() if each.name == name), None)
    if service is None:
        raise refusal(web.HTTPBadRequest, "There is no such service.")
    trial = await try_service(service, read_values(body))
    findings = [{"verdict": each.verdict, "remark": each.remark} for each in trial.findings]
    return web.json_response({"findings": findings, "usable": trial.is_usable, "models": trial.models})


def read_values(body: Any) -> Mapping[str, str]:
    """Return the variables in a body; raise 400 for any other than those of the forms."""
    values = body.get("values") if isinstance(body, dict) else None
    allowed = allowed_variables()
    if not isinstance(values, dict) or not all(
        name in allowed and isinstance(value, str) and len(value) <= LONGEST for name, value in values.items()
    ):
        raise refusal(web.HTTPBadRequest, "These are not the fields of the form.")
    return values


def render_service(service: ServiceToSetUp) -> str:
    """Return the fields of a service as HTML."""
    hint = f"<p class=hint>From {escape(service.hint)}.</p>" if service.hint else ""
    addresses = "".join(
        f'<label>{escape(variable)}<input name="{escape(variable)}" type="url" autocomplete="off" spellcheck="false">'
        "</label>"
        for variable in service.addresses
    )
    return (
        f'<fieldset data-service="{escape(service.name)}"><legend>{escape(service.title)}</legend>{hint}{addresses}'
        f'<label>{escape(service.key)}<input name="{escape(service.key)}" type="password" autocomplete="off" '
        'spellcheck="false"></label><button type="button" class="test">Test</button>'
        '<ul class="findings" role="status"></ul></fieldset>'
    )


def render_limit(variable: str, title: str) -> str:
    """Return the field of a limit as HTML."""
    return (
        f'<label>{escape(title)}<input name="{escape(variable)}" type="number" min="0" step="any" inputmode="decimal" '
        'placeholder="no limit"></label>'
    )

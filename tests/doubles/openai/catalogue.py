"""What can be asked, and the list of it as each dialect writes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Model:
    """A model and its prices, in dollars for a million tokens."""

    id: str
    name: str
    owner: str
    input: float
    output: float
    sees: bool = False
    chats: bool = True
    aliases: tuple[str, ...] = ()
    dated: str = ""  # what a relay calls it in its answer
    context: int = 128_000

    @property
    def names(self) -> tuple[str, ...]:
        """All that it is called, first what AI/ML API calls it: there every name begins with its owner."""
        full = self.id if "/" in self.id else f"{self.owner.lower()}/{self.id}"
        return tuple(dict.fromkeys((full, self.id, *self.aliases)))


ALL = (
    Model("gpt-4o", "GPT-4o", "OpenAI", 2.5, 10, sees=True, dated="gpt-4o-2024-05-13"),
    Model("gpt-4o-mini", "GPT-4o mini", "OpenAI", 0.15, 0.6, sees=True, dated="gpt-4o-mini-2024-07-18"),
    Model("o3-mini", "o3 mini", "OpenAI", 1.1, 4.4, context=200_000),
    Model("openai/gpt-5-2025-08-07", "GPT-5", "OpenAI", 1.25, 10, sees=True, aliases=("gpt-5",), context=400_000),
    Model("anthropic/claude-sonnet-4.5", "Claude Sonnet 4.5", "Anthropic", 3, 15, sees=True, context=200_000),
    Model("deepseek-chat", "DeepSeek V3", "DeepSeek", 0.27, 1.1),
    Model("dall-e-3", "DALL-E 3", "OpenAI", 0, 40, chats=False),
    Model("text-embedding-3-small", "Embedding 3 small", "OpenAI", 0.02, 0, chats=False),
)
MODELS = {name: model for model in ALL for name in model.names}


def plain(*, rich: bool) -> Body:
    """OpenAI's list, which tells nothing but ids; `rich` adds what OpenRouter tells."""
    return {"object": "list", "data": [_plain(model) | (_rich(model) if rich else {}) for model in ALL]}


def _plain(model: Model) -> Body:
    return {"id": model.id, "object": "model", "created": 1_715_367_049, "owned_by": "system"}


def _rich(model: Model) -> Body:
    seen = ["text", "image"] if model.sees else ["text"]
    said = ["text"] if model.chats else ["image"]
    return {
        "name": f"{model.owner}: {model.name}",
        "context_length": model.context,
        "architecture": {
            "modality": f"{'+'.join(seen)}->{'+'.join(said)}",
            "input_modalities": seen,
            "output_modalities": said,
            "tokenizer": "GPT",
        },
        "pricing": {
            "prompt": f"{model.input / MILLION:.10f}".rstrip("0"),
            "completion": f"{model.output / MILLION:.10f}".rstrip("0"),
            "image": "0",
            "request": "0",
        },
        "top_provider": {"is_moderated": True},
    }


def relay() -> Body:
    """The list of a relay such as V-API seems to be: no prices, no eyes, but the endpoints."""
    data = [
        {**_plain(model), "owned_by": "custom", "supported_endpoint_types": ["openai" if model.chats else "image"]}
        for model in ALL
    ]
    return {"data": data, "object": "list", "success": True}


def aimlapi(query: Mapping[str, str]) -> Body:
    """AI/ML API's list: https://docs.aimlapi.com, whose filters `id`, `type` and `capabilities` it heeds."""
    wanted = {"pricing", "modalities", "capabilities"}
    asked = {part.strip() for part in query.get("include", "").lower().split(",")}
    included = wanted if "all" in asked or query.get("details") == "true" else wanted & asked
    entries = [_aimlapi(model) for model in ALL]
    return {"object": "list", "data": [_only(entry, included) for entry in entries if _fits(entry, query)]}


def _aimlapi(model: Model) -> Body:
    return {
        "id": model.names[0],
        "aliases": list(model.names[1:]) or None,
        "type": "openai/chat-completions" if model.chats else "openai/image-generations",
        "info": {"name": model.name, "developer": model.owner, "contextLength": model.context},
        "tags": ["playground:chat"] if model.chats else [],
        "pricing": {
            "kind": "fixed",
            "currency": "USD",
            "units": [
                _unit("provided", model.input),
                _unit("generated", model.output),
                _unit("cached", model.input / 10),
            ],
        },
        "modalities": {
            "input": ["text", "image"] if model.sees else ["text"],
            "output": ["text"] if model.chats else ["image"],
        },
        "capabilities": [*(["chat", "streaming"] if model.chats else ["text_to_image"]), *["vision"][: model.sees]],
    }


def _unit(origin: str, price: float) -> Body:
    """A rate as programs that read the live list have it: what is measured is always the output, even of a prompt."""
    about = {"type": "charge", "name": "token", "content": "text", "measure": "output", "phase": "inference"}
    author = "model" if origin == "generated" else "user"
    return {**about, "origin": origin, "author": author, "price": price, "per": MILLION}


def _only(entry: Body, included: set[str]) -> Body:
    left_out = {"pricing", "modalities", "capabilities"} - included
    return {name: value for name, value in entry.items() if name not in left_out}


def _fits(entry: Body, query: Mapping[str, str]) -> bool:
    def wants(name: str, has: list[str]) -> bool:
        values = {value.lower() for value in query.get(name, "").split(",") if value}
        return not values or bool(values & {each.lower() for each in has})

    ids = [entry["id"], *(entry["aliases"] or ())]
    return wants("id", ids) and wants("type", [entry["type"]]) and wants("capabilities", entry["capabilities"])

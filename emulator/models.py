"""The list of models that 1min.ai gave out on 2026-03-29, as far as it was written down."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from emulator.payloads import model_row
from emulator.tools import TOOLS

# id, provider, INPUT, OUTPUT, context, price of a small picture, listed under CHAT_WITH_IMAGE
_SEEING = """
qwen3-vl-plus alibaba 0.6 4.8 262144 802 yes
qwen3-vl-flash alibaba 0.12 0.96 262144 160 yes
qwen-vl-plus alibaba 0.21 0.63 131072 281 yes
qwen-vl-max alibaba 0.8 3.2 131072 1069 yes
claude-sonnet-4-6 anthropic 3 15 1000000 - no
claude-sonnet-4-5-20250929 anthropic 3 15 200000 4002 yes
claude-sonnet-4-20250514 anthropic 3 15 200000 4002 yes
claude-opus-4-6 anthropic 5 25 1000000 - no
claude-opus-4-5-20251101 anthropic 5 25 200000 6670 yes
claude-opus-4-20250514 anthropic 15 75 200000 20010 yes
claude-opus-4-1-20250805 anthropic 15 75 200000 20010 yes
claude-haiku-4-5-20251001 anthropic 1 5 200000 1334 yes
gemini-3.1-pro-preview googleai 2 12 1048576 560 no
gemini-3-flash-preview googleai 0.5 3 1048576 560 yes
gemini-2.5-pro googleai 1.25 10 1000000 968 yes
gemini-2.5-flash googleai 0.3 2.5 1000000 232 yes
gpt-5.1-codex-mini openai 0.25 2 400000 - no
gpt-5.1-codex openai 1.25 10 400000 - no
o4-mini openai 1.1 4.4 200000 - no
gpt-5.2-pro openai 21 168 400000 - no
gpt-5.2 openai 1.75 14 400000 - yes
gpt-5.1 openai 1.25 10 400000 106 yes
gpt-5-nano openai 0.05 0.4 400000 - no
gpt-5-mini openai 0.25 2 400000 415 yes
gpt-5-chat-latest openai 1.25 10 128000 106 yes
gpt-5 openai 1.25 10 400000 106 yes
gpt-4o-mini openai 0.15 0.6 128000 425 yes
gpt-4o openai 2.5 10 128000 425 yes
gpt-4.1-nano openai 0.1 0.4 1047576 - no
gpt-4.1-mini openai 0.4 1.6 1047576 - no
gpt-4.1 openai 2 8 1047576 - no
gpt-4-turbo openai 10 30 128000 425 yes
o4-mini-deep-research openai 2 8 200000 - no
o3-pro openai 20 80 200000 - no
o3-deep-research openai 10 40 200000 - no
o3 openai 2 8 200000 - no
grok-4-fast-reasoning xai 0.2 0.5 2000000 52 yes
grok-4-fast-non-reasoning xai 0.2 0.5 2000000 52 yes
"""

# Nobody wrote down their prices, so theirs are null here.
_BLIND = """
qwen3-max alibaba
qwen-plus alibaba
qwen-max alibaba
qwen-flash alibaba
command-r-08-2024 cohere
deepseek-chat deepseek
deepseek-reasoner deepseek
meta/llama-3.1-405b-instruct replicate
magistral-medium-latest mistral
ministral-14b-latest mistral
open-mistral-nemo mistral
mistral-small-latest mistral
mistral-medium-latest mistral
mistral-large-latest mistral
o3-mini openai
gpt-3.5-turbo openai
openai/gpt-oss-120b openai
openai/gpt-oss-20b openai
sonar perplexity
sonar-pro perplexity
grok-4-0709 xai
grok-3 xai
grok-3-mini xai
"""

CHATS = ("UNIFY_CHAT_WITH_AI", "CHAT_WITH_AI")

# Those that were listed for documents, and those that were not listed for videos.
_READING = """
qwen3-max qwen-plus qwen-max qwen-flash claude-sonnet-4-5-20250929 claude-sonnet-4-20250514 claude-opus-4-5-20251101
claude-opus-4-20250514 claude-opus-4-1-20250805 claude-haiku-4-5-20251001 gemini-3-flash-preview gemini-2.5-pro
gemini-2.5-flash o3-mini gpt-5.2-pro gpt-5.2 gpt-5.1 gpt-5-mini gpt-5-chat-latest gpt-5 gpt-4o-mini gpt-4o gpt-4-turbo
grok-4-fast-reasoning grok-4-fast-non-reasoning grok-4-0709 grok-3-mini grok-3
"""
_WITHOUT_VIDEOS = """
qwen3-vl-plus qwen3-vl-flash qwen-vl-plus qwen-vl-max gpt-5.1-codex-mini gpt-5.1-codex o4-mini-deep-research
o3-deep-research meta/llama-3.1-405b-instruct sonar sonar-pro
"""


@dataclass(frozen=True, slots=True)
class Model:
    """One row of the list. Prices are credits per token."""

    id: str
    provider: str
    sees: bool
    features: tuple[str, ...]
    input: float = 0
    output: float = 0
    picture: int = 0
    context: int = 0

    @property
    def row(self) -> dict[str, Any]:
        """The model as `GET /models` shows it."""
        modality = {"INPUT": ["text", "image"] if self.sees else ["text"], "OUTPUT": ["text"]}
        return model_row(self.id, self.provider, self.provider.upper(), self.features, self._credits(), modality)

    def _credits(self) -> dict[str, float] | None:
        if not self.input:
            return None
        prices = {"INPUT": self.input, "OUTPUT": self.output, "CONTEXT": self.context}
        return prices | ({"LOW_IMAGE": self.picture} if self.picture else {})


def _features(id: str, *more: str) -> tuple[str, ...]:
    documents = ("CHAT_WITH_PDF",) * (id in _READING.split())
    videos = ("CHAT_WITH_YOUTUBE_VIDEO",) * (id not in _WITHOUT_VIDEOS.split())
    return (*CHATS, *more, *documents, *videos)


def _seeing(line: str) -> Model:
    id, provider, input, output, context, picture, listed = line.split()
    return Model(
        id,
        provider,
        sees=True,
        features=_features(id, "CHAT_WITH_IMAGE") if listed == "yes" else _features(id),
        input=float(input),
        output=float(output),
        picture=0 if picture == "-" else int(picture),
        context=int(context),
    )


def _blind(line: str) -> Model:
    id, provider = line.split()
    return Model(id, provider, sees=False, features=_features(id))


MODELS: dict[str, Model] = {
    model.id: model
    for model in (*map(_seeing, _SEEING.strip().splitlines()), *map(_blind, _BLIND.strip().splitlines()))
}


@cache
def listing(feature: str) -> dict[str, Any]:
    """Return the body of `GET /models?feature=...`; without a feature, or with an unknown one, the list is empty."""
    chats = [model.row for model in MODELS.values() if feature in model.features]
    rows = chats + [tool.row for tool in TOOLS.values() if feature in tool.features]
    return {"models": rows, "total": len(rows)}

"""A platform and a provider that nobody ships, as somebody else would write them: a class of settings, a function."""

import asyncio
from typing import ClassVar

from pydantic import Field, SecretStr

from adapters import Plugin
from bot.adapter_context import AdapterContext
from bot.adapter_settings import PlatformSettings, ProviderSettings
from bot.ports import Receive
from tests.conftest import said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider


class ToyChatSettings(PlatformSettings):
    title: ClassVar[str] = "Toy chat"
    switch: ClassVar[str] = "toychat_token"

    toychat_token: SecretStr | None = Field(default=None, description="The token; switches it on.")
    toychat_greeting: str = Field(default="hello", pattern="^[a-z]+$", description="What is said first.")


class ToyModelSettings(ProviderSettings):
    title: ClassVar[str] = "Toy models"
    switch: ClassVar[str] = "toymodel_key"
    default_model: ClassVar[str] = "gpt-4o"

    toymodel_key: SecretStr | None = Field(default=None, description="The key; switches it on.")


class ToyChat(FakePlatform):
    def __init__(self, greeting: str) -> None:
        super().__init__("toychat")
        self.greeting = greeting

    async def listen(self, receive: Receive) -> None:
        await receive(said(self.greeting, "toychat:lobby"))
        await asyncio.Event().wait()


opened: list[ToyChat] = []  # for tests to look at, the newest last


def open_toy_chat(context: AdapterContext) -> ToyChat:
    opened.append(ToyChat(context.settings.of(ToyChatSettings).toychat_greeting))
    return opened[-1]


def open_toy_model(context: AdapterContext) -> FakeProvider:
    return FakeProvider(["a toy's ", "answer"], name="toymodel")


TOY_PLATFORM = {
    "toychat": Plugin[PlatformSettings](settings=f"{__name__}:ToyChatSettings", factory=f"{__name__}:open_toy_chat")
}
TOY_PROVIDER = {
    "toymodel": Plugin[ProviderSettings](settings=f"{__name__}:ToyModelSettings", factory=f"{__name__}:open_toy_model")
}

"""A command that is obeyed at once."""

from dataclasses import dataclass, field

from bot.commands import COMMANDS, Response
from bot.errors import Refused
from bot.jobs.job import Hands
from bot.messages import Answer, Turn
from bot.reply import Reply
from bot.words import say


@dataclass
class Say:
    """Shows a response: in a post of its own, in the one whose button was pressed, or in those of another turn."""

    hands: Hands
    turn: Turn
    response: Response

    async def do(self) -> tuple[Answer, str]:
        """There is nothing left to do."""
        return Answer(self.response.text, None), "command"

    async def show(self, text: str) -> None:
        """Say it."""
        response, store, channel = self.response, self.hands.store, self.turn.message.channel
        adapter, pressed = self.hands.adapter_of(self.turn), self.turn.message.about
        if response.turn is not None:
            reply = Reply(adapter, store, response.turn, response.turn.message.channel, resumed=True)
            await reply.show(text, buttons=response.buttons)
        elif response.in_place and pressed is not None and pressed.ours:
            await adapter.edit(channel, pressed.id, text, buttons=response.buttons)
        else:
            await Reply(adapter, store, self.turn, channel).show(text, buttons=response.buttons, files=response.files)


@dataclass
class Obey:
    """Does what `/name rest` says."""

    hands: Hands
    turn: Turn
    name: str
    rest: str
    response: Response | None = field(init=False, default=None)

    async def do(self) -> tuple[Answer, str]:
        """Do it. What keeps it from being done is the answer."""
        command = COMMANDS.get(self.name)
        if command is None:
            return Answer(say("command_unknown", command=f"/{self.name}"), None), "command"
        try:
            ordered = await command.obey(self.hands.desk, self.turn, self.rest)
        except Refused as error:
            return Answer(f"⚠️ {error}", None), error.key
        if isinstance(ordered, Response):  # those that ask have jobs of their own
            self.response = ordered
        return Answer(self.response.text if self.response else "", None), "command"

    async def show(self, text: str) -> None:
        """Say it; after a crash there is only the text."""
        await Say(self.hands, self.turn, self.response or Response(text)).show(text)

"""Slash commands, message menus, buttons and forms: what people ask through Discord's own controls."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import discord
import structlog
from discord import InteractionType

from adapters.platforms.discord.channel_queues import ChannelQueues
from adapters.platforms.discord.downloads import AttachmentDownloads
from adapters.platforms.discord.errors import map_discord_errors
from adapters.platforms.discord.interaction_tokens import InteractionToken, InteractionTokens
from adapters.platforms.discord.message_files import UNTOLD, of_interaction, pictures
from adapters.platforms.discord.places import Place
from adapters.platforms.discord.slash_commands import MESSAGE_MENU, menu
from adapters.platforms.discord.translate import about, server_of
from bot.commands import ASK, COMMANDS, STOP, Suggestion
from bot.errors import BotError
from bot.messages import Attachment, Author, Message, MessageReference
from bot.ports import Receive
from bot.util.tasks import gather_all
from bot.words import say, speaking

log = structlog.get_logger(__name__)

Suggest = Callable[[str, str, str], Awaitable[Sequence[Suggestion]]]
"""What an option of a command may hold: command, option, what has been typed."""

FORM = "ask:"  # what the custom id of a form begins with; the id of the message it is about follows
ANSWER = "question"  # the custom id of its only field
FORM_SECONDS = 900.0
LONGEST_QUESTION = 1_000
SUGGESTED, LONGEST_SUGGESTION = 25, 100
TARGETS = 1_000  # messages that forms are open about
IN_TIME = 2.0  # seconds for suggestions, of the three that Discord waits
PATIENCE = 1.0  # seconds that what is under way gets when the end comes

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _InteractionFile:
    """A file of an interaction, and the link by which it can be fetched now."""

    attachment: Attachment
    url: str

    @property
    def id(self) -> str:
        return self.attachment.ref.rpartition("/")[2]


class Interactions:
    """Acknowledges every interaction at once, and hands on what is said by it."""

    def __init__(
        self,
        receive: Receive,
        lines: ChannelQueues,
        tickets: InteractionTokens,
        files: AttachmentDownloads,
        suggest: Suggest,
        most_bytes: int,
    ) -> None:
        self._receive, self._lines, self._tickets = receive, lines, tickets
        self._files, self._suggest, self._most_bytes = files, suggest, most_bytes
        self._targets: OrderedDict[str, discord.Message] = OrderedDict()
        self._under_way: set[asyncio.Task[Any]] = set()

    async def settle(self) -> None:
        """Let what Discord knows to be under way be taken in: nobody can ask for it again. For a moment at most."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=PATIENCE)

    async def take(self, interaction: discord.Interaction) -> None:
        """Somebody used a command, a menu or a form. Presses of buttons come to `pressed`."""
        data = cast("Data", interaction.data or {})
        self._note_task()
        try:
            with map_discord_errors():
                if interaction.type is InteractionType.autocomplete:
                    await self._complete(interaction, data)
                elif interaction.type is InteractionType.modal_submit:
                    await self._submitted(interaction, data)
                elif interaction.type is InteractionType.application_command:
                    await self._commanded(interaction, data)
        except BotError as error:
            log.warning("an interaction could not be taken in", kind=str(interaction.type), reason=error.key)

    async def pressed(self, interaction: discord.Interaction, command: str) -> None:
        """Somebody pressed a button: a message that says its command, and is about the post it stands under."""
        if interaction.message is None:
            return
        post = str(interaction.message.id)
        message = _message(interaction, f"{post}/{interaction.id}", command, MessageReference(post, ours=True, text=""))
        self._note_task()
        await _acknowledge(interaction)  # before anybody can answer by its ticket: Discord takes nothing else first
        self._take_in(interaction, message, thinking=False)

    # the three kinds

    async def _commanded(self, interaction: discord.Interaction, data: Data) -> None:
        if data.get("type") == MESSAGE_MENU:
            await self._picked(interaction, data)
            return
        options = {option["name"]: option.get("value", "") for option in data.get("options", ())}
        files = list(_files(interaction, data, options))
        question = str(options.get("question", ""))
        spoken = {name: str(value) for name, value in options.items() if name not in _names(data, options)}
        text = question if data["name"] == ASK else " ".join([f"/{data['name']}", *_words(data["name"], spoken)])
        if data["name"] == STOP:  # nothing else may ever come of it: the answer that ends says so
            self._take_in(interaction, _message(interaction, f"/{interaction.id}", text), thinking=False)
            await interaction.response.send_message("⏹", ephemeral=True, suppress_embeds=True)
            return
        await self._ask(interaction, _message(interaction, f"/{interaction.id}", text), files)

    async def _picked(self, interaction: discord.Interaction, data: Data) -> None:
        """A menu of a message's: ask what is to be asked about it, or for it."""
        target = _target(interaction, data)
        question = menu(str(data.get("name")))
        if question is None or target is None:
            return
        if question == ASK:
            self._remember(target)
            with speaking(interaction.locale.value):
                await interaction.response.send_modal(_form(target.id))
            return
        await self._ask_about(interaction, target, f"/{question}")

    async def _submitted(self, interaction: discord.Interaction, data: Data) -> None:
        id = str(data.get("custom_id", "")).removeprefix(FORM)
        target = self._targets.pop(id, None) or await _read_again(interaction, id)
        if target is None:
            with speaking(interaction.locale.value):
                await interaction.response.send_message(say("discord_no_message"), ephemeral=True, suppress_embeds=True)
            return
        await self._ask_about(interaction, target, _answer(data.get("components", ())))

    async def _complete(self, interaction: discord.Interaction, data: Data) -> None:
        typing = next((option for option in data.get("options", ()) if option.get("focused")), None)
        found: Sequence[Suggestion] = ()
        if typing is not None:
            try:
                async with asyncio.timeout(IN_TIME):
                    found = await self._suggest(data["name"], typing["name"], str(typing.get("value", "")))
            except (TimeoutError, BotError) as error:
                log.info("nothing could be suggested", reason=repr(error))
        choices = [
            discord.app_commands.Choice(name=each.label[:LONGEST_SUGGESTION], value=each.value)
            for each in found[:SUGGESTED]
            if len(each.value) <= LONGEST_SUGGESTION
        ]
        await interaction.response.autocomplete(choices)

    # asking

    async def _ask_about(self, interaction: discord.Interaction, target: discord.Message, text: str) -> None:
        me = interaction.client.user
        # Discord may not show us the message again: where we are no member, or without the MESSAGE CONTENT intent.
        files = [_kept(attachment, url) for attachment, url in pictures(target)]
        shown = replace(about(target, me.id if me else 0), attachments=tuple(file.attachment for file in files))
        await self._ask(interaction, _message(interaction, f"/{interaction.id}", text, shown), files, own=False)

    async def _ask(
        self, interaction: discord.Interaction, message: Message, files: Sequence[_InteractionFile], *, own: bool = True
    ) -> None:
        if own:
            message = replace(message, attachments=tuple(file.attachment for file in files))
        visits = Place.of(message.channel).visitor is not None
        acknowledging = _acknowledge(interaction, thinking=True, ephemeral=visits)
        thinks, *_ = await gather_all(acknowledging, *(self._fetch(file) for file in files))
        self._take_in(interaction, message, thinking=thinks)

    def _take_in(self, interaction: discord.Interaction, message: Message, *, thinking: bool) -> None:
        place = Place.of(message.channel)
        ticket = None
        if thinking or place.visitor is not None:  # elsewhere an ordinary message does
            ticket = InteractionToken(
                str(interaction.id), interaction.application_id, interaction.token, thinking, began=time.time()
            )
        self._lines.put(place.id, partial(self._hand_on, interaction, message, ticket))

    async def _hand_on(
        self, interaction: discord.Interaction, message: Message, ticket: InteractionToken | None
    ) -> None:
        if ticket is not None:  # first: as soon as the message is in the store, any process may answer it
            await self._tickets.opened(ticket, Place.of(message.channel))
        if await self._receive(message) is False and ticket is not None and ticket.thinking:
            await _stop_thinking(interaction)

    def _note_task(self) -> None:
        """Let `settle` wait for what is being taken in."""
        if task := asyncio.current_task():
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _fetch(self, file: _InteractionFile) -> None:
        try:
            await self._files.fetch_at_once(file.url, file.id, self._most_bytes)
        except (BotError, OSError) as error:  # whoever asked is told when it turns out to be missing
            log.warning("a file of an interaction could not be kept", reason=repr(error))

    def _remember(self, target: discord.Message) -> None:
        self._targets[str(target.id)] = target
        if len(self._targets) > TARGETS:
            self._targets.popitem(last=False)


async def _acknowledge(interaction: discord.Interaction, *, thinking: bool = False, ephemeral: bool = False) -> bool:
    """Tell Discord that it was heard, and let it show that we think; False where it is too late for that."""
    try:
        with map_discord_errors():
            await interaction.response.defer(thinking=thinking, ephemeral=ephemeral)
    except BotError as error:
        log.warning("an interaction was acknowledged too late", reason=error.key)
        return False
    return True


async def _stop_thinking(interaction: discord.Interaction) -> None:
    """Take back that we think: nobody will answer, as when a stranger who has a code asks again."""
    try:
        with map_discord_errors():
            await interaction.delete_original_response()
    except BotError as error:
        log.warning("Discord goes on to show that the bot thinks", reason=error.key)


# where and who


def _place(interaction: discord.Interaction) -> Place:
    channel = interaction.channel_id or 0
    if interaction.context.dm_channel:
        return Place(channel, private=True)
    may_speak = interaction.is_guild_integration() and interaction.app_permissions.send_messages
    return Place(channel) if may_speak else Place(channel, visitor=interaction.user.id)


def _message(interaction: discord.Interaction, id: str, text: str, shown: MessageReference | None = None) -> Message:
    person, place = interaction.user, _place(interaction)
    is_private = place.private or place.visitor is not None
    return Message(
        channel=place.channel,
        id=id,
        author=Author(str(person.id), person.display_name.translate(UNTOLD).strip()),
        text=text.translate(UNTOLD).strip(),
        sent=time.time(),
        about=shown,
        private=is_private,
        server=None if is_private else server_of(interaction.guild_id),
        language=interaction.locale.value,
    )


# what was filled in, and what came along


def _words(command: str, spoken: Mapping[str, str]) -> Iterator[str]:
    """What was filled in, as it would be written in the chat: first what it is about, then how it is to be."""
    known = COMMANDS[command].options if command in COMMANDS else ()
    named = {option.named for option in known if option.named}
    for name, value in sorted(spoken.items(), key=lambda option: option[0] in named):
        yield f"{name}={'-'.join(value.split())}" if name in named else value  # a wish is one word


def _names(data: Data, options: Mapping[str, Any]) -> set[str]:
    """The options that hold files."""
    files = data.get("resolved", {}).get("attachments", {})
    return {name for name, value in options.items() if str(value) in files}


def _files(interaction: discord.Interaction, data: Data, options: Mapping[str, Any]) -> Iterator[_InteractionFile]:
    files = data.get("resolved", {}).get("attachments", {})
    for name in sorted(_names(data, options)):
        raw = files[str(options[name])]
        yield _InteractionFile(*of_interaction(discord.Attachment(data=raw, state=interaction._state)))


def _kept(attachment: Attachment, url: str) -> _InteractionFile:
    """A photo of somebody's message, as a file of ours."""
    *_, message, key = attachment.ref.split("/")
    number = f"{message}{key.removeprefix('embed')}" if key.startswith("embed") else key.partition(".")[0]
    return _InteractionFile(replace(attachment, ref=f"keep/{number}"), url)


def _target(interaction: discord.Interaction, data: Data) -> discord.Message | None:
    """The message under the menu: Discord brings it along whole, also where the bot could not read it."""
    raw = data.get("resolved", {}).get("messages", {}).get(data.get("target_id"))
    if raw is None or interaction.channel is None:
        return None
    return discord.Message(state=interaction._state, channel=cast("Any", interaction.channel), data=raw)


async def _read_again(interaction: discord.Interaction, id: str) -> discord.Message | None:
    """A form that was opened before the bot was started again."""
    if not id.isdigit() or interaction.channel_id is None:
        return None
    try:
        with map_discord_errors():
            return await interaction.client.get_partial_messageable(interaction.channel_id).fetch_message(int(id))
    except BotError:
        return None


# the form


def _form(target: int) -> discord.ui.Modal:
    form = discord.ui.Modal(title=say("discord_ask"), custom_id=f"{FORM}{target}", timeout=FORM_SECONDS)
    field: discord.ui.TextInput[Any] = discord.ui.TextInput(
        style=discord.TextStyle.paragraph,
        custom_id=ANSWER,
        placeholder=say("discord_ask_hint"),
        max_length=LONGEST_QUESTION,
    )
    form.add_item(discord.ui.Label(text=say("discord_ask_label"), component=field))
    return form


def _answer(components: Iterable[Data]) -> str:
    """What was typed into the form's field, however deep it lies."""
    for component in components:
        if component.get("custom_id") == ANSWER:
            return str(component.get("value", ""))
        inner = [*component.get("components", ()), *filter(None, [component.get("component")])]
        if found := _answer(inner):
            return found
    return ""

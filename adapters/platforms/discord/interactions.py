"""Interactions: slash commands, message menus, buttons and forms."""

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
from adapters.platforms.discord.message_files import REMOVED_CHARACTERS, interaction_file, list_files
from adapters.platforms.discord.places import NAME, Place
from adapters.platforms.discord.previews import respond
from adapters.platforms.discord.references import References, with_references
from adapters.platforms.discord.slash_commands import MESSAGE_MENU, menu_question
from adapters.platforms.discord.translate import server_id
from bot.commands import ASK, COMMANDS, Suggestion
from bot.errors import BotError
from bot.messages import Attachment, Author, Message, MessageReference
from bot.operations.set_aside import SetAsideLog
from bot.ports import Receive
from bot.util.tasks import gather_all
from bot.words import say, speaking

log = structlog.get_logger(__name__)

Suggest = Callable[[str, str, str], Awaitable[Sequence[Suggestion]]]
"""A function from a command, an option and the typed text to suggestions."""

FORM_PREFIX = "ask:"  # of a form's custom id; the id of the message it is about follows
FIELD_ID = "question"  # the custom ids of the form's fields: the words,
PHOTOS_ID, MORE_ID = "photos", "more"  # which of several photos, and further ones to upload
MAX_CHOICES, MAX_CHOICE = 25, 100  # photos to choose from, and characters of a name
MAX_UPLOADS = 10
FORM_SECONDS = 900.0
MAX_QUESTION = 1_000
MAX_SUGGESTIONS, MAX_SUGGESTION = 25, 100
MAX_TARGETS = 1_000  # messages with an open form
SUGGESTION_TIMEOUT = 2.0  # seconds, of the three that Discord waits
CLOSE_TIMEOUT = 1.0  # seconds for running interactions when the listener stops

SAY, THINK, KEEP_POST, SUGGEST_CHOICES, SHOW_FORM = 4, 5, 6, 8, 9  # Discord's kinds of first responses
EPHEMERAL = 1 << 6  # a flag: only whoever asked sees it
HIDDEN_ANSWER = EPHEMERAL | 1 << 2  # and without link previews

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _InteractionFile:
    """A file of an interaction, and its current link."""

    attachment: Attachment
    url: str

    @property
    def id(self) -> str:
        return self.attachment.ref.rpartition("/")[2]


class Interactions:
    """The handler of interactions, which acknowledges each at once and passes on its message."""

    def __init__(
        self,
        receive: Receive,
        queues: ChannelQueues,
        tokens: InteractionTokens,
        files: AttachmentDownloads,
        suggest: Suggest,
        max_bytes: int,
        references: References,
        set_aside: SetAsideLog | None = None,
    ) -> None:
        self._receive, self._queues, self._tokens = receive, queues, tokens
        self._files, self._suggest, self._max_bytes = files, suggest, max_bytes
        self._references = references
        self._targets: OrderedDict[str, discord.Message] = OrderedDict()
        self._running: set[asyncio.Task[Any]] = set()
        self._set_aside = set_aside or SetAsideLog(NAME)

    async def wait_for_running(self) -> None:
        """Wait a moment for acknowledged interactions to be taken in: Discord would not send them again."""
        if self._running:
            await asyncio.wait(self._running, timeout=CLOSE_TIMEOUT)

    async def handle(self, interaction: discord.Interaction) -> None:
        """Handle a command, a menu or a form. Presses of buttons come to `handle_press`."""
        data = cast("Data", interaction.data or {})
        self._note_task()
        try:
            with map_discord_errors():
                if interaction.type is InteractionType.autocomplete:
                    await self._complete(interaction, data)
                elif interaction.type is InteractionType.modal_submit:
                    await self._handle_form(interaction, data)
                elif interaction.type is InteractionType.application_command:
                    await self._handle_command(interaction, data)
        except BotError as error:
            log.warning("an interaction could not be taken in", kind=str(interaction.type), reason=error.code)
        except Exception as error:  # of one that says less than Discord's do
            self._set_aside.note("interaction", error)

    async def handle_press(self, interaction: discord.Interaction, command: str) -> None:
        """Handle a press of a button: a message with its command, about the post above it."""
        if interaction.message is None:
            return
        post = str(interaction.message.id)
        about = MessageReference(id=post, ours=True, text="", kind="button")
        message = _message(interaction, f"{post}/{interaction.id}", command, about)
        self._note_task()
        await _acknowledge(interaction)  # before any answer by its token: Discord accepts nothing else first
        self._take_in(interaction, message, thinking=False)

    # the three kinds

    async def _handle_command(self, interaction: discord.Interaction, data: Data) -> None:
        if data.get("type") == MESSAGE_MENU:
            await self._handle_menu(interaction, data)
            return
        options = {option["name"]: option.get("value", "") for option in data.get("options", ())}
        files = list(_files(interaction, data, options))
        question = str(options.get("question", ""))
        written_options = {
            name: str(value) for name, value in options.items() if name not in _file_options(data, options)
        }
        text = (
            question
            if data["name"] == ASK
            else " ".join([f"/{data['name']}", *_command_words(data["name"], written_options)])
        )
        await self._ask(interaction, _message(interaction, f"/{interaction.id}", text), files)

    async def _handle_menu(self, interaction: discord.Interaction, data: Data) -> None:
        """Handle a message menu: show the form for a question, or ask the menu's own."""
        target = _target(interaction, data)
        question = menu_question(str(data.get("name")))
        if question is None or target is None:
            return
        if question == ASK:
            self._remember(target)
            with speaking(interaction.locale.value):
                await respond(interaction, SHOW_FORM, _form(target).to_dict())
            return
        await self._ask_about(interaction, target, f"/{question}")

    async def _handle_form(self, interaction: discord.Interaction, data: Data) -> None:
        id = str(data.get("custom_id", "")).removeprefix(FORM_PREFIX)
        target = self._targets.pop(id, None) or await _fetch_target(interaction, id)
        if target is None:
            with speaking(interaction.locale.value):
                await respond(interaction, SAY, {"content": say("discord_no_message"), "flags": HIDDEN_ANSWER})
            return
        fields = list(_form_fields(data.get("components", ())))
        words = next((str(field.get("value", "")) for field in fields if field.get("custom_id") == FIELD_ID), "")
        chosen = [int(value) for value in _values(fields, PHOTOS_ID) if str(value).isdecimal()]
        raw_files = data.get("resolved", {}).get("attachments", {})
        uploads = [_uploaded(interaction, raw_files[id]) for id in _values(fields, MORE_ID) if id in raw_files]
        await self._ask_about(interaction, target, words, chosen=chosen, uploads=uploads)

    async def _complete(self, interaction: discord.Interaction, data: Data) -> None:
        focused_option = next((option for option in data.get("options", ()) if option.get("focused")), None)
        suggestions: Sequence[Suggestion] = ()
        if focused_option is not None:
            try:
                async with asyncio.timeout(SUGGESTION_TIMEOUT):
                    suggestions = await self._suggest(
                        data["name"], focused_option["name"], str(focused_option.get("value", ""))
                    )
            except (TimeoutError, BotError) as error:
                log.info("nothing could be suggested", reason=repr(error))
        choices = [
            {"name": suggestion.label[:MAX_SUGGESTION], "value": suggestion.value}
            for suggestion in suggestions[:MAX_SUGGESTIONS]
            if len(suggestion.value) <= MAX_SUGGESTION
        ]
        await respond(interaction, SUGGEST_CHOICES, {"choices": choices})

    # asking

    async def _ask_about(
        self,
        interaction: discord.Interaction,
        target: discord.Message,
        text: str,
        *,
        chosen: Sequence[int] = (),
        uploads: Sequence[_InteractionFile] = (),
    ) -> None:
        """Ask about the `chosen` files of a message, by their places, or all, together with those uploaded."""
        # We may be unable to fetch the message again: where we are no member, or without the MESSAGE CONTENT intent.
        files = [_stored_file(attachment, url) for attachment, url in list_files(target)]
        picked = [files[place] for place in chosen if place < len(files)] or files
        is_own = bool(uploads) or len(picked) < len(files)  # these files, whatever else the message shows
        message = _message(interaction, f"/{interaction.id}", text)
        await self._ask(interaction, message, [*picked, *uploads], target=target, is_own=is_own)

    async def _ask(
        self,
        interaction: discord.Interaction,
        message: Message,
        files: Sequence[_InteractionFile],
        *,
        target: discord.Message | None = None,
        is_own: bool = False,
    ) -> None:
        """Ask, with files that came along, or with those of the `target` of a menu; `is_own`: with these only."""
        stored = tuple(file.attachment for file in files)
        if target is None or is_own:
            message = replace(message, attachments=stored)
        is_visitor = Place.of(message.channel).visitor is not None
        acknowledging = _acknowledge(interaction, thinking=True, ephemeral=is_visitor)
        is_thinking, *_ = await gather_all(acknowledging, *(self._fetch(file) for file in files))
        message = await self._with_references(interaction, message, target, () if is_own else stored)
        self._take_in(interaction, message, thinking=is_thinking)

    async def _with_references(
        self,
        interaction: discord.Interaction,
        message: Message,
        target: discord.Message | None,
        stored: tuple[Attachment, ...],
    ) -> Message:
        """Return the message with all that it points at; what the `target` of a menu shows is stored already."""
        me = interaction.client.user.id if interaction.client.user else 0
        if target is not None:
            found = await self._references.of_menu(interaction, target, me)
            shown = [replace(each, attachments=stored) if each.id == str(target.id) else each for each in found]
            message = with_references(message, shown)
        return await self._references.complete_command(interaction, message, me)

    def _take_in(self, interaction: discord.Interaction, message: Message, *, thinking: bool) -> None:
        place = Place.of(message.channel)
        token = None
        if thinking or place.visitor is not None:  # elsewhere an ordinary message is enough
            token = InteractionToken(
                id=str(interaction.id),
                application=interaction.application_id,
                token=interaction.token,
                thinking=thinking,
                began=time.time(),
            )
        self._queues.put(place.id, partial(self._pass_on, interaction, message, token))

    async def _pass_on(
        self, interaction: discord.Interaction, message: Message, token: InteractionToken | None
    ) -> None:
        if token is not None:  # saved first: once the message is in the store, any process may answer it
            await self._tokens.save(token, Place.of(message.channel))
        if await self._receive(message) is False and token is not None and token.thinking:
            await _stop_thinking(interaction)

    def _note_task(self) -> None:
        """Let `wait_for_running` wait for the current task."""
        if task := asyncio.current_task():
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _fetch(self, file: _InteractionFile) -> None:
        try:
            await self._files.store_file(file.url, file.id, self._max_bytes)
        except (BotError, OSError) as error:  # the author is told when the file turns out to be missing
            log.warning("a file of an interaction could not be kept", reason=repr(error))

    def _remember(self, target: discord.Message) -> None:
        self._targets[str(target.id)] = target
        if len(self._targets) > MAX_TARGETS:
            self._targets.popitem(last=False)


async def _acknowledge(interaction: discord.Interaction, *, thinking: bool = False, ephemeral: bool = False) -> bool:
    """Acknowledge the interaction, and let Discord show "thinking"; return False where it is too late."""
    try:
        with map_discord_errors():
            flags = {"flags": EPHEMERAL} if ephemeral else {}
            await respond(interaction, THINK if thinking else KEEP_POST, flags)
    except BotError as error:
        log.warning("an interaction was acknowledged too late", reason=error.code)
        return False
    return True


async def _stop_thinking(interaction: discord.Interaction) -> None:
    """Remove "thinking": no answer will come, as when a stranger who has a code asks again."""
    try:
        with map_discord_errors():
            await interaction.delete_original_response()
    except BotError as error:
        log.warning("Discord goes on to show that the bot thinks", reason=error.code)


# where and who


def _place(interaction: discord.Interaction) -> Place:
    channel = interaction.channel_id or 0
    if interaction.context.dm_channel:
        return Place(channel, private=True)
    may_speak = interaction.is_guild_integration() and interaction.app_permissions.send_messages
    return Place(channel) if may_speak else Place(channel, visitor=interaction.user.id)


def _message(
    interaction: discord.Interaction, id: str, text: str, reference: MessageReference | None = None
) -> Message:
    person, place = interaction.user, _place(interaction)
    is_private = place.private or place.visitor is not None
    return Message(
        channel=place.channel,
        id=id,
        author=Author(str(person.id), person.display_name.translate(REMOVED_CHARACTERS).strip()),
        text=text.translate(REMOVED_CHARACTERS).strip(),
        sent=time.time(),
        about=reference,
        private=is_private,
        server=None if is_private else server_id(interaction.guild_id),
        language=interaction.locale.value,
    )


# options and files


def _command_words(command: str, written_options: Mapping[str, str]) -> Iterator[str]:
    """Yield the options as they would be written in the chat: unnamed ones first, then name=value."""
    command_options = COMMANDS[command].options if command in COMMANDS else ()
    named = {option.named for option in command_options if option.named}
    for name, value in sorted(written_options.items(), key=lambda option: option[0] in named):
        yield f"{name}={'-'.join(value.split())}" if name in named else value  # a named value is one word


def _file_options(data: Data, options: Mapping[str, Any]) -> set[str]:
    """Return the names of the options that hold files."""
    files = data.get("resolved", {}).get("attachments", {})
    return {name for name, value in options.items() if str(value) in files}


def _files(interaction: discord.Interaction, data: Data, options: Mapping[str, Any]) -> Iterator[_InteractionFile]:
    files = data.get("resolved", {}).get("attachments", {})
    for name in sorted(_file_options(data, options)):
        yield _uploaded(interaction, files[str(options[name])])


def _uploaded(interaction: discord.Interaction, raw: Any) -> _InteractionFile:
    """Return a file that came with the interaction alone."""
    return _InteractionFile(*interaction_file(discord.Attachment(data=raw, state=interaction._state)))


def _stored_file(attachment: Attachment, url: str) -> _InteractionFile:
    """Return a file of a message under a ref of our own store."""
    *_, message, key = attachment.ref.split("/")
    is_shown_by_link = key.startswith(("embed", "media"))  # their keys are counted in each message
    number = f"{message}{key.removeprefix('embed')}" if is_shown_by_link else key.partition(".")[0]
    return _InteractionFile(replace(attachment, ref=f"keep/{number}"), url)


def _target(interaction: discord.Interaction, data: Data) -> discord.Message | None:
    """Return the message of the menu: Discord sends it in full, even where the bot could not read it."""
    raw = data.get("resolved", {}).get("messages", {}).get(data.get("target_id"))
    if raw is None or interaction.channel is None:
        return None
    return discord.Message(state=interaction._state, channel=cast("Any", interaction.channel), data=raw)


async def _fetch_target(interaction: discord.Interaction, id: str) -> discord.Message | None:
    """Fetch the message of a form that was opened before a restart of the bot."""
    if not id.isdigit() or interaction.channel_id is None:
        return None
    try:
        with map_discord_errors():
            return await interaction.client.get_partial_messageable(interaction.channel_id).fetch_message(int(id))
    except BotError:
        return None


# the form


def _form(target: discord.Message) -> discord.ui.Modal:
    """Return the form for a question about a message, with a choice where it has several photos."""
    form = discord.ui.Modal(title=say("discord_ask"), custom_id=f"{FORM_PREFIX}{target.id}", timeout=FORM_SECONDS)
    field: discord.ui.TextInput[Any] = discord.ui.TextInput(
        style=discord.TextStyle.paragraph,
        custom_id=FIELD_ID,
        placeholder=say("discord_ask_hint"),
        max_length=MAX_QUESTION,
    )
    form.add_item(discord.ui.Label(text=say("discord_ask_label"), component=field))
    names = [attachment.name for attachment, _ in list_files(target)][:MAX_CHOICES]
    if len(names) > 1:
        form.add_item(discord.ui.Label(text=say("discord_ask_which"), component=_choice(names)))
    upload: discord.ui.FileUpload[Any] = discord.ui.FileUpload(
        custom_id=MORE_ID, required=False, min_values=0, max_values=MAX_UPLOADS
    )
    form.add_item(discord.ui.Label(text=say("discord_ask_more"), component=upload))
    return form


def _choice(names: Sequence[str]) -> discord.ui.Select[Any]:
    select: discord.ui.Select[Any] = discord.ui.Select(
        custom_id=PHOTOS_ID,
        placeholder=say("discord_ask_all"),
        required=False,
        min_values=0,
        max_values=len(names),
    )
    for place, name in enumerate(names):
        select.add_option(label=f"{place + 1}. {name}"[:MAX_CHOICE], value=str(place))
    return select


def _form_fields(components: Iterable[Data]) -> Iterator[Data]:
    """Yield the fields of a form that was filled in, however deeply they are nested."""
    for component in components:
        yield component
        inner = [*component.get("components", ()), *filter(None, [component.get("component")])]
        yield from _form_fields(inner)


def _values(fields: Iterable[Data], id: str) -> Sequence[str]:
    """Return what was chosen or uploaded in a field."""
    return next((field.get("values") or () for field in fields if field.get("custom_id") == id), ())

"""What people can ask of the bot: the commands it has registered, their options, buttons and forms."""

from collections.abc import Mapping
from typing import Any

from tests.doubles.discord import wire
from tests.doubles.discord.cdn import File
from tests.doubles.discord.faults import Wire
from tests.doubles.discord.interactions import MENU, Interaction, context_of
from tests.doubles.discord.people import Upload
from tests.doubles.discord.world import ME, Channel, Permission, Post, World, walk

SUBCOMMAND, GROUP = 1, 2
USER, CHANNEL, ROLE, ATTACHMENT = 6, 7, 8, 11  # options whose values are ids
ACTION_ROW, SELECT, TEXT_INPUT, TEXT, LABEL, FILE_UPLOAD = 1, 3, 4, 10, 18, 19


class NotOffered(LookupError):
    """The person has no such command or button there."""


def offered(commands: Mapping[str, list[Wire]], name: str, type: int, channel: Channel, *, user_app: bool) -> Wire:
    """A command as it is offered in a channel: one of the server's own comes before one that is everywhere."""
    place = str(channel.guild.id) if channel.guild else ""
    known = [*commands.get(place, []), *commands.get("", [])]
    found = [one for one in known if (one["name"], one["type"]) == (name, type)]
    if not found:
        raise NotOffered(f"{name} is not among {[one['name'] for one in known]}")
    contexts = found[0].get("contexts")
    if contexts is not None and context_of(channel) not in contexts:
        raise NotOffered(f"{name} is not offered here")
    if int(user_app) not in found[0]["integration_types"]:
        raise NotOffered(f"{name} is not offered by this way of installation")
    return found[0]


def permitted(command: Wire, world: World, channel: Channel, user: int) -> None:
    """Raise NotOffered when the command is for people with other permissions."""
    needed = command.get("default_member_permissions")
    if needed is None or channel.guild is None:
        return
    if Permission(int(needed)) & ~world.permissions(channel, user) or int(needed) == 0:
        raise NotOffered(f"{command['name']} is not for {user}")


class Options:
    """Puts the options of a command in Discord's form, with what their ids stand for."""

    def __init__(self, world: World, channel: Channel) -> None:
        self.world, self.channel = world, channel
        self.resolved: Wire = {}

    def data(self, command: Wire, path: list[str], values: Mapping[str, Any], focused: str | None = None) -> Wire:
        """The data of a command; `path` leads to a subcommand, `focused` is the option that is being typed."""
        options = self._options(command, path, values, focused)
        data = {"id": command["id"], "name": command["name"], "type": command["type"], "options": options}
        if "guild_id" in command:
            data["guild_id"] = command["guild_id"]
        return {**data, "resolved": self.resolved} if self.resolved else data

    def _options(self, level: Wire, path: list[str], values: Mapping[str, Any], focused: str | None) -> list[Wire]:
        options: list[Wire] = level.get("options", [])
        known = {option["name"]: option for option in options}
        if path:
            inner = known[path[0]]
            return [
                {
                    "name": inner["name"],
                    "type": inner["type"],
                    "options": self._options(inner, path[1:], values, focused),
                }
            ]
        missing = [name for name, option in known.items() if option.get("required") and name not in values]
        if any(option["type"] in (SUBCOMMAND, GROUP) for option in options) or (missing and focused is None):
            raise NotOffered(f"{level['name']} is not whole: {missing}")
        if values.keys() - known.keys():
            raise NotOffered(f"{level['name']} knows no {values.keys() - known.keys()}")
        return [self._option(known[name], value, name == focused) for name, value in values.items()]

    def _option(self, option: Wire, value: Any, focused: bool) -> Wire:
        choices = [choice["value"] for choice in option.get("choices", [])]
        if choices and value not in choices:
            raise NotOffered(f"{value} is not among {choices}")
        if option["type"] in (USER, CHANNEL, ROLE, ATTACHMENT):
            value = self._resolve(option["type"], value)
        told = {"name": option["name"], "type": option["type"], "value": value}
        return {**told, "focused": True} if focused else told

    def _resolve(self, type: int, value: Any) -> str:
        guild = self.channel.guild
        if type == ATTACHMENT:
            return self.attach(value)
        if type == USER:
            self._add("users", value, wire.user(self.world.users[value]))
            if guild is not None and value in guild.members:
                may = str(int(self.world.permissions(self.channel, value)))
                self._add("members", value, {**wire.member(guild, value), "permissions": may})
        elif type == ROLE and guild is not None:
            self._add("roles", value, wire.role(guild.roles[value]))
        elif type == CHANNEL:
            place = wire.channel(self.world.channels[value], self.world)
            self._add("channels", value, {**place, "permissions": "0"})
        return str(value)

    def attach(self, upload: Upload) -> str:
        """A file that comes with the interaction alone."""
        name, data = upload if isinstance(upload, tuple) else ("photo.jpg", upload)
        file: File = self.world.cdn.keep(next(self.world.ids), name, data, f"ephemeral-attachments/{ME}")
        self._add("attachments", file.id, wire.attachment(file, self.world.cdn))
        return str(file.id)

    def _add(self, kind: str, id: int, value: Wire) -> None:
        self.resolved.setdefault(kind, {})[str(id)] = value


def menu_data(command: Wire, post: Post, world: World) -> Wire:
    """The data of a command at a message, which comes whole, whatever the bot may read."""
    resolved = {"messages": {str(post.id): wire.message(post, world)}}
    data = {"id": command["id"], "name": command["name"], "type": MENU, "target_id": str(post.id)}
    return {**data, "resolved": resolved}


def press_data(post: Post, custom_id: str, values: list[str] | None) -> Wire:
    """The data of a press of a button, or of a choice from a menu of a message."""
    found = [one for one in walk(post.components) if one.get("custom_id") == custom_id and not one.get("disabled")]
    if not found:
        raise NotOffered(f"{custom_id} is not among {post.commands}")
    data = {"custom_id": custom_id, "component_type": found[0]["type"], "id": found[0].get("id", 0)}
    return data if values is None else {**data, "values": values}


def submit_data(asked: Interaction, values: Mapping[str, Any], options: Options) -> Wire:
    """The data of a form that was filled in; a value is a text, a list of choices, or a list of files."""
    if asked.modal is None:
        raise NotOffered("there is no form")
    known = {one["custom_id"] for one in walk(asked.modal["components"]) if "custom_id" in one}
    if values.keys() - known:
        raise NotOffered(f"the form knows no {values.keys() - known}")
    components = [_filled(one, values, options) for one in asked.modal["components"]]
    data = {"custom_id": asked.modal["custom_id"], "components": components}
    return {**data, "resolved": options.resolved} if options.resolved else data


def _filled(one: Wire, values: Mapping[str, Any], options: Options) -> Wire:
    told = {"type": one["type"], "id": one.get("id", 0)}
    if one["type"] == ACTION_ROW:
        return {**told, "components": [_filled(inner, values, options) for inner in one["components"]]}
    if one["type"] == LABEL:
        return {**told, "component": _filled(one["component"], values, options)}
    if one["type"] == TEXT:
        return told
    told["custom_id"] = one["custom_id"]
    value = values.get(one["custom_id"])
    if one["type"] == TEXT_INPUT:
        return {**told, "value": value or one.get("value", "")}
    if one["type"] == FILE_UPLOAD:
        return {**told, "values": [options.attach(upload) for upload in value or []]}
    return {**told, "values": value or []}

"""Linking of channels, on one or several platforms, to a common conversation."""

from bot.accounting.limits import subject_of
from bot.commands.command import Command, CommandContext, Option, Response
from bot.errors import FailureCode, Refused
from bot.messages import Button, Channel, Turn
from bot.words import say

LINK = "link"  # the purpose of a code
MINUTES = 10  # lifetime of a code


async def link(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Create a code: /link. Share the conversation of the channel that the code comes from: /link CODE."""
    if not await context.can_manage(turn.message):
        raise Refused(FailureCode.SETTINGS_NOT_YOURS)
    here = turn.message.channel
    if not rest:
        code = await context.people.create_code(LINK, str(here), MINUTES * 60)
        return Response(text=say("link_code", code=code, minutes=MINUTES))
    subject = await context.people.redeem_code(LINK, rest, by=subject_of(turn.message))
    if subject is None:
        raise Refused(FailureCode.LINK_UNKNOWN)
    there = Channel.parse(subject)
    conversation = await context.conversations.find_conversation(there)
    if there == here or conversation is None:
        raise Refused(FailureCode.LINK_ITSELF)
    await context.conversations.join(here, conversation)
    mirror = Button(say("label_mirror"), "/settings mirroring answers")
    chosen = await context.channels.get_channel_settings(here)
    return Response(
        text=say("link_done", platform=there.platform.title()), buttons=(mirror,) if chosen.mirroring == "off" else ()
    )


async def unlink(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Leave the linked channels, with a new conversation: /unlink."""
    if not await context.can_manage(turn.message):
        raise Refused(FailureCode.SETTINGS_NOT_YOURS)
    if len(await context.conversations.list_channels(turn.conversation)) <= 1:
        raise Refused(FailureCode.UNLINK_NOTHING)
    await context.conversations.leave(turn.message.channel)
    return Response(text=say("unlink_done"))


LINKS = {
    "link": Command(link, (Option(name="code"),), audience="managers"),
    "unlink": Command(unlink, audience="managers"),
}

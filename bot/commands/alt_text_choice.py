"""The command about alt text: people choose whether they want it, and anybody may put it right."""

from bot.accounting.limits import subject_of
from bot.commands.command import Command, CommandContext, Option, Response
from bot.messages import Turn
from bot.words import say

NEVER, AGAIN = "never", "on"
LONGEST = 1_000  # characters


async def alt_text(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Choose, or write it anew in reply to what a model wrote: /alttext never, /alttext on, /alttext WORDS."""
    message = turn.message
    if rest.lower() in (NEVER, AGAIN):
        await context.people.set_alt_text(subject_of(message), rest.lower() == AGAIN)
        return Response(text=say(f"alttext_{rest.lower()}"))
    about = message.about
    written = await context.posts.find_turn_of_post(message.channel, about.id) if about and about.ours else None
    if not rest or written is None or not written.message.wants_alt_text:
        return Response(text=say("alttext_how"))
    heading, words = say("alttext_by", who=message.author.name), " ".join(rest.split())[:LONGEST]
    is_spoiler = bool(written.result and written.result.is_spoiler)
    return Response(text=f"{heading} {words}", turn=written, is_spoiler=is_spoiler)


ALT_TEXT = Command(alt_text, (Option(name="alt"),))

"""Rows become values and values become rows. JSON of an older or a newer version of the bot is understood."""

import json
import time
from dataclasses import asdict, fields
from typing import Any, TypeVar

from bot.messages import (
    AnswerVersion,
    Attachment,
    Author,
    Channel,
    ChannelSettings,
    Conversation,
    Exchange,
    JobResult,
    LaneResult,
    Message,
    MessageReference,
    PhotoPointer,
    PlacesFound,
    Preferences,
    RememberedFile,
    Turn,
    Usage,
    WorkerProcess,
)
from bot.store.database import Row

REFUSED_FOR = 86_400.0  # seconds for which the refusal of a photo by a model is believed

Noun = TypeVar("Noun", ChannelSettings, Preferences)

# A turn with its conversation as it is now; what follows says which.
TURN = """
SELECT turns.id, message, transcript, places, answer, result, claims, tries, stalls, crashes, conversation,
    conversations.model AS model, remote_id, preferences
FROM turns JOIN conversations ON conversations.id = turns.conversation
"""


def stored(value: Message | ChannelSettings | Preferences) -> str:
    """The value as JSON."""
    return json.dumps(asdict(value))


def chosen(noun: type[Noun], text: str) -> Noun:
    """Read what people chose: what this version does not know is left out, what was not yet known has its default."""
    values: Row = json.loads(text)
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return noun(**_known(noun, values | lists))


def author(message: Message) -> str:
    """Return the author's subject, as limits and lists name them."""
    return f"{message.channel.platform}:{message.author.id}"


def message(text: str) -> Message:
    """Read a message."""
    values = json.loads(text)
    about = values.get("about")
    nouns = {
        "channel": Channel(**values["channel"]),
        "author": Author(**values["author"]),
        "attachments": _attachments(values),
        "about": about and _reference(about),
        "more": tuple(_reference(each) for each in values.get("more", ())),
    }
    return Message(**_known(Message, values) | nouns)


def conversation(row: Row) -> Conversation:
    """Read a conversation; its number stands in `conversation`."""
    return Conversation(row["conversation"], row["model"], row["remote_id"], chosen(Preferences, row["preferences"]))


def turn(row: Row) -> Turn:
    """Read a row of `TURN`."""
    return Turn(
        id=row["id"],
        conversation=conversation(row),
        message=message(row["message"]),
        result=result(row),
        deliveries=row["claims"],
        attempts=row["tries"],
        stalls=row["stalls"],
        crashes=row["crashes"],
        transcript=row["transcript"],
        places=_places(row["places"]),
    )


def stored_result(result: JobResult | AnswerVersion) -> str:
    """Return all but the text as JSON: that stands in a column of its own, for what is searched and quoted."""
    return json.dumps({name: value for name, value in asdict(result).items() if name != "text"})


def result(row: Row) -> JobResult | None:
    """Read what came of a turn, from `answer` and `result`; None where nothing has yet."""
    if row["answer"] is None:
        return None
    values: Row = json.loads(row["result"] or "{}")
    nouns = {
        "notes": tuple(values.get("notes", ())),
        "recalled": tuple(values.get("recalled", ())),
        "usage": Usage(**_known(Usage, values.get("usage", {}))),
        "lanes": tuple(_lane(lane) for lane in values.get("lanes", ())),
    }
    return JobResult(**_known(JobResult, values) | nouns | {"text": row["answer"]})


def stored_places(places: PlacesFound) -> str:
    """Return the places that a closer look found as JSON."""
    return json.dumps({"answer": storable(places.answer), "usage": asdict(places.usage)})


def _places(text: str | None) -> PlacesFound | None:
    if text is None:
        return None
    values: Row = json.loads(text)
    return PlacesFound(values["answer"], Usage(**_known(Usage, values["usage"])))


def version(row: Row) -> AnswerVersion:
    """Read an answer of a model, from `text`, `model` and `result`."""
    values: Row = json.loads(row["result"] or "{}")
    nouns = {
        "text": row["text"],
        "model": row["model"],
        "notes": tuple(values.get("notes", ())),
        "recalled": tuple(values.get("recalled", ())),
    }
    return AnswerVersion(**_known(AnswerVersion, values) | nouns)


def _lane(values: Row) -> LaneResult:
    answer = values["answer"]
    answer |= {"notes": tuple(answer["notes"]), "recalled": tuple(answer.get("recalled", ()))}
    return LaneResult(
        answer=AnswerVersion(**_known(AnswerVersion, answer)),
        usage=Usage(**_known(Usage, values["usage"])),
        took=values["took"],
    )


def exchange(row: Row) -> Exchange:
    """Read a turn that a model answered."""
    said = message(row["message"])
    question = "\n\n".join(filter(None, (said.text, row["transcript"])))
    return Exchange(
        author=said.author.name, question=question, answer=row["answer"], turn=row["id"], model=row["model"]
    )


def remembered(row: Row, model: str = "") -> RememberedFile:
    """Read a photo of a conversation; one that `model` refused within the last day is marked."""
    return RememberedFile(
        number=row["number"],
        turn=row["turn"],
        channel=Channel.parse(row["channel"]),
        attachment=Attachment(
            ref=row["ref"], name=row["name"], mime=row["mime"], size=row["size"], is_spoiler=bool(row["is_spoiler"])
        ),
        sha256=row["sha256"],
        description=row["description"],
        words=row["words"],
        answer_beginning=row["said"],
        unusable=refusals(row).get(model, 0.0) > time.time() - REFUSED_FOR,
        shown=row["shown"] or 0,
    )


def refusals(row: Row) -> dict[str, float]:
    """Read when models refused a photo, by model."""
    refused_by: dict[str, float] = json.loads(row["refused_by"] or "{}")
    return refused_by


def storable(text: str) -> str:
    """Return the words of a stranger without what databases refuse: NUL, and half of a sign."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def _known(noun: Any, values: Row) -> Row:
    names = {field.name for field in fields(noun)}
    return {name: value for name, value in values.items() if name in names}


def pointer(row: Row) -> PhotoPointer:
    """Read a pointer to a recent photo."""
    return PhotoPointer(
        channel=Channel.parse(row["channel"]),
        message=row["message_id"],
        author=Author(row["author"], row["name"]),
        sent=row["sent"],
        kept=row["kept"],
        attachments=_attachments({"attachments": json.loads(row["files"])}),
        album=row["album"],
    )


def heard_pointer(row: Row) -> PhotoPointer | None:
    """Read a recent turn as a pointer; None for what nobody said to the bot."""
    heard = message(row["message"])
    if not heard.addressed:
        return None
    return PhotoPointer(
        channel=heard.channel,
        message=heard.id,
        author=heard.author,
        sent=heard.sent,
        kept=row["added"],
        attachments=heard.own_photos,
        heard=True,
        text=heard.text,
    )


def _reference(values: Row) -> MessageReference:
    channel = values.get("channel")
    nouns = {"attachments": _attachments(values), "channel": channel and Channel(**channel)}
    return MessageReference(**_known(MessageReference, values) | nouns)


def _attachments(values: Row) -> tuple[Attachment, ...]:
    return tuple(Attachment(**_known(Attachment, attachment)) for attachment in values["attachments"])


def process(row: Row) -> WorkerProcess:
    """Read what a process told of itself, as far as this version understands it."""
    values: Row = json.loads(row["report"])
    known = {each.name for each in fields(WorkerProcess)}
    return WorkerProcess(**{name: value for name, value in values.items() if name in known} | {"seen": row["seen"]})

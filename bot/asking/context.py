"""The context of a question for a model that does not remember: the relevant files, and a part of the history.

Everything here is bounded, so that a question after a thousand others is no larger than one after ten.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from bot.asking.mentions import named
from bot.files.documents.document_text import DocumentText
from bot.messages import Exchange, Photo, RememberedFile, StoredFile
from bot.words import say

MOST_FILES = 8  # earlier photos and documents sent along with a question
MOST_BYTES = 12_000_000  # of those; base64 makes 16 MB of it
MOST_TEXT = 60_000  # characters of documents sent as text, about 15,000 tokens
LOOKED_BACK = 200  # files that can be named by their number
TOLD = 12  # files mentioned in the background
LONGEST_DESCRIPTION = 200  # characters
LATEST = 2**63  # later than any turn
MOST_TOKENS = 4_000  # of the history


def select_relevant(
    text: str,
    own: Collection[str],
    known: Sequence[RememberedFile],
    *,
    stands_in: bool = True,
    until: int = LATEST,
) -> list[RememberedFile]:
    """Select the earlier files to send again: the named ones, else the last ones if the question has no `own`.

    The last ones, as of the turn `until`, only if they may stand in (`stands_in`). One that the model refused comes
    along only where it is named: the refusal may be over. `own` are hashes of the question's files; `known` is in the
    order of the numbers.
    """
    numbers = named(text)
    earlier = [each for each in known if each.sha256 not in own]
    chosen = [each for each in earlier if each.number in numbers]
    usable = [each for each in earlier if not each.unusable and not each.is_inside]
    if stands_in and not chosen and not own and usable:
        last = max(each.shown_until(until) for each in usable)
        chosen = [each for each in usable if each.shown_until(until) == last]
    return chosen[-MOST_FILES:]


def affordable(files: Sequence[StoredFile]) -> list[StoredFile]:
    """Select as many of the earlier files, the last ones first, as fit into one request."""
    left, selected = MOST_BYTES, list[StoredFile]()
    for file in reversed(files):
        left -= sum(each.size for each in file.pictures) if isinstance(file, Photo) else file.size
        if left < 0:
            break
        selected.insert(0, file)
    return selected


def excerpts(readings: Sequence[DocumentText], shown: Sequence[Mapping[int, int]] = ()) -> list[tuple[str, str]]:
    """Return an excerpt of each document and its extent: they share the space, short ones leave more to others.

    `shown` has, for each document, the numbers of photos of its pages, by page.
    """
    left, by_index = MOST_TEXT, dict[int, tuple[str, str]]()
    for waiting, n in enumerate(sorted(range(len(readings)), key=lambda n: readings[n].length)):
        by_index[n] = readings[n].first(left // (len(readings) - waiting), shown[n] if shown else None)
        left -= len(by_index[n][0])
    return [by_index[n] for n in range(len(readings))]


def number_files(known: Sequence[RememberedFile], own: Sequence[StoredFile]) -> dict[str, int]:
    """Return the number of each file by its hash; new ones come after the known ones, as in the store."""
    numbers = {each.sha256: each.number for each in known}
    for file in own:
        numbers.setdefault(file.sha256, max(numbers.values(), default=0) + 1)
    return numbers


def background(known: Sequence[RememberedFile], sent: Collection[str], lost: Mapping[str, str]) -> str:
    """Describe files that are not sent; `lost` has the reasons, by hash, why some are unavailable."""
    others = [each for each in known if each.sha256 not in sent]
    if not others:
        return ""
    lines = [_told(each, lost.get(each.sha256, "")) for each in others[-TOLD:]]
    mixed = any(each.is_document for each in others)
    if len(others) > TOLD:
        lines.insert(0, say("memory_older_files" if mixed else "memory_older", n=others[-TOLD].number - 1))
    return say("memory_files" if mixed else "memory_photos", photos="\n".join(lines))


def _told(file: RememberedFile, why: str) -> str:
    words = file.description or file.answer_beginning
    what = " ".join(words.split())[:LONGEST_DESCRIPTION]
    description = "; ".join(filter(None, (why, what))) or say("memory_unknown")
    key = "memory_file" if file.is_document else "memory_photo"
    return say(key, n=file.number, name=file.attachment.name, what=description)


def fit_history(
    history: Sequence[Exchange], known: Sequence[RememberedFile], most: int = MOST_TOKENS
) -> tuple[Exchange, ...]:
    """Return as much of the history, the last of it first, as `most` tokens allow; questions name their files."""
    selected = list[Exchange]()
    for exchange in reversed(history):
        shown = [each for each in known if each.turn == exchange.turn]
        if shown:
            key = "memory_shown_files" if any(each.is_document for each in shown) else "memory_shown"
            shown_files = say(key, numbers=", ".join(str(each.number) for each in shown))
            exchange = replace(exchange, question=f"{shown_files} {exchange.question}".strip())
        size = tokens(exchange.question) + tokens(exchange.answer)
        if size > most and not selected:  # the last one is worth including truncated
            exchange = replace(exchange, answer=exchange.answer[:most])
            size = most
        if size > most:
            break
        most -= size
        selected.insert(0, exchange)
    return tuple(selected)


def tokens(text: str) -> int:
    """Estimate the number of tokens of a text: four bytes each, for Latin letters as for Chinese ones."""
    return len(text.encode("utf-8", "replace")) // 4 + 1


def exchanges_missed_by(history: Sequence[Exchange], provider: str) -> Sequence[Exchange]:
    """Return the last exchanges that others answered, and that the provider, which keeps a history, has not seen."""
    position = next((n for n, each in enumerate(reversed(history)) if each.model.partition("/")[0] == provider), None)
    return history if position is None else history[len(history) - position :]

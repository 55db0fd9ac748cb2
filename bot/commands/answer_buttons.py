"""The buttons below an answer: each sends a command that names its turn."""

from collections.abc import Collection, Sequence

from bot.commands.command import TABLE, quick_actions
from bot.errors import FailureCode
from bot.messages import AnswerVersion, Button, JobResult, Turn
from bot.replies.markdown.tree import display_width
from bot.tables.table_signs import holds_table
from bot.words import say

BUTTONS = "buttons"  # the command that shows all of them
PICTURES = 1  # the lane of generated pictures, below the words about them
REST = "…"
ROW = 36  # columns of the labels that a phone shows in one row
ASKED_IN_VAIN = frozenset(  # failures that would come out the same once more, whoever is asked
    {
        *(FailureCode.PHOTOS_NONE_READ, FailureCode.FILES_NONE_READ, FailureCode.VIDEOS_NONE_READ),
        *(FailureCode.SUBJECT_UNSEEN, FailureCode.VIDEO_LINK, FailureCode.FEATURE_OFF),
        *(FailureCode.VOICE_GONE, FailureCode.VOICE_SILENT, FailureCode.VOICE_UNREADABLE),
    }
)
MOST_VARIED = 4  # pictures with buttons of their own
MOST_IN_ROW = 5  # buttons that Discord shows in one row
CRAFTS_OF_PICTURE = ("vary", "upscale")  # what the buttons below a generated picture do to it


def stop_button() -> Sequence[Button]:
    """Return the button below an unfinished answer."""
    return [Button(say("label_stop"), "/stop")]


def pick_button(turn: Turn, lane: int) -> Button:
    """Return the button that continues with the answer of one of the compared models."""
    return Button(say("label_pick"), f"/pick {turn.id} {lane + 1}")


def controls(
    turn: Turn,
    versions: int = 1,
    shown: int = 0,
    *,
    speaks: bool = False,
    is_cut: bool = False,
    is_large: bool = False,
    is_tabular: bool = False,
    is_unfolded: bool = False,
    has_quick_actions: bool = True,
) -> Sequence[Button]:
    """Return the buttons of an answer that has so many versions; `shown` is the number of this one.

    One row, with the rest behind "…" unless `is_unfolded`; the quick actions of a photo without words stand alone
    until one is used. `speaks`: it can be read aloud. `is_cut`: there is more of it to be asked for.
    `is_large`: its photo may show more when looked at closely. `is_tabular`: its photo holds a table or a receipt.
    """
    more = [Button(say("label_more"), f"/more {turn.id}")] if is_cut else []
    forth = Button(f"{shown + 1}/{versions} ▶", f"/version {turn.id} {(shown + 1) % versions + 1}")
    pager = {1: [], 2: [forth]}.get(versions, [back(turn, (shown - 1) % versions), forth])  # of two, any
    aloud = [Button(say("label_speak"), f"/speak {turn.id}")] if speaks else []
    quick = list(quick_actions(turn))
    closer = [Button(say("label_zoom"), f"/zoom {turn.id}")] if is_large else []
    tables = [Button(say("label_table"), f"/{TABLE} of={turn.id}")] if is_tabular else []
    usual = [*more, *tables, *closer, *pager, *_again(turn), *aloud]
    if is_unfolded:
        return [*usual, *quick]
    if tables and quick and has_quick_actions and versions == 1:
        return _in_one_row(turn, [*more, *tables, *quick, *closer], has_rest=True)
    if quick and has_quick_actions and versions == 1:
        return [*more, *quick, *closer, _rest(turn)]
    return _in_one_row(turn, usual, has_rest=bool(quick))


def offers_table(turn: Turn, answer: JobResult | AnswerVersion, off: Collection[str]) -> bool:
    """Tell whether an answer about photos shows that they hold a table or a receipt; `off` are features."""
    message = turn.message
    is_about_photos = bool(message.photos or message.references or answer.recalled)
    return is_about_photos and TABLE not in off and not message.is_guest and holds_table(answer.text)


def failure_controls(turn: Turn, outcome: str, *, is_cut: bool = False) -> Sequence[Button]:
    """Return the buttons of a question that failed: none where asking again cannot help."""
    if outcome in ASKED_IN_VAIN:
        return []
    more = [Button(say("label_more"), f"/more {turn.id}")] if is_cut else []
    return [*more, *_again(turn)]


def _again(turn: Turn) -> list[Button]:
    return [Button(say("label_retry"), f"/retry {turn.id}"), Button(say("label_other"), f"/with {turn.id}")]


def _rest(turn: Turn) -> Button:
    return Button(REST, f"/{BUTTONS} {turn.id}")


def _in_one_row(turn: Turn, buttons: Sequence[Button], *, has_rest: bool) -> Sequence[Button]:
    """Return as many buttons as a phone shows in a row, and one for the rest."""
    if not has_rest and _fit(buttons):
        return buttons
    row = list(buttons)
    while not _fit([*row, _rest(turn)]):
        row.pop()
    return [*row, _rest(turn)]


def _fit(buttons: Sequence[Button]) -> bool:
    return len(buttons) <= MOST_IN_ROW and sum(display_width(button.label) for button in buttons) <= ROW


def drawn_controls(turn: Turn, pictures: int, *, is_unfolded: bool = False) -> Sequence[Button]:
    """Return the buttons below generated pictures; of several, each can be varied by itself.

    One row, with the rest behind "…" unless `is_unfolded`.
    """
    redo = Button(say("label_retry"), f"/redo {turn.id}")
    numbers = range(1, min(pictures, MOST_VARIED) + 1)
    buttons = [redo, *(_picture_button(turn, craft, n, pictures) for craft in CRAFTS_OF_PICTURE for n in numbers)]
    return buttons if is_unfolded else _in_one_row(turn, buttons, has_rest=False)


def _picture_button(turn: Turn, craft: str, n: int, pictures: int) -> Button:
    """Return a button below pictures; one of several has a number, and the sign in place of the word."""
    label = say(f"label_{craft}")
    if pictures > 1:
        label = f"{label.partition(' ')[0]} {n}"
    return Button(label, f"/{craft} of={turn.id} nth={n}")


def back(turn: Turn, version: int) -> Button:
    """Return the button that leads back to an earlier answer."""
    return Button("◀", f"/version {turn.id} {version + 1}")

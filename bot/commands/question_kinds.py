"""The kinds of questions about photos: told by the words in which people ask, in all languages of the bot."""

import re
from collections.abc import Mapping
from functools import cache

from bot.commands.command import parse, question
from bot.messages import QuestionKind
from bot.words import ENGLISH, LANGUAGES, catalogue, spoken
from bot.words.folding import fold

# The first that fits: what is counted may be text, and text has colours.
ORDER: tuple[QuestionKind, ...] = ("count", "colours", "place", "text")
COMMANDS: Mapping[str, QuestionKind] = {"read": "text", "translate": "text"}
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")  # kana and Chinese characters, written without blanks


def kind_of(words: str) -> QuestionKind:
    """Return the kind of a question by its command or its words: in the language of the task, or else in any."""
    command = parse(words)
    if command is not None and command[0] in COMMANDS:
        return COMMANDS[command[0]]
    asked = question(command, words)
    folded = fold(words if asked is None else asked)
    for language in dict.fromkeys((spoken(), ENGLISH, *LANGUAGES)):
        for kind in ORDER:
            if _expression(language, kind).search(folded):
                return kind
    return "other"


@cache
def _expression(language: str, kind: QuestionKind) -> re.Pattern[str]:
    """Return what finds the words of a kind, as `kind_words_KIND` lists them; those with a star may go on."""
    words = fold(catalogue(language)[f"kind_words_{kind}"]).split("|")
    return re.compile("|".join(map(_of_word, words)))


def _of_word(word: str) -> str:
    stem = re.escape(word.rstrip("*"))
    if UNSPACED.search(word):
        return stem
    return rf"(?<!\w){stem}" if word.endswith("*") else rf"(?<!\w){stem}(?!\w)"

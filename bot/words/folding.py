"""Text in the form in which words are compared: no upper case, no accents, single blanks."""

import unicodedata


def fold(text: str) -> str:
    """Return the text without upper case, accents, compatibility forms and runs of white space."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(part for part in parts if not unicodedata.combining(part) or _is_letter_of_its_own(part))
    return " ".join(unicodedata.normalize("NFC", bare).split())


def _is_letter_of_its_own(mark: str) -> bool:
    """Tell whether a mark makes another letter of the one before it, as vowel signs and kana's voice marks do."""
    return unicodedata.category(mark) == "Mc" or "\u0900" <= mark <= "\u0dff" or mark in "\u3099\u309a\u0306"

"""Mentions in words: numbers of photos (photo 2, photos 1 and 3, Bilder 2-4, 图2, file 3), and links to videos."""

import re

from bot.errors import FailureCode, Refused

LONGEST_RANGE = 200  # photos and documents that "2 to 9" may stand for

_NUMBER = r"\d{1,4}"
_AND = r"\s*(?:,|&|-|–|and|to|und|bis|y|a|и|до|和|与|到|और|से)\s*"
_PHOTO = (
    r"(?:photos?|pictures?|pics?|images?|fotos?|bild(?:er)?|im[aá]gen(?:es)?|фото\w*|картинк\w*|снимк\w*"
    r"|照片|图片|相片|图|फ़?ोटो|फोटो|तस्वीर\w*|चित्र"
    r"|files?|documents?|pdfs?|datei(?:en)?|dokumente?|archivos?|ficheros?|documentos?|файл\w*|документ\w*"
    r"|文件|文档|फ़ाइल\w*|फाइल\w*|दस्तावेज़\w*)"
)
NAMED = re.compile(
    rf"(?:{_PHOTO}\s*(?:no\.?|nr\.?|n\.?º|№|#|第)?\s*|#|第\s*)({_NUMBER}(?:{_AND}(?:{_PHOTO}\s*)?#?{_NUMBER})*)",
    re.IGNORECASE,
)

UNSEEN = "[video]"  # mark in place of a removed link

# Any address there; punctuation at the end of a sentence or a bracket is not part of it.
_ADDRESS = re.compile(
    r"(?<![\w@.-])(?:https?://)?(?:[a-z0-9-]+\.)*(?:youtube(?:-nocookie)?\.com|youtu\.be)(?::\d+)?/"
    r"[^\s<>\"'`|\\]*[^\s<>\"'`|\\.,;:!?)\]}*_~]",
    re.IGNORECASE,
)
_ID = re.compile(r"(?:youtu\.be/|/(?:watch/?\?(?:[^#]*&)?v=|shorts/|live/|embed/|v/))([\w-]+)(?![\w-])", re.IGNORECASE)
_MEANT = re.compile(r"youtu\.be/|/(?:watch|shorts/|live/|embed/|v/)", re.IGNORECASE)
_LENGTH = 11  # characters of an id


def named_in_words(text: str) -> set[int]:
    """Return the numbers that a text calls those of photos or documents, and not just numbers: photo 2, but not #2."""
    return {number for match in NAMED.finditer(text) if match[0][0] not in "#第" for number in named(match[0])}


def named(text: str) -> set[int]:
    """Return the numbers of the photos and documents that a text refers to."""
    numbers: set[int] = set()
    for match in NAMED.finditer(text):
        parts = re.split(rf"({_NUMBER})", match[1])
        listed = [int(part) for part in parts[1::2]]
        numbers.update(listed)
        for first, between, last in zip(listed, parts[2::2], listed[1:], strict=False):
            if re.search(r"[-–]|\b(?:to|bis|до)\b|到|से", between) and last - first < LONGEST_RANGE:
                numbers.update(range(first, last))
    return numbers


def links(text: str) -> tuple[str, ...]:
    """Return the videos that the text links to, each once and in one form, in the order of their first mention."""
    ids = [id for address in _ADDRESS.findall(text) if (id := _video(address))]
    return tuple(f"https://www.youtube.com/watch?v={id}" for id in dict.fromkeys(ids))


def without_videos(text: str) -> str:
    """Return the text with a mark in place of each link to a video."""
    return _ADDRESS.sub(UNSEEN, text)


def latest(text: str, most: int) -> str:
    """Return the text with links to the last `most` of its videos; a mark replaces the earlier ones."""
    latest_ids = {_video(link) for link in links(text)[-most:]}
    return _ADDRESS.sub(lambda match: UNSEEN if _video(match[0]) not in {None, *latest_ids} else match[0], text)


def check(text: str) -> None:
    """Raise Refused (video_link) if all links of the text to the site were meant as videos and none is one."""
    addresses = _ADDRESS.findall(text)
    wrong = [address for address in addresses if _video(address) is None and _MEANT.search(address)]
    if wrong and not links(text):
        raise Refused(FailureCode.VIDEO_LINK, link=wrong[0][:100])


def _video(address: str) -> str | None:
    match = _ID.search(address)
    return match[1] if match and len(match[1]) == _LENGTH else None

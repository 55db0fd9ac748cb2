"""Numbers of photos and documents in what people say: photo 2, photos 1 and 3, Bilder 2-4, 图2, file 3."""

import re

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

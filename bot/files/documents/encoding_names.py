"""Names of text encodings, as people know them."""

from collections.abc import Mapping

UNICODE = frozenset({"utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"})

ENCODING_NAMES: Mapping[str, str] = {
    **{f"cp{number}": f"Windows-{number}" for number in (*range(1250, 1259), 874, 932, 949)},
    **{f"cp{number}": f"DOS {number}" for number in (437, 737, 850, 852, 855, 862, 866, 1125)},
    **{f"iso8859_{part}": f"ISO-8859-{part}" for part in (2, 4, 5, 6, 7, 13, 15)},
    "cp932": "Shift JIS",
    "cp949": "EUC-KR",
    "big5hkscs": "Big5",
    "euc_jis_2004": "EUC-JP",
    "gb18030": "GB18030",
    "iso2022_jp_ext": "ISO-2022-JP",
    "iso2022_kr": "ISO-2022-KR",
    "hz": "HZ",
    "johab": "Johab",
    "koi8_r": "KOI8-R",
    "koi8_u": "KOI8-U",
    "kz1048": "KZ-1048",
    "mac_cyrillic": "Mac Cyrillic",
    "mac_latin2": "Mac Central European",
    "mac_roman": "Mac Roman",
    **{codec: codec.upper() for codec in UNICODE},
}
"""Names by Python's codec: all that `bot.files.decoders.encodings` detects."""

"""Detection of picture formats by the first bytes; the name and the declared type are ignored."""

from bot.errors import FailureCode, Unreadable

RAW = "RAW"
"""A camera's raw file that does not look like a TIFF; others are found by what is in them."""

_STARTS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"\0\0\1\0": "ICO",
    b"\xff\x0a": "JXL",
    b"\0\0\0\x0cJXL \r\n\x87\n": "JXL",
    b"FUJIFILMCCD-RAW": RAW,
    b"IIU\0": RAW,  # Panasonic
    b"IIRO": RAW,  # Olympus
    b"IIRS": RAW,
}
MP4, WEBM = "MP4", "WEBM"
_CLIPS = (b"isom", b"iso", b"mp4", b"avc", b"M4V", b"qt  ", b"3gp", b"3g2", b"dash", b"mmp4", b"f4v", b"MSNV")
_MATROSKA = b"\x1a\x45\xdf\xa3"
_AVIF = {b"avif", b"avis"}
_CANON = b"crx "
_HEIF = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def sniff(data: bytes) -> str:
    """Return the format as Pillow names it; raise Unreadable if it is not supported."""
    for start, kind in _STARTS.items():
        if data.startswith(start):
            return kind
    if data[:2] == b"BM" and 0 in data[2:32]:  # a text with this beginning has no zero bytes
        return "BMP"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and (kind := _by_brand(data)):
        return kind
    raise Unreadable(FailureCode.PHOTO_NOT_AN_IMAGE)


def sniff_clip(data: bytes) -> str:
    """Return the format of a video that can be read; empty if it is none."""
    if data.startswith(_MATROSKA):
        return WEBM
    return MP4 if data[4:8] == b"ftyp" and data[8:12].startswith(_CLIPS) else ""


def is_picture(data: bytes) -> bool:
    """Tell whether it is a picture, even a damaged one."""
    try:
        return bool(sniff(data))
    except Unreadable:
        return False


def _by_brand(data: bytes) -> str:
    major, end = data[8:12], min(int.from_bytes(data[:4]), 256)
    compatible = {data[at : at + 4] for at in range(16, end, 4)}
    if major in _AVIF or (major in (b"mif1", b"msf1") and compatible & _AVIF):
        return "AVIF"
    if major == _CANON:
        return RAW
    return "HEIF" if major in _HEIF else ""

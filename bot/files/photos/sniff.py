"""Detection of picture formats by the first bytes; the name and the declared type are ignored."""

from bot.errors import FailureCode, Unreadable

_STARTS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}
_AVIF = {b"avif", b"avis"}
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
    return "HEIF" if major in _HEIF else ""

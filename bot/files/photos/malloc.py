"""Tuning of malloc: large blocks of memory are mapped separately and returned to the system when freed.

Otherwise glibc raises its threshold as files are freed: the blocks of the next ones come from the heap, which is not
given back.
"""

import ctypes

_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of malloc.h; setting it also stops glibc from adjusting it


def separate_large_blocks(least: int = 1024 * 1024) -> None:
    """Ask malloc to map blocks of `least` bytes and more separately; no effect without glibc."""
    try:
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, least)
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return

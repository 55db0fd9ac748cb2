"""Large blocks of memory come from the system and go back to it, whatever was freed before.

Otherwise glibc raises its threshold as files are freed: the blocks of the next ones come from the heap, which is not
given back.
"""

import ctypes

_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of malloc.h; setting it also ends its moving about


def separate_large_blocks(least: int = 1024 * 1024) -> None:
    """Ask malloc to map blocks of `least` bytes and more on their own; without effect where it is not glibc's."""
    try:
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, least)
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return

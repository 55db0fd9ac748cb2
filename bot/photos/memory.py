"""Large blocks of memory come from the system and go back to it, whatever was freed before.

Otherwise glibc raises its threshold as pictures are freed: the blocks of the next one come from the heap, and Pillow
has them cleared while it holds the GIL, which stops the event loop for 10 to 30 ms. Nor is the memory given back.
"""

import ctypes

_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of malloc.h; setting it also ends its moving about


def separate_large_blocks(least: int = 1024 * 1024) -> None:
    """Ask malloc to map blocks of `least` bytes and more on their own; without effect where it is not glibc's."""
    try:
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, least)
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return

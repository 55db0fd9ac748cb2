"""JPEG XL, where the operator has installed pillow-jxl-plugin: its licence is not ours to choose for everybody."""

from importlib import import_module

from bot.errors import FailureCode, Unreadable


def load_jpeg_xl() -> None:
    """Let Pillow open JPEG XL. Unreadable: the plug-in is not installed."""
    try:
        import_module("pillow_jxl")
    except ImportError as error:
        raise Unreadable(FailureCode.PHOTO_JPEG_XL) from error

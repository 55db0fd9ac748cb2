"""The table of tasks for worker processes: for each one a function of `bot.files.decoders`, and its limits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any

MEGABYTE = 1024 * 1024

Function = Callable[..., tuple[Any, bytes]]
"""Called with the file and the arguments of `run`; returns JSON-compatible values, and bytes.

It raises `bot.errors.Unreadable` for a file that it rejects. Any other exception counts as a crash.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A function, as `module:name`, and its limits for one file."""

    function: str
    cpu_seconds: int = 20
    seconds: float = 60.0  # wall-clock time
    memory: int = 1024 * MEGABYTE  # of address space
    reusable: bool = False  # True if the worker may go on to another file after this one

    def load(self) -> Function:
        """Import the function."""
        module, _, name = self.function.partition(":")
        function: Function = getattr(import_module(module), name)
        return function


def _picture(function: str) -> Task:
    # Decoding a large picture gets more memory, one at a time: see `worker_process.one_large`.
    return Task(function=f"bot.files.decoders.{function}", memory=512 * MEGABYTE, reusable=True)


def _clip(function: str) -> Task:
    return Task(function=f"bot.files.decoders.{function}", memory=512 * MEGABYTE, cpu_seconds=40)


def _document(function: str) -> Task:
    return Task(function=f"bot.files.decoders.{function}", seconds=30.0)


TASKS: Mapping[str, Task] = MappingProxyType(
    {
        "clean_photo": _picture("photo_file:clean_photo"),
        "inspect_picture": _picture("pictures:inspect_picture"),
        "is_opaque": _picture("pictures:is_opaque"),
        "shrink_picture": _picture("pictures:shrink_picture"),
        "reencode_photo": _picture("reencode:reencode_photo"),
        "measure_photo": _picture("measure:measure_photo"),
        "mark_differences": _picture("differences:mark_differences"),
        "convert_text": _document("plain_text:convert_text"),
        "name_package": _document("package:name_package"),
        "draw_grid": _picture("closer:draw_grid"),
        "cut_cells": _picture("closer:cut_cells"),
        "cut_part": _picture("closer:cut_part"),
        "read_clip": _clip("clips:read_clip"),
        "read_clip_sound": _clip("clips:read_clip_sound"),
        "read_pdf": _document("pdf_text:read_pdf"),
        "draw_pages": _document("pdf_pages:draw_pages"),
        "list_pictures": _document("embedded_pictures:list_pictures"),
        "read_docx": _document("word_text:read_docx"),
        "read_sheets": _document("sheet_text:read_sheets"),
        "write_sheet": _document("sheet_file:write_sheet"),
        "read_slides": _document("slide_text:read_slides"),
        "read_open_document": _document("open_document:read_open_document"),
        "read_ebook": _document("html_text:read_ebook"),
        "read_html": _document("html_text:read_html"),
        "read_mail": _document("mail_text:read_mail"),
        "read_notebook": _document("mail_text:read_notebook"),
        "read_rtf": _document("mail_text:read_rtf"),
        # The engine maps much more than it uses: some 450 MB.
        "read_photo": Task(
            function="bot.files.decoders.reading:read_photo", cpu_seconds=120, seconds=120.0, memory=3072 * MEGABYTE
        ),
    }
)

PRELOADED = ("bot.files.decoders.photo_file", "bot.files.decoders.pictures")
"""Modules that the fork server imports, so that workers need not."""

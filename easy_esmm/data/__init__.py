"""Reads files into batches of tensors. Knows columns and types, and nothing of models.

`input_fn` imports TensorFlow when it is first accessed; the check of files does without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from easy_esmm.data.check import check_files, require_files, require_input
from easy_esmm.data.frames import FilesOrFrame
from easy_esmm.data.row_errors import row_error

if TYPE_CHECKING:
    from easy_esmm.data.inputs import input_fn

__all__ = [
    "FilesOrFrame",
    "check_files",
    "input_fn",
    "require_files",
    "require_input",
    "row_error",
]


def __getattr__(name: str) -> Any:
    if name == "input_fn":
        from easy_esmm.data.inputs import input_fn  # noqa: PLC0415  TensorFlow takes 6 s to import

        return input_fn
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

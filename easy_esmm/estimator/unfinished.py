"""Marks a model_dir whose training has not ended with its last evaluation and export."""

from __future__ import annotations

import contextlib
import os

_NAME = "unfinished_training"
_TEXT = """\
A training in this folder goes on, or was ended by a signal or an error before its last evaluation
and export. --continue_train does what is left. The file then disappears.
"""


def mark(model_dir: str) -> None:
    """Leaves the mark, before the first step."""
    with open(os.path.join(model_dir, _NAME), "w", encoding="utf-8") as file:
        file.write(_TEXT)


def unmark(model_dir: str) -> None:
    """Removes the mark, after the export."""
    with contextlib.suppress(FileNotFoundError):
        os.remove(os.path.join(model_dir, _NAME))


def is_marked(model_dir: str) -> bool:
    """Whether the training of the folder has something left to do.

    False in the folder of an older version, which left no mark.
    """
    return os.path.exists(os.path.join(model_dir, _NAME))

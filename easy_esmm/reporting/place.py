"""Checks that a page can be written to a path, before anything is computed."""

from __future__ import annotations

import os

from easy_esmm.errors import UserError


def require_place(flag: str, path: str) -> None:
    """Raises UserError, naming the flag, where the folder is missing or the path is a folder."""
    folder = os.path.dirname(path)
    if folder and not os.path.isdir(folder):
        raise UserError(f"{flag}: no folder {folder}")
    if os.path.isdir(path):
        raise UserError(f"{flag}: {path} is a folder; name a file")

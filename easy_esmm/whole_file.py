"""A file that is there whole or not at all, whenever the process that writes it ends."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager, suppress
from typing import Iterator, Union


@contextmanager
def written_whole(path: Union[str, os.PathLike[str]]) -> Iterator[str]:
    """Yields the name to write to, in the same folder; then the file gets its own name.

    What stood at `path` before is replaced. When writing fails it stays, and the unfinished file is
    removed; a killed process leaves `path.unfinished-PID` (see `is_unfinished`). Nothing is
    promised of a power cut.
    """
    unfinished = f"{os.fspath(path)}.unfinished-{os.getpid()}"
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        with suppress(FileNotFoundError):
            os.remove(unfinished)


def is_unfinished(name: str) -> bool:
    """Whether a file of this name was left by a process that was killed while it wrote."""
    return re.search(r"\.unfinished-\d+$", name) is not None

"""A file that is there whole or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import Iterator, Union


@contextmanager
def written_whole(path: Union[str, os.PathLike[str]]) -> Iterator[str]:
    """Yields the name to write to, in the same folder; then the file gets its own name.

    What stood at `path` before is replaced. When writing fails it stays, and the unfinished file is
    removed; a killed process leaves `path.unfinished-PID`, which no reader of `path` looks at.
    """
    unfinished = f"{os.fspath(path)}.unfinished-{os.getpid()}"
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        with suppress(FileNotFoundError):
            os.remove(unfinished)

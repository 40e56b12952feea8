"""Atomic writes: a file appears under its name only when it is complete."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager, suppress
from typing import Iterator, Optional, Union


@contextmanager
def atomic_write(path: Union[str, os.PathLike[str]]) -> Iterator[str]:
    """Yields the name to write to, in the same folder; then the file gets its own name.

    What stood at `path` before is replaced. When writing fails it stays, and the unfinished file is
    removed; a killed process leaves `path.unfinished-PID` (see `is_left_over`). A power
    failure may lose the file.
    """
    unfinished = f"{os.fspath(path)}.unfinished-{os.getpid()}"
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        with suppress(FileNotFoundError):
            os.remove(unfinished)


def is_unfinished(name: str) -> bool:
    """Whether a file of this name is being written, or was when its process was killed."""
    return _writer(name) is not None


def is_left_over(name: str) -> bool:
    """Whether a file of this name was left by a process that was killed while it wrote.

    False as long as any process of this machine has the writer's number.
    """
    writer = _writer(name)
    if writer is None:
        return False
    try:
        os.kill(writer, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # of another user, and alive
    return False


def _writer(name: str) -> Optional[int]:
    """Number of the process that writes or wrote a file of this name; None: it is whole."""
    match = re.search(r"\.unfinished-(\d+)$", name)
    return int(match.group(1)) if match else None

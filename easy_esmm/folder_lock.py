"""Locks a folder against a second process that would train in it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import Iterator

from absl import logging

from easy_esmm.errors import UserError


@contextlib.contextmanager
def locked(folder: str) -> Iterator[None]:
    """Locks the folder against other trainings; creates it if it does not exist.

    The system releases the lock when the process ends, however it ends.

    Raises:
      UserError: another training has locked it, or it cannot be made.
    """
    try:
        os.makedirs(folder, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise UserError(
            f"model_dir: {folder} cannot be made or opened: {error.strerror}; give another "
            "--model_dir"
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"model_dir: {folder} is being trained in by another process; wait for its end, or "
                "give another --model_dir"
            ) from None
        except OSError as error:  # a file system without locks
            logging.info("model_dir: %s cannot be locked: %s", folder, error.strerror)
        yield
    finally:
        os.close(descriptor)

"""Says in one error what is wrong with a disk: full, over its quota, read-only."""

from __future__ import annotations

import os
import re
import shutil
from typing import Optional

from easy_esmm.errors import UserError

_CAUSE = re.compile(
    r"No space left on device|File too large|Disk quota exceeded|Read-only file system"
)
_PATH = re.compile(r"(/[^;:\s]+)[;:]")


def disk_error(message: str, path: str = "") -> Optional[UserError]:
    """The error of a file that could not be written, if `message` says that the disk is the cause.

    `path` is the file, where it is known; else it is looked for in the message.
    """
    cause = _CAUSE.search(message)
    if cause is None:
        return None
    named = _PATH.search(message)
    path = path or (named[1] if named else "")
    folder = os.path.dirname(path)
    free = ""
    if folder and os.path.isdir(folder):
        free = f"; {shutil.disk_usage(folder).free / 1e6:,.1f} MB are free there"
    return UserError(
        f"{path or 'a file'} cannot be written: {cause[0]}{free}.\nWhat was complete before is "
        "whole: make room, and go on (train: with --continue_train)"
    )

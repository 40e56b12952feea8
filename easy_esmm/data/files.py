"""Input files: a comma list of globs becomes a list of paths.

Only local files are read. Everything that touches a path goes through here, so that another file
system is one more branch in this module.
"""

from __future__ import annotations

import glob
import gzip
import os
from typing import IO, List, Tuple, cast

from easy_esmm.errors import UserError
from easy_esmm.planted.truth import is_truth_file

_MARKS = ("_SUCCESS", "_metadata", "_common_metadata")


def find_files(paths: str) -> Tuple[str, ...]:
    """The files that a comma list of globs names, in the order of the list, sorted inside a glob.

    Marks of other programs (`_SUCCESS`, `_metadata`) are left out, and a file that two globs match
    is read once. Raises UserError if a pattern matches nothing, names a folder or a remote place,
    or if a file holds planted truth: its columns are the answers.
    """
    patterns = [pattern.strip() for pattern in paths.split(",") if pattern.strip()]
    if not patterns:
        raise UserError("no input files are named")
    found: List[str] = []
    for pattern in patterns:
        found += _match(pattern)
    for path in found:
        if is_truth_file(path):
            raise UserError(f"{path}: a file of planted truth, whose columns are the answers")
    return tuple(dict.fromkeys(found))


def _match(pattern: str) -> List[str]:
    if "://" in pattern:
        raise UserError(f"{pattern}: only local files are read; copy or mount the data")
    if os.path.isdir(pattern):
        raise UserError(f"{pattern}: a folder; name the files, as in '{pattern.rstrip('/')}/*'")
    # A path that exists is taken as it stands, so that names with brackets can be read.
    matches = [pattern] if os.path.exists(pattern) else sorted(glob.glob(pattern, recursive=True))
    files = [
        path for path in matches if os.path.isfile(path) and os.path.basename(path) not in _MARKS
    ]
    if not files:
        raise UserError(f"{pattern}: matches no file (seen from {os.getcwd()})")
    return files


def is_compressed(path: str) -> bool:
    """Whether the file is read through gzip; its suffix says so."""
    return path.endswith(".gz")


def open_bytes(path: str) -> IO[bytes]:
    """Opens a file for reading, uncompressing it if its name ends with `.gz`."""
    if is_compressed(path):
        return cast(IO[bytes], gzip.open(path, "rb"))
    return open(path, "rb")

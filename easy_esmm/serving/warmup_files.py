"""The files whose first rows go into the warm-up file of an export. No TensorFlow."""

from __future__ import annotations

from easy_esmm.config import Pipeline
from easy_esmm.data import FilesOrFrame, require_files
from easy_esmm.data.files import find_files
from easy_esmm.errors import UserError

NO_WARMUP = "none"
"""In the place of rows: no warm-up file."""


def require_warmup_files(pipeline: Pipeline, rows: FilesOrFrame) -> None:
    """Raises UserError where they are missing, empty, or do not hold what the config reads."""
    if isinstance(rows, str):
        if rows == NO_WARMUP:
            return
        try:
            find_files(rows)
        except UserError as error:
            raise UserError(f"--warmup_path: {error}") from None
    require_files(pipeline, "predict", rows)

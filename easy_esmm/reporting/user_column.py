"""Checks, before TensorFlow is imported, that the evaluated rows have the user column."""

from __future__ import annotations

from easy_esmm.config import Pipeline
from easy_esmm.data import check_files
from easy_esmm.errors import UserError


def require_user_column(pipeline: Pipeline, name: str) -> None:
    """Raises UserError, naming --user_column, where the files hold no such column to be read.

    An empty `name` is none. Other faults of the files are reported by the evaluation.
    """
    if not name:
        return
    others = check_files(pipeline, "eval")
    for problem in check_files(pipeline, "eval", extra_columns=[name]):
        if problem not in others:
            hint = f"; {problem.hint}" if problem.hint else ""
            raise UserError(f"--user_column: {problem.rule}{hint}")

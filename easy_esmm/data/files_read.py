"""Lists the files that an input reads. No TensorFlow."""

from __future__ import annotations

from typing import Optional, Tuple, Union

from easy_esmm.data.fields import needed_fields
from easy_esmm.data.files import find_files
from easy_esmm.data.frames import FilesOrFrame
from easy_esmm.data.user_files import users_file
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def files_or_rows(
    config: PipelineConfig, paths: str, rows: Optional[FilesOrFrame]
) -> Union[int, Tuple[str, ...]]:
    """The paths of the files, those of users behind them; of a DataFrame its number of rows.

    `rows` are read instead of the globs `paths`, if given.
    """
    if rows is not None and not isinstance(rows, str):
        return len(rows)
    named = paths if rows is None else rows
    found = find_files(named) if named else ()
    users = needed_fields(config, with_labels=True).user_rows
    if users is None:
        return found
    return (*found, *dict.fromkeys(users_file(path, users) for path in found))

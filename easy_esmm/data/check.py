"""Compares the files with the config before anything is built. No TensorFlow.

Looks at names, first rows and schemas only, so that it costs milliseconds however large the files
are.
"""

from __future__ import annotations

from typing import Any, List, Optional, Sequence, Tuple

from easy_esmm.config import Pipeline, Problem
from easy_esmm.data.fields import needed_fields
from easy_esmm.data.file_problems import COLUMNS_FLAG, FileProblems, problem_of
from easy_esmm.data.files import find_files
from easy_esmm.data.formats import input_format
from easy_esmm.data.frames import NAME as FRAME
from easy_esmm.data.frames import FilesOrFrame, frame_faults, is_frame, table_of
from easy_esmm.errors import UserError

_PATH_FIELDS = {"train": "train_input_path", "eval": "eval_input_path"}
_PATH_FLAG = "--input_path"
"""What names the files of a prediction."""


def check_files(
    pipeline: Pipeline,
    split: str,
    rows: Optional[FilesOrFrame] = None,
    extra_columns: Sequence[str] = (),
) -> List[Problem]:
    """The problems of the files of `split` (train, eval or predict): what is not as declared.

    Arguments as of `input_fn`. Each problem stands at the field that has to change: the path, the
    declared column, `with_header`, `separator` or `input_fields`; of a prediction's files, and of
    the columns that only `extra_columns` names, at the flag of `predict`. All files are looked at,
    and what several of them have in common is reported of the first.
    """
    path_field = _PATH_FIELDS.get(split, _PATH_FLAG)
    try:
        files = () if is_frame(rows) else find_files(_paths(pipeline, rows, path_field))
    except UserError as error:
        return [problem_of(pipeline, path_field, str(error))]
    of_config = needed_fields(pipeline.config, with_labels=split != "predict")
    flag_columns: Tuple[str, ...] = ()
    if split == "predict":
        read = [column.name for column in of_config.needed]
        flag_columns = tuple(name for name in extra_columns if name not in read)
    try:
        is_read = split != "predict"
        fields = needed_fields(
            pipeline.config,
            with_labels=is_read,
            extra_columns=extra_columns if is_read else (),
            passed_columns=() if is_read else extra_columns,
        )
    except UserError as error:
        return [problem_of(pipeline, COLUMNS_FLAG, str(error))]
    problems = FileProblems(pipeline, fields, path_field, flag_columns)
    if is_frame(rows):
        _check_frame(rows, problems)
    elif not input_format(problems.data).check(files, problems) and not problems.found:
        problems.add(path_field, f"no row in {len(files)} file(s), the first being {files[0]}")
    return problems.found


def _paths(pipeline: Pipeline, rows: Optional[FilesOrFrame], path_field: str) -> str:
    return str(rows) if rows is not None else str(getattr(pipeline.config, path_field, ""))


def _check_frame(frame: Any, problems: FileProblems) -> None:
    """Checks a DataFrame's columns and that it has rows."""
    try:
        table = table_of(frame, problems.fields)
    except UserError as error:
        problems.add("data_config", str(error))
        return
    names = [str(name) for name in frame.columns]
    for column, fault in frame_faults(frame, table, problems.fields):
        problems.add_column(column, fault, names, FRAME)
    if not len(frame):
        problems.add("data_config", f"the {FRAME} holds no row")
        return
    weight = problems.fields.weight
    if weight is None or problems.found:
        return
    if table.column(weight.name).null_count == len(frame):
        problems.add_empty_weight(f"the {len(frame)} row(s)", FRAME)

"""Compares the files with the config before anything is built. No TensorFlow.

Looks at names, first rows and schemas only, so that it costs milliseconds however large the files
are.
"""

from __future__ import annotations

import os
from typing import Any, List, Optional, Sequence, Tuple

from easy_esmm.config import ConfigError, Pipeline, Problem
from easy_esmm.config.groups import features_read
from easy_esmm.config.scalars import quoted
from easy_esmm.data.fields import needed_fields
from easy_esmm.data.file_problems import COLUMNS_FLAG, FileProblems, problem_of
from easy_esmm.data.files import find_files
from easy_esmm.data.formats import input_format
from easy_esmm.data.frames import NAME as FRAME
from easy_esmm.data.frames import FilesOrFrame, frame_faults, is_frame, table_of
from easy_esmm.data.vectors import find_fault, is_by_row
from easy_esmm.errors import UserError

_PATH_FIELDS = {"train": "train_input_path", "eval": "eval_input_path"}
_PATH_FLAG = "--input_path"
"""What names the files of a prediction."""


def check_files(
    pipeline: Pipeline,
    split: str,
    rows: Optional[FilesOrFrame] = None,
    extra_columns: Sequence[str] = (),
    with_labels: bool = True,
) -> List[Problem]:
    """The problems of the files of `split` (train, eval or predict): what is not as declared.

    Arguments as of `input_fn`. Each problem stands at the field that has to change: the path, the
    declared column, `with_header`, `separator` or `input_fields`; of a prediction's files, and of
    the columns that only `extra_columns` names, at the flag of `predict`. All files are looked at,
    and what several of them have in common is reported of the first. `with_labels`: whether
    labels and sample weights are read, of train and eval; a prediction reads none.
    """
    path_field = _PATH_FIELDS.get(split, _PATH_FLAG)
    try:
        files = () if is_frame(rows) else find_files(_paths(pipeline, rows, path_field))
    except UserError as error:
        return [problem_of(pipeline, path_field, str(error))]
    with_labels = with_labels and split != "predict"
    is_training = with_labels and split == "train"
    of_config = needed_fields(pipeline.config, with_labels=with_labels, training=is_training)
    flag_columns: Tuple[str, ...] = ()
    if split == "predict":
        read = [column.name for column in of_config.needed]
        flag_columns = tuple(name for name in extra_columns if name not in read)
    try:
        is_read = split != "predict"
        fields = needed_fields(
            pipeline.config,
            with_labels=with_labels,
            training=is_training,
            extra_columns=extra_columns if is_read else (),
            passed_columns=() if is_read else extra_columns,
        )
    except UserError as error:
        return [problem_of(pipeline, COLUMNS_FLAG, str(error))]
    problems = FileProblems(pipeline, fields, path_field, flag_columns)
    if split == "train":
        _check_vectors(pipeline, problems)
    if is_frame(rows):
        _check_frame(rows, problems)
    elif not input_format(problems.data).check(files, problems) and not problems.found:
        problems.add(path_field, f"no row in {len(files)} file(s), the first being {files[0]}")
    return problems.found


def require_files(
    pipeline: Pipeline,
    split: str,
    rows: Optional[FilesOrFrame] = None,
    extra_columns: Sequence[str] = (),
) -> None:
    """The third gate: the files against the config, before anything is built.

    Raises:
      ConfigError: a file is missing, empty, or does not hold what the config reads.
    """
    problems = check_files(pipeline, split, rows, extra_columns)
    if problems:
        raise ConfigError(problems)


def require_input(
    pipeline: Pipeline,
    train_rows: Optional[FilesOrFrame] = None,
    eval_rows: Optional[FilesOrFrame] = None,
) -> None:
    """The checks of the input with which `train` begins, whose arguments these are.

    Raises:
      ConfigError: a file is missing, empty, or does not hold what the config reads.
    """
    require_files(pipeline, "train", train_rows)
    if eval_rows is not None or pipeline.config.eval_input_path:
        require_files(pipeline, "eval", eval_rows)


def _check_vectors(pipeline: Pipeline, problems: FileProblems) -> None:
    """Files with which tables begin; a training that goes on from a checkpoint reads none."""
    folder = pipeline.config.model_dir
    if folder and os.path.isfile(os.path.join(folder, "checkpoint")):
        return
    used = features_read(pipeline.config.model_config)
    for number, feature in enumerate(pipeline.config.feature_config.features):
        path = feature.embedding_init_file
        if path and feature.feature_name in used:
            at = f"feature_config.features[{number}].embedding_init_file"
            fault, hint = find_fault(path, feature.embedding_dim), None
            if not fault and is_by_row(path) and feature.hash_bucket_size:
                fault = "must hold ids, since those of the feature are hashed"
                hint = "write Parquet with the columns id and vector"
            if fault:
                problems.add(at, fault, hint, value=quoted(path))


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

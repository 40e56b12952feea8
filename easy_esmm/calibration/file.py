"""The file of a calibration beside its checkpoint: `<checkpoint>.calibration.json`."""

from __future__ import annotations

import hashlib
import os
from typing import Optional

import tensorflow as tf

from easy_esmm.calibration.calibration import Calibration, calibrated_tasks, from_json, to_json
from easy_esmm.calibration.field import field_problem
from easy_esmm.config import Pipeline
from easy_esmm.config.cells import STRING, parse_cell
from easy_esmm.errors import UserError

SUFFIX = ".calibration.json"


def path_of(checkpoint: str) -> str:
    """Where the calibration of a checkpoint (`.../model.ckpt-147`) is kept."""
    return f"{checkpoint}{SUFFIX}"


def digest(checkpoint: str) -> str:
    """Tells the checkpoint from others of its name: its index holds a checksum of each variable."""
    with tf.io.gfile.GFile(f"{checkpoint}.index", "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def write(calibration: Calibration, checkpoint: str) -> str:
    """Writes the file, in the place of an earlier one, and returns its path.

    It appears when it is whole.

    Raises:
      UserError: it cannot be written.
    """
    path = path_of(checkpoint)
    unfinished = f"{path}.unfinished-{os.getpid()}"
    try:
        try:
            with tf.io.gfile.GFile(unfinished, "w") as file:
                file.write(to_json(calibration))
            tf.io.gfile.rename(unfinished, path, overwrite=True)
        finally:
            if tf.io.gfile.exists(unfinished):
                tf.io.gfile.remove(unfinished)
    except tf.errors.OpError as error:
        raise UserError(f"{path}: cannot be written: {error.message}") from error
    return path


def read(pipeline: Pipeline, checkpoint: str) -> Optional[Calibration]:
    """The calibration of a checkpoint; None where it has none.

    Raises:
      UserError: there is a file, and it is damaged or of something else.
    """
    path = path_of(checkpoint)
    if not tf.io.gfile.exists(path):
        return None
    try:
        with tf.io.gfile.GFile(path, "r") as file:
            calibration = from_json(file.read())
        _require_fit(calibration, pipeline, checkpoint)
    except UserError as error:
        raise UserError(f"{path}: {error}\n{_ADVICE}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: is no text in UTF-8: {error}\n{_ADVICE}") from None
    except tf.errors.OpError as error:
        raise UserError(f"{path}: cannot be read: {error.message}") from error
    return calibration


_ADVICE = "calibrate again (python -m easy_esmm.calibrate), delete the file, or give --uncalibrated"


def _require_fit(calibration: Calibration, pipeline: Pipeline, checkpoint: str) -> None:
    if calibration.checkpoint != digest(checkpoint):
        raise UserError("is the calibration of another checkpoint: this one has other weights")
    wanted = set(calibrated_tasks(pipeline.tasks))
    if set(calibration.tasks) != wanted:
        raise UserError(
            f"must be of the tasks {_names(wanted)}, as the model of this config has them, "
            f"got {_names(set(calibration.tasks))}"
        )
    problem = field_problem(pipeline.config, calibration.field) if calibration.field else ""
    if problem:
        raise UserError(f"its field '{calibration.field}' {problem}")
    types = {
        field.input_name: field.input_type for field in pipeline.config.data_config.input_fields
    }
    for name, task in calibration.tasks.items():
        if task.shifts and not calibration.field:
            raise UserError(f"has shifts of task '{name}', and no field whose values they are of")
        for text in task.shifts:
            if not _is_value(text, types[calibration.field]):
                raise UserError(
                    f"has a shift of task '{name}' for {text!r:.60}, which is no value of its "
                    f"field '{calibration.field}'"
                )


def _is_value(text: str, column_type: int) -> bool:
    """Whether a column can hold it; '' is a missing value."""
    if column_type == STRING:
        return not any("\ud800" <= character <= "\udfff" for character in text)
    return not text or str(parse_cell(column_type, text.encode(errors="replace"))) == text


def _names(tasks: set[str]) -> str:
    return ", ".join(sorted(name or "(the only one)" for name in tasks)) or "(none)"

"""Calibrates a checkpoint on rows that it has not seen."""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np
from absl import logging
from numpy.typing import NDArray

from easy_esmm.calibration import file
from easy_esmm.calibration.calibration import Calibration, calibrated_tasks
from easy_esmm.calibration.field import field_problem
from easy_esmm.calibration.fitted import AUTO, FOLDS, Fitted, fit
from easy_esmm.calibration.holdout import (
    MOST_VALUES,
    Family,
    Holdout,
    Observations,
    require_labels,
)
from easy_esmm.config import Pipeline
from easy_esmm.contract import Kind
from easy_esmm.data import FilesOrFrame
from easy_esmm.data.files import find_files
from easy_esmm.errors import UserError
from easy_esmm.estimator.choose_checkpoint import choose_checkpoint
from easy_esmm.estimator.evaluate import evaluate
from easy_esmm.evaluation.recorded_rows import RecordedRows
from easy_esmm.evaluation.recorder import RowRecorder
from easy_esmm.installed import version_of
from easy_esmm.reporting.collect import user_column_of
from easy_esmm.reporting.shown_task import ShownTask
from easy_esmm.reporting.shown_tasks import shown_tasks

Array = NDArray[Any]

_LOST = "\ufffd"
"""What stands for bytes that are no UTF-8: such values cannot be named in a file."""


@dataclass(frozen=True, eq=False)
class Calibrated:
    """What came out of a calibration."""

    path: str
    """Of the file beside the checkpoint."""
    calibration: Calibration
    fitted: Fitted


def calibrate(
    pipeline: Pipeline,
    rows: FilesOrFrame,
    *,
    checkpoint_path: str = "",
    method: str = AUTO,
    field: str = "",
    user_column: str = "",
    seed: int = 0,
    files_are_checked: bool = False,
) -> Calibrated:
    """Fits the calibration of a checkpoint and writes it beside the checkpoint.

    Fitted on the model's own logits, whether or not it has a calibration already: that is replaced.

    Args:
      pipeline: the config.
      rows: the holdout, files or a DataFrame: rows that the model was not trained on, with labels.
      checkpoint_path: as for `training.export`; empty: the newest of `model_dir`.
      method: `platt`, `spline` or `isotonic`, or the one that cross-validation chooses.
      field: input column whose values get shifts of their own; empty: none.
      user_column: column that names the user, whose rows are held out together; empty: that of
        the config's `gauc` metric, if any.
      seed: of the folds.
      files_are_checked: whether the caller has checked the files, by `training.require_files`.

    Raises:
      UserError: the field does not fit, labels are missing, or there are too few of one class.
    """
    config = pipeline.config
    problem = field_problem(config, field) if field else ""
    if problem:
        raise UserError(f"--field: {problem}, got '{field}'")
    names = calibrated_tasks(pipeline.tasks)
    if not names:
        raise UserError("the model predicts values only, and has no probability to calibrate")
    checkpoint = choose_checkpoint(pipeline, checkpoint_path)
    user_column = user_column or user_column_of(pipeline)
    _warn_of_training_rows(pipeline, rows)
    recorder = RowRecorder((field,) if field else (), user_column, keeps_missing=True)
    evaluate(
        pipeline,
        rows,
        checkpoint_path=checkpoint,
        recorder=recorder,
        uncalibrated=True,
        every_row=True,
        files_are_checked=files_are_checked,
    )
    recorded = recorder.rows()
    _require_labels(recorded)
    value, values = _values(recorder, field) if field else (None, ())
    holdout = _holdout(recorded, names, value, values)
    fitted = fit(holdout, method, seed)
    made = {
        **_provenance(rows, method, user_column, seed),
        "field_values": max(len(values) - 1, 0),
        "scores": _scores(fitted),
    }
    calibration = Calibration(fitted.tasks, field, file.digest(checkpoint), made)
    return Calibrated(file.write(calibration, checkpoint), calibration, fitted)


def _warn_of_training_rows(pipeline: Pipeline, rows: FilesOrFrame) -> None:
    if not isinstance(rows, str) or not pipeline.config.train_input_path:
        return
    try:
        trained = {os.path.realpath(path) for path in find_files(pipeline.config.train_input_path)}
    except UserError:
        return  # the training rows are elsewhere now
    both = [path for path in find_files(rows) if os.path.realpath(path) in trained]
    if both:
        logging.warning(
            "--input_path: %s is part of train_input_path: a model is surer of rows that it was "
            "trained on than of new ones, and a calibration on them is wrong; give a holdout",
            both[0],
        )


def _require_labels(rows: RecordedRows) -> None:
    missing: Dict[str, Tuple[int, int]] = {}
    for task in rows.tasks:
        is_asked = np.ones(len(rows.weight), bool)
        if task.condition is not None:
            is_asked = rows.labels[task.condition] > 0
        count = np.count_nonzero(rows.missing[task.label] & is_asked)
        missing[task.label] = int(count), int(is_asked.sum())
    require_labels(missing)


def _values(recorder: RowRecorder, field: str) -> Tuple[Array, Sequence[str]]:
    codes, texts = recorder.coded()[field]
    # The first code is that of values beyond the most that a recorder tells apart.
    if len(texts) - 1 > MOST_VALUES or not codes.all():
        raise UserError(
            f"--field: {field} must have at most {MOST_VALUES:,} values in the holdout, got more; "
            "they are constants of the exported model: give a coarser column"
        )
    # A text that stands for several values, for want of UTF-8, is none of them.
    values = [f"{_LOST}{number}" if _LOST in text else text for number, text in enumerate(texts)]
    return codes.astype(np.int64), values


def _holdout(
    rows: RecordedRows, names: Sequence[str], value: Optional[Array], values: Sequence[str]
) -> Holdout:
    shown = {
        task.spec.name: _observations(rows, task)
        for task in shown_tasks(rows.tasks)
        if task.spec.kind is Kind.BINARY
    }
    family = rows.tasks.entire_space
    return Holdout(
        tasks=[shown[name] for name in names],
        value=np.zeros(len(rows.weight), np.int64) if value is None else value,
        values=values,
        cluster=_clusters(rows),
        family=None
        if family is None or family.product.name not in names
        else Family(family.click.name, family.product.name, shown[family.conversion.name]),
    )


def _observations(rows: RecordedRows, task: ShownTask) -> Observations:
    spec, weight = task.spec, rows.weight
    if spec.is_masked and spec.condition is not None:
        weight = weight * rows.labels[spec.condition]
    elif spec.inside_metric_name is not None:
        weight = weight * rows.inside[spec.name]
    return Observations(spec.name, task.title, rows.logits[spec.name], rows.label(spec), weight)


def _clusters(rows: RecordedRows) -> Optional[Array]:
    """int64 [rows], equal for rows of one user; a row without a user is alone."""
    if rows.user is None or rows.has_user is None:
        return None
    _, number = np.unique(rows.user, return_inverse=True)
    alone = number.max() + 1 + np.arange(len(number))
    return np.asarray(np.unique(np.where(rows.has_user, number, alone), return_inverse=True)[1])


def _provenance(rows: FilesOrFrame, method: str, user_column: str, seed: int) -> Dict[str, Any]:
    now = datetime.datetime.now(datetime.timezone.utc)
    return {
        "date": now.strftime("%Y-%m-%d %H:%M:%S UTC"),
        "easy_esmm": version_of("easy_esmm") or "",
        "input_path": rows if isinstance(rows, str) else "DataFrame",
        "method": method,
        "folds": FOLDS,
        "seed": seed,
        "user_column": user_column,
    }


def _scores(fitted: Fitted) -> List[Dict[str, Any]]:
    return [
        {
            "task": judged.rows.name,
            "rows": judged.count,
            "positives": judged.positives,
            "before": _figures(judged.before),
            "after": _figures(judged.after),
        }
        for judged in fitted.judged
    ]


def _figures(scores: Any) -> Dict[str, List[float]]:
    return {
        "predicted_over_observed": list(scores.ratio),
        "log_loss": list(scores.log_loss),
        "expected_calibration_error": list(scores.calibration_error),
    }

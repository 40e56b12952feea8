"""Evaluates a checkpoint and writes the page about it."""

from __future__ import annotations

from typing import Dict, Sequence

from easy_esmm.atomic_file import atomic_write
from easy_esmm.calibration.file import read
from easy_esmm.config import Pipeline
from easy_esmm.estimator import checkpoint_fit
from easy_esmm.estimator.evaluate import evaluate
from easy_esmm.estimator.importance import evaluate_permuted
from easy_esmm.reporting.collect import collect, recorder_for, user_column_of
from easy_esmm.reporting.measures.importance import TaskImportance, importance
from easy_esmm.reporting.page import page
from easy_esmm.simulation.truth import read_truth


def evaluate_and_report(
    pipeline: Pipeline,
    path: str,
    *,
    checkpoint_path: str = "",
    truth_path: str = "",
    common_pctr_path: str = "",
    user_column: str = "",
    uncalibrated: bool = False,
    importance_rows: int = 0,
    files_are_checked: bool = False,
) -> Dict[str, float]:
    """`training.evaluate`, and the page at `path` from the same pass over the rows.

    Args:
      pipeline: the config.
      path: file for the page; it appears whole or not at all.
      checkpoint_path: as for `training.evaluate`.
      truth_path: as for `training.evaluate`.
      common_pctr_path: as for `training.evaluate`.
      user_column: column that names the user; empty: that of the config's `gauc` metric, if any.
      uncalibrated: as for `training.evaluate`.
      importance_rows: on so many rows, the first ones, the importance of features is measured.
      files_are_checked: as for `training.evaluate`.

    Returns:
      The metrics.
    """
    config = pipeline.config
    checkpoint = checkpoint_fit.newest(config.model_dir, checkpoint_path)
    user_column = user_column or user_column_of(pipeline)
    recorder = recorder_for(config, user_column)
    metrics = evaluate(
        pipeline,
        checkpoint_path=checkpoint,
        truth_path=truth_path,
        common_pctr_path=common_pctr_path,
        recorder=recorder,
        uncalibrated=uncalibrated,
        files_are_checked=files_are_checked,
    )
    truth = read_truth(truth_path) if truth_path else None
    found_importance: Sequence[TaskImportance] = ()
    if importance_rows:
        found_importance = importance(
            evaluate_permuted(pipeline, checkpoint, importance_rows, uncalibrated=uncalibrated)
        )
    calibration = None if uncalibrated else read(pipeline, checkpoint)
    found = collect(
        pipeline,
        metrics,
        recorder,
        checkpoint,
        user_column=user_column,
        calibration="" if calibration is None else calibration.words,
        truth=truth,
        importance=found_importance,
    )
    with atomic_write(path) as unfinished, open(unfinished, "w", encoding="utf-8") as file:
        file.write(page(found))
    return metrics

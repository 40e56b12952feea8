"""Chooses the checkpoint to export: the newest, the best or one by its path."""

from __future__ import annotations

import sys

from absl import logging

from easy_esmm.checkpoints import folder as checkpoints
from easy_esmm.config import Pipeline
from easy_esmm.errors import UserError
from easy_esmm.estimator import checkpoint_fit
from easy_esmm.estimator.decisive_metrics import best_metric
from easy_esmm.evaluation.history import Evaluations, evaluations_folder

NEWEST, BEST = "newest", "best"


def choose_checkpoint(pipeline: Pipeline, choice: str) -> str:
    """Path of a checkpoint.

    Args:
      pipeline: the config.
      choice: `newest` of `model_dir`, or empty for it; `best`, the one in `model_dir` whose
        evaluation during training had the best `export_config.best_exporter_metric` (of equals the
        first); or a path.

    Raises:
      UserError: there is none.
    """
    if choice == BEST:
        return _best(pipeline)
    return checkpoint_fit.newest(pipeline.config.model_dir, "" if choice == NEWEST else choice)


def _best(pipeline: Pipeline) -> str:
    folder, metric = pipeline.config.model_dir, best_metric(pipeline)
    sign = 1 if pipeline.config.export_config.metric_bigger else -1
    series = Evaluations.read(evaluations_folder(folder), sys.maxsize).series(metric)
    values = {step: sign * value for step, value in series if value == value}  # without NaN
    paths = checkpoints.complete(folder)
    there = {step: value for step, value in values.items() if step in paths}
    if not there:
        raise UserError(
            f"checkpoint_path: {BEST}: {folder or '(unset)'} holds no checkpoint whose evaluation "
            f"gave {metric}; train with eval_input_path, or name a checkpoint"
        )
    step = max(there, key=lambda step: (there[step], -step))
    best = max(values, key=lambda step: (values[step], -step))
    if values[best] > there[step]:
        logging.warning(
            "%s was better at step %d, %.6f, whose checkpoint is gone; see "
            "train_config.keep_checkpoint_max",
            metric,
            best,
            sign * values[best],
        )
    logging.info("best of model_dir: step %d, %s %.6f", step, metric, sign * there[step])
    return paths[step]

"""Evaluation of a checkpoint, with planted truth where there is one."""

from __future__ import annotations

from typing import Dict, Optional

from easy_esmm import data
from easy_esmm.config import Pipeline
from easy_esmm.errors import UserError
from easy_esmm.planted.diagnostics import compare_with_truth
from easy_esmm.planted.truth import Truth, read_truth
from easy_esmm.protos.loss_pb2 import CLASSIFICATION
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.training import model_dir
from easy_esmm.training.data_warnings import warn_of_conversions, warn_of_ids
from easy_esmm.training.errors import require_files, user_errors
from easy_esmm.training.estimator import make_estimator
from easy_esmm.training.recorder import RowRecorder


def evaluate(
    pipeline: Pipeline, *, checkpoint_path: str = "", truth_path: str = ""
) -> Dict[str, float]:
    """Evaluates `eval_input_path`.

    Args:
      pipeline: the config.
      checkpoint_path: checkpoint to evaluate; empty: the newest of `model_dir`.
      truth_path: truth file of exactly these rows (see `easy_esmm.data.truth`); adds `truth/*`.

    Returns:
      Metric -> value, NaN where a metric had no valid row.
    """
    config = pipeline.config
    require_files(pipeline, "eval")
    checkpoint = model_dir.checkpoint(config.model_dir, checkpoint_path)
    truth = _read_truth(pipeline, truth_path) if truth_path else None
    recorder = RowRecorder() if truth is not None else None
    rows = data.input_fn(config, "eval")
    with user_errors():
        result = make_estimator(config, recorder=recorder).evaluate(
            rows,
            steps=evaluation_steps(config),
            checkpoint_path=checkpoint,
        )
    rows.skipped.log_summary()
    metrics = {name: float(value) for name, value in result.items()}
    for name, share in metrics.items():
        if name.startswith("out_of_range/"):
            warn_of_ids(name.split("/", 1)[1], share, "the evaluation input")
    warn_of_conversions(int(metrics["count/orphan_conversions"]), "the evaluation input")
    if truth is not None and recorder is not None:
        metrics.update(_against_truth(recorder, truth, truth_path))
    return metrics


def evaluation_steps(config: PipelineConfig) -> Optional[int]:
    """Batches that hold `eval_config.num_examples` rows; None for all of the input."""
    rows = config.eval_config.num_examples
    return -(-rows // config.data_config.batch_size) if rows else None


def _read_truth(pipeline: Pipeline, path: str) -> Truth:
    if pipeline.config.model_config.esmm.cvr_tower.loss_type != CLASSIFICATION:
        raise UserError(
            "--truth: planted truth is about probabilities; the CVR tower predicts a value"
        )
    return read_truth(path)


def _against_truth(recorder: RowRecorder, truth: Truth, path: str) -> Dict[str, float]:
    """Diagnostics, after a check that the truth is about the rows that were read."""
    rows = recorder.rows()
    if len(rows["click"]) != len(truth.click):
        raise UserError(
            f"--truth: {path} holds {len(truth.click):,} rows, the evaluation read "
            f"{len(rows['click']):,}; give the truth of the same file, and leave "
            "eval_config.num_examples at 0"
        )
    differing = (rows["click"] != truth.click) | (rows["conversion"] != truth.conversion)
    if differing.any():
        raise UserError(
            f"--truth: {path} is about other rows: labels differ in {int(differing.sum()):,} rows, "
            f"first in row {int(differing.argmax()) + 1:,}"
        )
    return compare_with_truth(truth, rows["pctr"], rows["pcvr"], rows["pctcvr"])

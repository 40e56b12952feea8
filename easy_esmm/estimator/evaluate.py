"""Evaluates a checkpoint, and compares it with the planted truth if one is given."""

from __future__ import annotations

import math
from typing import Dict, Optional

from easy_esmm import data
from easy_esmm.compat import estimator
from easy_esmm.config import Pipeline
from easy_esmm.contract import EntireSpaceTasks, Kind
from easy_esmm.data import FilesOrFrame, require_files
from easy_esmm.errors import UserError
from easy_esmm.estimator import checkpoint_fit
from easy_esmm.estimator.bad_cells import find_bad_cell, validator_of
from easy_esmm.estimator.calibrations import calibration_of, columns_of
from easy_esmm.estimator.errors import user_errors
from easy_esmm.estimator.factory import make_estimator
from easy_esmm.evaluation.entire_space import against_truth, with_common_pctr
from easy_esmm.evaluation.gradients import Gradients
from easy_esmm.evaluation.recorder import RowRecorder
from easy_esmm.hooks.id_warnings import warn_of_ids
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.score_file import read_scores
from easy_esmm.simulation.truth import read_truth


def evaluate(
    pipeline: Pipeline,
    rows: Optional[FilesOrFrame] = None,
    *,
    checkpoint_path: str = "",
    truth_path: str = "",
    common_pctr_path: str = "",
    recorder: Optional[RowRecorder] = None,
    uncalibrated: bool = False,
    every_row: bool = False,
    files_are_checked: bool = False,
) -> Dict[str, float]:
    """Evaluates a checkpoint.

    Args:
      pipeline: the config.
      rows: files or a pandas DataFrame; None: `eval_input_path`.
      checkpoint_path: checkpoint to evaluate; empty: the newest of `model_dir`.
      truth_path: truth file of exactly these rows (see `easy_esmm.simulation`); adds `truth/*`.
      common_pctr_path: scores of these rows by another model, with a column `probs_<CTR tower>`;
        adds `auc_ctcvr_common_pctr`.
      recorder: receives every evaluated row.
      uncalibrated: whether to leave the checkpoint's calibration out, if it has one.
      every_row: whether to read on behind `eval_config.num_examples`.
      files_are_checked: whether the caller has checked the files, by `training.require_files`.

    Returns:
      Metric -> value, NaN where a metric had no valid row.
    """
    if not files_are_checked:
        require_files(pipeline, "eval", rows)

    def evaluated(checkpoint: str) -> Dict[str, float]:
        return _evaluated(
            pipeline,
            rows,
            checkpoint,
            truth_path,
            common_pctr_path,
            recorder,
            uncalibrated,
            every_row,
        )

    return checkpoint_fit.with_newest(pipeline.config.model_dir, checkpoint_path, evaluated)


def _evaluated(
    pipeline: Pipeline,
    rows: Optional[FilesOrFrame],
    checkpoint: str,
    truth_path: str,
    common_pctr_path: str,
    recorder: Optional[RowRecorder],
    uncalibrated: bool,
    every_row: bool,
) -> Dict[str, float]:
    config = pipeline.config
    sources = checkpoint_fit.require_fit(config, checkpoint, estimator.ModeKeys.EVAL)
    calibration = None if uncalibrated else calibration_of(pipeline, checkpoint)
    truth = common_pctr = None
    if truth_path:
        _require_probabilities(pipeline, "--truth")
        truth = read_truth(truth_path)
    if common_pctr_path:
        family = _require_probabilities(pipeline, "--common_pctr")
        common_pctr = read_scores(common_pctr_path, f"probs_{family.click.name}")
    if recorder is None and (truth_path or common_pctr_path):
        recorder = RowRecorder()
    input_fn = data.input_fn(
        config,
        "eval",
        rows,
        extra_columns=(*(recorder.columns if recorder else ()), *columns_of(calibration)),
        validator=validator_of(config),
    )
    read = rows if rows is not None else config.eval_input_path
    with user_errors(lambda: find_bad_cell(config, read), checkpoint):
        evaluator = make_estimator(
            config, recorder=recorder, sources=sources, calibration=calibration
        )
        result = evaluator.evaluate(
            input_fn,
            steps=None if every_row else evaluation_steps(config),
            checkpoint_path=checkpoint,
        )
    input_fn.skipped.log_summary()
    metrics = {name: value.item() for name, value in result.items()}
    _require_numbers(metrics)
    for name, share in result.items():
        if name.startswith("out_of_range/"):
            warn_of_ids(name.split("/", 1)[1], share, "the evaluation input")
    if recorder is not None and (truth is not None or common_pctr is not None):
        recorded = recorder.rows()
        if truth is not None:
            metrics.update(against_truth(recorded, truth, truth_path))
        if common_pctr is not None:
            metrics.update(with_common_pctr(recorded, common_pctr, common_pctr_path))
    return metrics


def _require_numbers(metrics: Dict[str, float]) -> None:
    if not metrics["count/impressions"]:
        raise UserError("the evaluation input held no row that could be read")
    if not math.isfinite(metrics["loss"]):
        raise UserError(f"the loss is {metrics['loss']}: look for extreme values in the rows")


def gradient_cosine(pipeline: Pipeline, batches: int) -> float:
    """The mean of `Gradients` over batches of the training rows, at the newest checkpoint.

    NaN where the towers share no table, or where one of the losses has no gradient.
    """
    config = pipeline.config
    gradients = Gradients()
    input_fn = data.input_fn(
        config, "train", seed=config.train_config.random_seed, validator=validator_of(config)
    )
    with user_errors():
        make_estimator(config, gradients=gradients).evaluate(
            input_fn,
            steps=batches,
            checkpoint_path=checkpoint_fit.newest(config.model_dir),
            name="gradients",
        )
    return gradients.mean()


def evaluation_steps(config: PipelineConfig) -> Optional[int]:
    """Batches that hold `eval_config.num_examples` rows; None for all of the input."""
    rows = config.eval_config.num_examples
    return -(-rows // config.data_config.batch_size) if rows else None


def _require_probabilities(pipeline: Pipeline, flag: str) -> EntireSpaceTasks:
    family = pipeline.tasks.entire_space
    if family is None:
        name = pipeline.config.model_config.model_class
        raise UserError(f"{flag}: is about pCTR and pCVR; {name} is no entire-space model")
    if family.conversion.kind is Kind.VALUE:
        raise UserError(f"{flag}: is about probabilities; the CVR tower predicts a value")
    return family

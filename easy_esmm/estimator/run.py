"""Trains a model, from the first check to the final export."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Optional, Sequence, Tuple

from absl import logging

from easy_esmm import data
from easy_esmm.checkpoints import fine_tune as fine_tuning
from easy_esmm.checkpoints.input_position import InputPosition
from easy_esmm.compat import estimator
from easy_esmm.config import ConfigError, Pipeline
from easy_esmm.config.scalars import quoted
from easy_esmm.data import FilesOrFrame
from easy_esmm.errors import UserError
from easy_esmm.estimator import checkpoint_fit, model_dir
from easy_esmm.estimator.bad_cells import find_bad_cell, validator_of
from easy_esmm.estimator.decisive_metrics import DecisiveMetrics, decisive_metrics
from easy_esmm.estimator.dry_build import dry_build
from easy_esmm.estimator.errors import require_files, user_errors
from easy_esmm.estimator.evaluate import evaluation_steps
from easy_esmm.estimator.exporters import exporters
from easy_esmm.estimator.factory import make_estimator
from easy_esmm.estimator.length import expected_steps
from easy_esmm.evaluation.history import (
    EVALUATION_NAME,
    Evaluations,
    evaluations_folder,
)
from easy_esmm.hooks.dead_line import DeadLineHook
from easy_esmm.hooks.divergence import FiniteWeights
from easy_esmm.hooks.early_stop import EarlyStopHook
from easy_esmm.hooks.progress import TrainProgress
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.export import export_model
from easy_esmm.serving.versions import newest
from easy_esmm.serving.warmup_rows import rows_or_none

_NOTHING = DecisiveMetrics()


@dataclass(frozen=True)
class Trained:
    """What a training left behind."""

    step: int
    """Global step of the last checkpoint."""
    examples: int
    """Rows trained on in this run."""
    seconds: float
    """Wall time of this run's steps, without input checks, evaluations and exports."""
    saved_model: Optional[str]
    """Folder of the newest SavedModel; None where the config exports none."""


def train(
    pipeline: Pipeline,
    *,
    continue_train: bool = False,
    hooks: Sequence[Any] = (),
    train_rows: Optional[FilesOrFrame] = None,
    eval_rows: Optional[FilesOrFrame] = None,
) -> Trained:
    """Trains, evaluates at each checkpoint and exports.

    Args:
      pipeline: the config.
      continue_train: whether `model_dir` may hold a training, which then goes on.
      hooks: more hooks (`tf.estimator.SessionRunHook`) for the training's session.
      train_rows: files or a pandas DataFrame to train on; None: `train_input_path`.
      eval_rows: files or a pandas DataFrame to evaluate on; None: `eval_input_path`, if it is set.

    Raises:
      UserError: a file does not fit the config, a metric that decides does not exist, `model_dir`
        holds another training, nothing was left to train, or the training diverged.
    """
    config = pipeline.config
    if not config.model_dir:
        raise UserError("model_dir: must be set")
    eval_rows = eval_rows if eval_rows is not None else config.eval_input_path or None
    require_files(pipeline, "train", train_rows)
    if eval_rows is not None:
        require_files(pipeline, "eval", eval_rows)
    _require_time(pipeline)
    fine_tune = _checked_start(config)
    decisive = decisive_metrics(pipeline)
    progress = TrainProgress(config, last_step=expected_steps(config, train_rows))
    trainer = make_estimator(config, progress=progress, fine_tune=fine_tune)
    rows = train_rows, eval_rows
    read = config.train_input_path if train_rows is None else train_rows, eval_rows
    with model_dir.locked(config.model_dir):
        first_step = model_dir.prepare(pipeline, continue_train=continue_train)
        evaluations = Evaluations.read(evaluations_folder(config.model_dir), first_step)
        with user_errors(lambda: find_bad_cell(config, *read)):
            _run(trainer, *specs(config, decisive, evaluations, hooks, rows))
        last_step = model_dir.latest_step(config.model_dir)
        if last_step == first_step:
            raise UserError(
                f"no step was trained: the training input held no row after step {first_step:,}; "
                "see data_config.num_epochs and train_config.num_steps"
            )
        exported = _export(config, eval_rows, train_rows)
    return Trained(last_step, progress.examples, progress.seconds, exported)


def _export(
    config: PipelineConfig, eval_rows: Optional[FilesOrFrame], train_rows: Optional[FilesOrFrame]
) -> Optional[str]:
    kind = config.export_config.exporter_type
    folder = os.path.join(config.model_dir, "export", kind)
    if kind == "none":
        return None
    if kind in ("latest", "best") and eval_rows is not None:
        return _newest_version(folder)  # written after evaluations
    given = (rows for rows in (eval_rows, train_rows) if rows is not None)
    with user_errors():
        return export_model(
            config,
            checkpoint_fit.newest(config.model_dir),
            folder,
            pipeline_file=model_dir.pipeline_file(config.model_dir),
            warmup_rows=rows_or_none(config, next(given, config.train_input_path)),
        )


def _newest_version(folder: str) -> Optional[str]:
    """None where no evaluation was worth an export."""
    found = newest(folder)
    return None if found == folder else found


def _checked_start(config: PipelineConfig) -> Optional[fine_tuning.FineTune]:
    """Where training starts from, unless it goes on; None for values of its own.

    Before anything is written: patterns of variables, and the checkpoint, may not fit the model.
    """
    train = config.train_config
    goes_on = model_dir.has_checkpoint(config.model_dir)
    fine_tune = None
    if train.fine_tune_checkpoint and goes_on:
        logging.info(
            "fine_tune_checkpoint has no effect: training goes on from %s", config.model_dir
        )
    elif train.fine_tune_checkpoint:
        fine_tune = fine_tuning.FineTune(train, config.model_config)
    if fine_tune is not None or train.freeze_gradient:
        variables = dry_build(config, estimator.ModeKeys.TRAIN).variables
        if fine_tune is not None:
            weights = dry_build(config, estimator.ModeKeys.PREDICT).variables
            fine_tuning.log(fine_tune.plan(variables, weights), fine_tune.path, variables)
    return fine_tune


def _require_time(pipeline: Pipeline) -> None:
    dead_line = pipeline.config.train_config.dead_line
    if dead_line and DeadLineHook(dead_line).is_past():
        rule = "must lie in the future"
        raise ConfigError([pipeline.problem("train_config.dead_line", rule, quoted(dead_line))])


def _run(trainer: Any, train_spec: Any, eval_spec: Optional[Any]) -> None:
    if eval_spec is None:
        trainer.train(
            train_spec.input_fn,
            train_spec.hooks,
            max_steps=train_spec.max_steps,
            saving_listeners=train_spec.saving_listeners,
        )
    else:
        estimator.train_and_evaluate(trainer, train_spec, eval_spec)
        eval_spec.input_fn.skipped.log_summary()
    train_spec.input_fn.skipped.log_summary()


def specs(
    config: PipelineConfig,
    decisive: DecisiveMetrics = _NOTHING,
    evaluations: Optional[Evaluations] = None,
    hooks: Sequence[Any] = (),
    rows: Tuple[Optional[FilesOrFrame], Optional[FilesOrFrame]] = (None, None),
) -> Tuple[Any, Optional[Any]]:
    """The Estimator's TrainSpec and EvalSpec; the latter None without rows to evaluate on.

    `rows` are to train and to evaluate on, instead of the config's paths.
    """
    evaluations = Evaluations() if evaluations is None else evaluations
    train = config.train_config
    train_input = data.input_fn(
        config,
        "train",
        rows[0],
        seed=train.random_seed,
        validator=validator_of(config),
    )
    all_hooks = [*hooks]
    if train.dead_line:
        all_hooks.append(DeadLineHook(train.dead_line))
    if decisive.stop is not None:
        all_hooks.append(EarlyStopHook(decisive.stop, evaluations))
    position = InputPosition(config.model_dir, train_input.identity())
    train_spec = estimator.TrainSpec(
        train_input,
        max_steps=train.num_steps or None,
        hooks=[*all_hooks, position],
        saving_listeners=[FiniteWeights(), position.listener],
    )
    if rows[1] is None and not config.eval_input_path:
        return train_spec, None
    evaluated = config.eval_input_path if rows[1] is None else rows[1]
    eval_spec = estimator.EvalSpec(
        data.input_fn(config, "eval", rows[1], validator=validator_of(config)),
        steps=evaluation_steps(config),
        name=EVALUATION_NAME,
        exporters=exporters(config, evaluations, decisive.best, evaluated),
        start_delay_secs=0,
        throttle_secs=0,
    )
    return train_spec, eval_spec

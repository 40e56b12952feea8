"""Training from the first check to the final export."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence, Tuple

from easy_esmm import data
from easy_esmm.compat import estimator
from easy_esmm.config import Pipeline
from easy_esmm.errors import UserError
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.export import export_model
from easy_esmm.serving.saved_model import newest
from easy_esmm.serving.signature import serving_input_receiver_fn
from easy_esmm.training import model_dir
from easy_esmm.training.errors import require_files, user_errors
from easy_esmm.training.estimator import make_estimator
from easy_esmm.training.evaluate import evaluation_steps
from easy_esmm.training.progress import ProgressLine, TrainProgress
from easy_esmm.training.result import one_line

EVALUATION_NAME = "val"
"""Evaluations during training go to `<model_dir>/eval_val`, as in EasyRec."""


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
    pipeline: Pipeline, *, continue_train: bool = False, hooks: Sequence[Any] = ()
) -> Trained:
    """Trains, evaluates at each checkpoint and exports.

    Args:
      pipeline: the config.
      continue_train: whether `model_dir` may hold a training, which then goes on.
      hooks: more hooks (`tf.estimator.SessionRunHook`) for the training's session.

    Raises:
      UserError: a file does not fit the config, `model_dir` holds another training, nothing was
        left to train, or the loss became NaN.
    """
    config = pipeline.config
    require_files(pipeline, "train")
    if config.eval_input_path:
        require_files(pipeline, "eval")
    first_step = model_dir.prepare(pipeline, continue_train=continue_train)
    progress = TrainProgress(config)
    trainer = make_estimator(config, progress=progress)
    with user_errors():
        _run(trainer, config, hooks)
    last_step = model_dir.latest_step(config.model_dir)
    if last_step == first_step:
        raise UserError(
            f"no step was trained: the training input held no row after step {first_step:,}; "
            "see data_config.num_epochs and train_config.num_steps"
        )
    return Trained(last_step, progress.examples, progress.seconds, _export(trainer, config))


def _export(trainer: Any, config: PipelineConfig) -> Optional[str]:
    kind = config.export_config.exporter_type
    folder = os.path.join(config.model_dir, "export", kind)
    if kind == "none":
        return None
    if kind == "latest" and config.eval_input_path:
        return newest(folder)  # written after each evaluation
    pipeline_file = model_dir.pipeline_file(config.model_dir)
    return export_model(trainer, config, folder, pipeline_file=pipeline_file)


def _run(trainer: Any, config: PipelineConfig, hooks: Sequence[Any]) -> None:
    train_spec, eval_spec = specs(config, trainer.config, hooks)
    if eval_spec is None:
        trainer.train(train_spec.input_fn, train_spec.hooks, max_steps=train_spec.max_steps)
    else:
        estimator.train_and_evaluate(trainer, train_spec, eval_spec)
        eval_spec.input_fn.skipped.log_summary()
    train_spec.input_fn.skipped.log_summary()


def specs(
    config: PipelineConfig, run_config: Any, hooks: Sequence[Any] = ()
) -> Tuple[Any, Optional[Any]]:
    """The Estimator's TrainSpec and EvalSpec; the latter None without `eval_input_path`."""
    train = config.train_config
    train_input = data.input_fn(
        config, "train", seed=train.random_seed, shard=_shard(config, run_config)
    )
    train_spec = estimator.TrainSpec(train_input, max_steps=train.num_steps or None, hooks=hooks)
    if not config.eval_input_path:
        return train_spec, None
    eval_spec = estimator.EvalSpec(
        data.input_fn(config, "eval"),
        steps=evaluation_steps(config),
        name=EVALUATION_NAME,
        exporters=_exporters(config),
        start_delay_secs=0,
        throttle_secs=0,
    )
    return train_spec, eval_spec


def _shard(config: PipelineConfig, run_config: Any) -> Tuple[int, int]:
    """Which part of the rows this process trains on: (index, number of parts)."""
    if not config.data_config.shard:
        return 0, 1
    return run_config.global_id_in_cluster or 0, max(1, run_config.num_worker_replicas)


def _exporters(config: PipelineConfig) -> Any:
    """What runs after each evaluation.

    The final export is not among it: the Estimator's own does not happen without `num_steps`.
    """
    exporters = [_EvaluationLine()]
    if config.export_config.exporter_type == "latest":
        exporters.append(
            estimator.LatestExporter(
                "latest",
                serving_input_receiver_fn(config, model_dir.pipeline_file(config.model_dir)),
                exports_to_keep=config.export_config.exports_to_keep,
            )
        )
    return exporters


class _EvaluationLine(estimator.Exporter):  # type: ignore[misc]
    """Prints a line after each evaluation; the Estimator hands its result to exporters only."""

    name = "evaluation_line"

    def export(
        self,
        estimator: Any,
        export_path: str,
        checkpoint_path: str,
        eval_result: Mapping[str, Any],
        is_the_final_export: bool,
    ) -> None:
        ProgressLine().event(one_line(eval_result))

"""Makes the tf.estimator.Estimator of a config."""

from __future__ import annotations

import json
import os
from typing import Any, Mapping, Optional, Sequence

from easy_esmm.calibration.calibration import Calibration
from easy_esmm.checkpoints.fine_tune import FineTune
from easy_esmm.compat import estimator, v1
from easy_esmm.config.scalars import quoted
from easy_esmm.errors import UserError
from easy_esmm.estimator.model_fn import make_model_fn
from easy_esmm.evaluation.gradients import Gradients
from easy_esmm.evaluation.recorder import RowRecorder
from easy_esmm.hooks.progress import TrainProgress
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def make_estimator(
    config: PipelineConfig,
    *,
    model_dir: str = "",
    row_names: Sequence[str] = (),
    passed_columns: Sequence[str] = (),
    recorder: Optional[RowRecorder] = None,
    gradients: Optional[Gradients] = None,
    progress: Optional[TrainProgress] = None,
    fine_tune: Optional[FineTune] = None,
    sources: Optional[Mapping[str, str]] = None,
    tells_missing: bool = False,
    calibration: Optional[Calibration] = None,
) -> Any:
    """An Estimator in `model_dir`, or `config.model_dir`; other arguments as `make_model_fn`'s.

    Raises UserError where TF_CONFIG names a cluster, for which the Estimator would wait.
    """
    _require_one_machine()
    model_fn = make_model_fn(
        config,
        row_names=row_names,
        passed_columns=passed_columns,
        recorder=recorder,
        gradients=gradients,
        progress=progress,
        fine_tune=fine_tune,
        sources=sources,
        tells_missing=tells_missing,
        calibration=calibration,
    )
    return estimator.Estimator(model_fn, config=_run_config(config, model_dir or config.model_dir))


def _require_one_machine() -> None:
    value = os.environ.get("TF_CONFIG", "{}")
    try:
        settings = json.loads(value)
    except ValueError:
        settings = None
    if not isinstance(settings, dict) or "cluster" in settings or "task" in settings:
        raise UserError(
            "TF_CONFIG: must name no cluster and no task, since everything runs in one process on "
            f"one machine, got {quoted(value)}; unset it"
        )


def _run_config(config: PipelineConfig, model_dir: str) -> Any:
    train = config.train_config
    session_config = v1.ConfigProto(
        allow_soft_placement=True,
        inter_op_parallelism_threads=train.inter_op_parallelism_threads,
        intra_op_parallelism_threads=train.intra_op_parallelism_threads,
    )
    by_time = train.save_checkpoints_secs > 0
    return estimator.RunConfig(
        model_dir=model_dir,
        tf_random_seed=train.random_seed,
        # The one or the other; unset they would be 600 seconds.
        save_checkpoints_steps=None if by_time else train.save_checkpoints_steps,
        save_checkpoints_secs=train.save_checkpoints_secs if by_time else None,
        keep_checkpoint_max=train.keep_checkpoint_max,
        checkpoint_save_graph_def=train.write_graph,
        save_summary_steps=train.save_summary_steps,
        # Our own progress line takes the place of the Estimator's.
        log_step_count_steps=None,
        session_config=session_config,
    )

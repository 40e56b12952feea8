"""Makes the tf.estimator.Estimator of a config."""

from __future__ import annotations

from typing import Any, Mapping, Optional, Sequence

from easy_esmm.calibration.calibration import Calibration
from easy_esmm.checkpoints.fine_tune import FineTune
from easy_esmm.compat import estimator, v1
from easy_esmm.errors import UserError
from easy_esmm.estimator import cluster, mirrored, placement
from easy_esmm.estimator.cluster import Role
from easy_esmm.estimator.cluster_training import ClusterTraining
from easy_esmm.estimator.model_fn import make_model_fn
from easy_esmm.evaluation.gradients import Gradients
from easy_esmm.evaluation.recorder import RowRecorder
from easy_esmm.features.pretrained import PretrainedRows
from easy_esmm.hooks.progress import TrainProgress
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def make_estimator(
    config: PipelineConfig,
    *,
    model_dir: str = "",
    row_names: Sequence[str] = (),
    passed_columns: Sequence[str] = (),
    recorder: Optional[RowRecorder] = None,
    records_only: bool = False,
    gradients: Optional[Gradients] = None,
    progress: Optional[TrainProgress] = None,
    fine_tune: Optional[FineTune] = None,
    pretrained: Optional[Mapping[str, PretrainedRows]] = None,
    sources: Optional[Mapping[str, str]] = None,
    tells_missing: bool = False,
    calibration: Optional[Calibration] = None,
    training: Optional[ClusterTraining] = None,
) -> Any:
    """An Estimator in `model_dir`, or `config.model_dir`; other arguments as `make_model_fn`'s.

    Raises UserError where TF_CONFIG names a cluster, unless it is made for `training` in it.
    """
    if training is None:
        _require_one_machine()
    model_fn = make_model_fn(
        config,
        row_names=row_names,
        passed_columns=passed_columns,
        recorder=recorder,
        records_only=records_only,
        gradients=gradients,
        progress=progress,
        fine_tune=fine_tune,
        pretrained=pretrained,
        sources=sources,
        tells_missing=tells_missing,
        calibration=calibration,
        training=training,
    )
    # Training alone shows progress, and alone runs on several devices.
    is_local_training = progress is not None and training is None
    strategy = mirrored.strategy(config) if is_local_training else None
    role = Role() if training is None else training.role
    run_config = _run_config(config, model_dir or config.model_dir, role, strategy)
    return estimator.Estimator(model_fn, config=run_config)


def _require_one_machine() -> None:
    if (found := cluster.role()).kind != "local":
        raise UserError(
            "TF_CONFIG: must name no cluster, since only training runs on several machines, got "
            f"the task {found}; unset it"
        )


def _run_config(config: PipelineConfig, model_dir: str, role: Role, strategy: Optional[Any]) -> Any:
    train = config.train_config
    session_config = v1.ConfigProto(
        allow_soft_placement=True,
        inter_op_parallelism_threads=train.inter_op_parallelism_threads,
        intra_op_parallelism_threads=train.intra_op_parallelism_threads,
    )
    if role.servers:
        # RunConfig sets them where it is given no session_config.
        session_config.device_filters.extend(placement.device_filters(role))
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
        train_distribute=strategy,
        device_fn=placement.device_fn(role) if role.servers else None,
    )

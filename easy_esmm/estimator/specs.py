"""The Estimator's specs of a training: what it reads, its hooks, and what is evaluated."""

from __future__ import annotations

from typing import Any, List, Optional, Sequence, Tuple

from easy_esmm import data
from easy_esmm.checkpoints.input_position import InputPosition
from easy_esmm.compat import estimator
from easy_esmm.data import FilesOrFrame
from easy_esmm.estimator import mirrored
from easy_esmm.estimator.bad_cells import validator_of
from easy_esmm.estimator.cluster import Role
from easy_esmm.estimator.cluster_training import ClusterTraining
from easy_esmm.estimator.conversion_times import training_validator
from easy_esmm.estimator.decisive_metrics import DecisiveMetrics
from easy_esmm.estimator.evaluate import evaluation_steps
from easy_esmm.estimator.exporters import exporters
from easy_esmm.evaluation.history import EVALUATION_NAME, Evaluations, evaluations_folder
from easy_esmm.hooks.dead_line import DeadLineHook
from easy_esmm.hooks.divergence import FiniteWeights
from easy_esmm.hooks.early_stop import EarlyStopHook, EvaluationsOnRecord
from easy_esmm.hooks.observed_saves import ObservedSaves
from easy_esmm.observing import Observers
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

Rows = Tuple[Optional[FilesOrFrame], Optional[FilesOrFrame]]
"""To train and to evaluate on."""
Team = Optional[ClusterTraining]
"""Of a process in a cluster."""
_NOTHING = DecisiveMetrics()


def specs(
    config: PipelineConfig,
    decisive: DecisiveMetrics = _NOTHING,
    evaluations: Optional[Evaluations] = None,
    hooks: Sequence[Any] = (),
    rows: Rows = (None, None),
    team: Team = None,
    observers: Optional[Observers] = None,
) -> Tuple[Any, Optional[Any]]:
    """The Estimator's TrainSpec and EvalSpec; the latter None without rows to evaluate on.

    `rows` are to train and to evaluate on, instead of the config's paths; `team`: of a process in a
    cluster.
    """
    role = Role() if team is None else team.role
    evaluations = Evaluations() if evaluations is None else evaluations
    train = config.train_config
    train_input = data.input_fn(
        config,
        "train",
        rows[0],
        seed=train.random_seed,
        shard=role.shard,
        validator=training_validator(config, validator_of(config)),
    )
    all_hooks = [*hooks]
    if train.dead_line:
        all_hooks.append(DeadLineHook(train.dead_line))
    if decisive.stop is not None:
        if team is not None:
            folder = evaluations_folder(config.model_dir)
            all_hooks.append(EvaluationsOnRecord(evaluations, folder))
        all_hooks.append(EarlyStopHook(decisive.stop, evaluations))
    listeners: List[Any] = [FiniteWeights()]
    if mirrored.replicas(config) == 1:
        position = InputPosition(config.model_dir, train_input.identity(), role.trainer)
        listeners.append(position.listener)
        if team is None:
            all_hooks.append(position)
        else:
            team.position = position  # which its own hook takes care of
    if observers is not None:
        listeners.append(ObservedSaves(observers))
    train_spec = estimator.TrainSpec(
        train_input,
        max_steps=train.num_steps or None,
        hooks=all_hooks,
        saving_listeners=listeners,
    )
    if rows[1] is None and not config.eval_input_path:
        return train_spec, None
    evaluated = config.eval_input_path if rows[1] is None else rows[1]
    eval_spec = estimator.EvalSpec(
        data.input_fn(config, "eval", rows[1], validator=validator_of(config)),
        steps=evaluation_steps(config),
        name=EVALUATION_NAME,
        exporters=exporters(config, evaluations, decisive.best, evaluated, observers),
        start_delay_secs=0,
        throttle_secs=0,
    )
    return train_spec, eval_spec

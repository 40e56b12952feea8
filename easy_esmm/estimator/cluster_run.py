"""What each process of a cluster does that a training on one machine does not."""

from __future__ import annotations

import os
import sys
import time
from typing import Any, Optional

from absl import logging

from easy_esmm import signals
from easy_esmm.compat import v1
from easy_esmm.errors import LostPeer, UserError
from easy_esmm.estimator import cluster, mirrored, model_dir
from easy_esmm.estimator.cluster import Role
from easy_esmm.estimator.cluster_training import ClusterTraining, start_server
from easy_esmm.estimator.evaluation_listener import EvaluationListener
from easy_esmm.estimator.factory import make_estimator
from easy_esmm.evaluation.history import Evaluations, evaluations_folder
from easy_esmm.hooks.marks import Marks
from easy_esmm.hooks.stop import StopTraining
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

_POLL_SECONDS = 0.5
_GRACE_SECONDS = 10.0


def require_servers(config: PipelineConfig, role: Role) -> None:
    """Raises UserError if a cluster has no parameter servers, or the config another strategy."""
    if mirrored.replicas(config) > 1:
        raise UserError(
            "train_config.train_distribute: must be PSStrategy or NoStrategy in a cluster with "
            "parameter servers (TF_CONFIG)"
        )
    if role.kind != "evaluator" and not role.servers:
        raise UserError(
            "TF_CONFIG: cluster.ps: must list parameter servers, which hold the variables"
        )


def require_whole_tables(config: PipelineConfig) -> None:
    """Raises UserError where the partitions of a table would not start from another checkpoint."""
    for number, feature in enumerate(config.feature_config.features):
        if feature.max_partitions > 1:
            raise UserError(
                "train_config.fine_tune_checkpoint: must start tables that are whole, but "
                f"feature_config.features[{number}] has max_partitions: {feature.max_partitions}; "
                "train the first step on one machine (train_config.num_steps: 1), then go on in "
                "the cluster with --continue_train"
            )


def serve(config: PipelineConfig, team: ClusterTraining) -> None:
    """A parameter server: holds its variables until the chief says that training is over."""
    server = start_server(config, team.role)
    logging.info("%s: holds variables at %s", team.role, server.target)
    error = team.marks.wait_for_end()
    if error:
        time.sleep(_GRACE_SECONDS)  # in which the workers learn of it
        raise UserError(f"the chief failed: {error}")


def lead(
    config: PipelineConfig,
    team: ClusterTraining,
    trainer: Any,
    train_spec: Any,
    listener: Optional[EvaluationListener],
    start: model_dir.Start,
    stop: signals.Stop,
) -> None:
    """The chief: trains with the others, and evaluates the last checkpoint if nobody else does."""
    team.marks.begin()
    team.is_interrupted = lambda: stop.received is not None
    if start.steps_are_done(train_spec.input_fn.identity()):
        logging.info("step %s was the last", f"{start.step:,}")
    else:
        start_server(config, team.role)
        _train(trainer, train_spec)
    if stop.received is None:
        team.marks.finish()
        if listener is not None and not team.marks.evaluator_is_there():
            listener.evaluate(model_dir.latest_step(config.model_dir))
            listener.log_summary()


def work(config: PipelineConfig, team: ClusterTraining, trainer: Any, train_spec: Any) -> None:
    """A worker: trains on its rows, from when the chief is ready."""
    with signals.deferred() as stop:
        if not team.marks.wait_for_chief(lambda: stop.received is not None, is_ready=True):
            if stop.received is not None:
                raise stop.error(f"{stop.name}: ended before the first step")
            return
        start_server(config, team.role)
        train_spec = train_spec._replace(hooks=(*train_spec.hooks, StopTraining(stop)))
        _train(trainer, train_spec)
        if stop.received is not None:
            raise stop.error(f"{stop.name}: ended after a step; the chief saves the model")
        if team.was_interrupted:
            raise LostPeer("the chief was ended by a signal; when it goes on, start this again")


def make_evaluator(config: PipelineConfig) -> Any:
    """An Estimator that evaluates in this process alone."""
    with cluster.alone():
        return make_estimator(config)


def evaluate_each(
    config: PipelineConfig,
    listener: EvaluationListener,
    evaluations: Evaluations,
    marks: Marks,
    stop: signals.Stop,
) -> None:
    """The evaluator: evaluates checkpoints as they appear, until training is over.

    One that is on record is not evaluated again, nor that of step 0. Where they appear faster than
    they are evaluated, the newest is taken; the last is among them.
    """
    marks.wait_for_chief(lambda: stop.received is not None)
    marks.evaluator_begins()
    tried = 0
    while stop.received is None:
        error = marks.end()  # before the newest checkpoint is looked for
        step = model_dir.latest_step(config.model_dir)
        if step != tried and not evaluations.at(step):
            tried = step
            _evaluate(config, listener, step)
        elif error:
            raise UserError(f"the chief failed: {error}")
        elif error is not None:
            break
        else:
            time.sleep(_POLL_SECONDS)
    listener.log_summary()
    if stop.received is not None:
        raise stop.error(f"{stop.name}: ended between two evaluations")


def _evaluate(config: PipelineConfig, listener: EvaluationListener, step: int) -> None:
    try:
        listener.evaluate(step)
    except ValueError:  # what a Saver raises where there is no checkpoint
        if v1.train.checkpoint_exists(os.path.join(config.model_dir, f"model.ckpt-{step}")):
            raise
        logging.warning(
            "the checkpoint of step %s was removed while it was exported; a newer one follows "
            "(train_config.keep_checkpoint_max keeps more)",
            f"{step:,}",
        )


def recorded(config: PipelineConfig) -> Evaluations:
    """All evaluations on record."""
    return Evaluations.read(evaluations_folder(config.model_dir), sys.maxsize)


def _train(trainer: Any, train_spec: Any) -> None:
    trainer.train(
        train_spec.input_fn,
        train_spec.hooks,
        max_steps=train_spec.max_steps,
        saving_listeners=list(train_spec.saving_listeners),
    )
    train_spec.input_fn.log_summary()

"""Trains a model, from the first check to the final export."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace
from typing import Any, Iterator, Optional, Sequence

from absl import logging

from easy_esmm import signals
from easy_esmm.checkpoints import finite
from easy_esmm.config import Pipeline
from easy_esmm.data import FilesOrFrame, require_input
from easy_esmm.errors import UserError
from easy_esmm.estimator import (
    checkpoint_fit,
    cluster,
    cluster_run,
    model_dir,
    unfinished,
)
from easy_esmm.estimator.bad_cells import find_bad_cell
from easy_esmm.estimator.cluster import Role
from easy_esmm.estimator.cluster_training import ClusterTraining
from easy_esmm.estimator.decisive_metrics import DecisiveMetrics, decisive_metrics
from easy_esmm.estimator.errors import user_errors
from easy_esmm.estimator.evaluation_listener import EvaluationListener
from easy_esmm.estimator.factory import make_estimator
from easy_esmm.estimator.first_checks import (
    first_values,
    is_past_end,
    pretrained_rows,
    require_time,
    warn_of_slow_products,
)
from easy_esmm.estimator.length import expected_steps
from easy_esmm.estimator.room import require_room
from easy_esmm.estimator.specs import Rows, Team, specs
from easy_esmm.estimator.watching import Watch
from easy_esmm.evaluation.history import (
    Evaluations,
    evaluations_folder,
)
from easy_esmm.folder_lock import locked
from easy_esmm.hooks.divergence import Diverged
from easy_esmm.hooks.early_stop import asked_to_stop
from easy_esmm.hooks.marks import Marks
from easy_esmm.hooks.progress import TrainProgress
from easy_esmm.hooks.stop import StopTraining
from easy_esmm.observing import Observer, Observers
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.export import export_model
from easy_esmm.serving.versions import newest
from easy_esmm.serving.warmup_rows import rows_or_none


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
    is_chief: bool = True
    """False in a process of a cluster whose chief, another one, saves and exports."""


@dataclass(frozen=True)
class _GoingOn:
    """The arguments of `train` about a training that is there already."""

    is_allowed: bool
    checkpoint: str
    accept_changes: bool


def train(
    pipeline: Pipeline,
    *,
    continue_train: bool = False,
    checkpoint_path: str = "",
    accept_changes: bool = False,
    hooks: Sequence[Any] = (),
    train_rows: Optional[FilesOrFrame] = None,
    eval_rows: Optional[FilesOrFrame] = None,
    observers: Sequence[Observer] = (),
    files_are_checked: bool = False,
) -> Trained:
    """Trains, evaluates at each checkpoint and exports.

    Args:
      pipeline: the config.
      continue_train: whether `model_dir` may hold a training, which then goes on.
      checkpoint_path: checkpoint of `model_dir` to go on from in the place of its newest; later
        ones are set aside.
      accept_changes: whether the config may mean other things by the weights of `model_dir` than
        the one that they were trained with.
      hooks: more hooks (`tf.estimator.SessionRunHook`) for the training's session.
      train_rows: files or a pandas DataFrame to train on; None: `train_input_path`.
      eval_rows: files or a pandas DataFrame to evaluate on; None: `eval_input_path`, if it is set.
      observers: are told of the training. In a cluster: in the chief, and of evaluations in the
        evaluator.
      files_are_checked: whether the caller has checked the files, by `training.require_input`.

    Raises:
      UserError: a file does not fit the config, a metric that decides does not exist, `model_dir`
        holds another training, the tables do not fit the memory, nothing was left to train, or
        the training diverged.
      Terminated, KeyboardInterrupt: SIGTERM or SIGINT came; the step was finished and saved.
    """
    going_on = _GoingOn(continue_train, checkpoint_path, accept_changes)
    observed = Observers(observers)
    with observed.told_of_refusal():
        if not files_are_checked and cluster.role().kind != "ps":
            require_input(pipeline, train_rows, eval_rows)
        return _train_by_role(pipeline, going_on, hooks, (train_rows, eval_rows), observed)


def _train_by_role(
    pipeline: Pipeline,
    going_on: _GoingOn,
    hooks: Sequence[Any],
    given: Rows,
    observers: Observers,
) -> Trained:
    """Checks the config, and does what this process does in its cluster, if any."""
    config = pipeline.config
    if not config.model_dir:
        raise UserError("model_dir: must be set")
    team = _team(config)
    if team is not None and team.role.kind == "ps":
        cluster_run.serve(config, team)
        return _of_another_process(config)
    rows = given[0], given[1] if given[1] is not None else config.eval_input_path or None
    if team is not None and team.role.kind == "evaluator":
        _evaluate_each(pipeline, rows, team, observers)
        return _of_another_process(config)
    require_time(pipeline)
    warn_of_slow_products(config)
    if team is not None and team.role.kind == "worker":
        return _work(config, hooks, rows, team)
    if team is None:
        require_room(config)  # a cluster's tables are on its servers
    watch = Watch(config, rows, observers)
    return _train(pipeline, going_on, hooks, rows, team, watch)


def _train(
    pipeline: Pipeline,
    going_on: _GoingOn,
    hooks: Sequence[Any],
    rows: Rows,
    team: Team,
    watch: Watch,
) -> Trained:
    """On one machine, or as the chief of a cluster."""
    config = pipeline.config
    read = config.train_input_path if rows[0] is None else rows[0]
    fine_tune = first_values(config, is_alone=team is None)
    pretrained = pretrained_rows(config, is_alone=team is None)
    decisive = decisive_metrics(pipeline)
    progress = _progress(config, rows, team, watch.observers)
    trainer = make_estimator(
        config,
        progress=progress,
        fine_tune=fine_tune,
        pretrained=pretrained,
        training=team,
    )
    evaluator = trainer if team is None else cluster_run.make_evaluator(config)
    with _prepared(pipeline, going_on) as start, watch.told(start.step, progress):
        with signals.deferred() as stop:
            listener = None
            evaluations = Evaluations.read(evaluations_folder(config.model_dir), start.step)
            all_hooks = [*hooks, StopTraining(stop)]
            train_spec, eval_spec = specs(
                config, decisive, evaluations, all_hooks, rows, team, watch.observers
            )
            progress.rows_skipped = lambda: train_spec.input_fn.skipped.total
            if eval_spec is not None:
                listener = EvaluationListener(
                    evaluator, eval_spec, stop, lambda: find_bad_cell(config, rows[1])
                )
            try:
                with user_errors(lambda: find_bad_cell(config, read), start.checkpoint):
                    start = _decided(config, decisive, evaluations, start, listener, team)
                    if team is None:
                        _run(trainer, train_spec, listener, start)
                    else:
                        cluster_run.lead(config, team, trainer, train_spec, listener, start, stop)
            except (KeyboardInterrupt, signals.Terminated):
                if stop.received is None:
                    raise
            except UserError as error:
                if team is not None:
                    team.marks.finish(str(error))
                if not isinstance(error, Diverged):
                    raise
                raise UserError(f"{error}\n{finite.last_good(config.model_dir)}") from error
        last_step = model_dir.latest_step(config.model_dir)
        if stop.received is not None:
            raise stop.error(f"{stop.name}: {model_dir.where_it_goes_on(config.model_dir)}")
        if last_step == start.step and not start.was_unfinished:
            raise UserError(
                f"no step was trained: the training input held no row after step {last_step:,}; "
                "see data_config.num_epochs and train_config.num_steps"
            )
        exported = _export(config, rows[1], rows[0])
        unfinished.unmark(config.model_dir)
    return Trained(last_step, progress.examples, progress.seconds, exported)


def _decided(
    config: PipelineConfig,
    decisive: DecisiveMetrics,
    evaluations: Evaluations,
    start: model_dir.Start,
    listener: Optional[EvaluationListener],
    team: Team,
) -> model_dir.Start:
    """The start, as the last step where an early stop or the dead line ends training there.

    On one machine an evaluation that decides, and that a kill has prevented, is made up for.
    """
    is_missed = decisive.is_any and start.lacks_evaluation(evaluations)
    if listener is not None and team is None and is_missed:
        listener.evaluate(start.step)
    stops_here = asked_to_stop(decisive.stop, evaluations, start.step)
    return replace(start, is_last=start.is_last or stops_here or is_past_end(config))


@contextlib.contextmanager
def _prepared(pipeline: Pipeline, going_on: _GoingOn) -> Iterator[model_dir.Start]:
    """Locks model_dir for the block and makes it ready."""
    with locked(pipeline.config.model_dir):
        yield model_dir.prepare(
            pipeline,
            continue_train=going_on.is_allowed,
            checkpoint=going_on.checkpoint,
            accept_changes=going_on.accept_changes,
        )


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


def _team(config: PipelineConfig) -> Team:
    """Of this process in the cluster that TF_CONFIG describes; None without one."""
    role = cluster.role()
    if role.kind == "local":
        return None
    cluster_run.require_servers(config, role)
    return ClusterTraining(config, role, Marks(config.model_dir))


def _of_another_process(
    config: PipelineConfig, progress: Optional[TrainProgress] = None
) -> Trained:
    examples, seconds = (0, 0.0) if progress is None else (progress.examples, progress.seconds)
    step = model_dir.latest_step(config.model_dir)
    return Trained(step, examples, seconds, None, is_chief=False)


def _progress(
    config: PipelineConfig, rows: Rows, team: Team, observers: Optional[Observers] = None
) -> TrainProgress:
    role = Role() if team is None else team.role
    last_step = expected_steps(config, rows[0], role.trainers)
    return TrainProgress(
        config,
        last_step=last_step,
        trainers=role.trainers,
        is_chief=role.is_chief,
        observers=observers,
    )


def _work(
    config: PipelineConfig, hooks: Sequence[Any], rows: Rows, team: ClusterTraining
) -> Trained:
    progress = _progress(config, rows, team)
    train_spec, _ = specs(config, hooks=hooks, rows=rows, team=team)
    trainer = make_estimator(config, progress=progress, training=team)
    read = config.train_input_path if rows[0] is None else rows[0]
    try:
        with user_errors(lambda: find_bad_cell(config, read)):
            cluster_run.work(config, team, trainer, train_spec)
    except UserError as error:
        team.marks.fail(str(error))
        raise
    return _of_another_process(config, progress)


def _evaluate_each(
    pipeline: Pipeline, rows: Rows, team: ClusterTraining, observers: Observers
) -> None:
    config = pipeline.config
    evaluations = cluster_run.recorded(config)
    _, spec = specs(config, decisive_metrics(pipeline), evaluations, rows=rows, observers=observers)
    if spec is None:
        raise UserError("eval_input_path: must be set for the evaluator of a cluster")
    with signals.deferred() as stop:
        evaluator = cluster_run.make_evaluator(config)
        listener = EvaluationListener(evaluator, spec, stop, lambda: find_bad_cell(config, rows[1]))
        cluster_run.evaluate_each(config, listener, evaluations, team.marks, stop)


def _run(
    trainer: Any,
    train_spec: Any,
    listener: Optional[EvaluationListener],
    start: model_dir.Start,
) -> None:
    """Trains, where steps are left, and evaluates each checkpoint."""
    if start.steps_are_done(train_spec.input_fn.identity()):
        logging.info("step %s was the last: what is left is its evaluation and export", start.step)
        if listener is not None:
            listener.evaluate(start.step)
    else:
        listeners = list(train_spec.saving_listeners)
        trainer.train(
            train_spec.input_fn,
            train_spec.hooks,
            max_steps=train_spec.max_steps,
            saving_listeners=listeners if listener is None else [*listeners, listener],
        )
        train_spec.input_fn.log_summary()
    if listener is not None:
        listener.log_summary()

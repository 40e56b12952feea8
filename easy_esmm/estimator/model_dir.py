"""Prepares the model_dir, and writes the config as run beside the checkpoints."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from typing import Sequence

from absl import logging
from google.protobuf import text_format

from easy_esmm.atomic_file import atomic_write, is_left_over
from easy_esmm.checkpoints import folder as checkpoints
from easy_esmm.checkpoints import input_position, vocabularies
from easy_esmm.compat import estimator
from easy_esmm.config import ConfigError, Pipeline
from easy_esmm.config.changes import Change, changes_since
from easy_esmm.errors import UserError
from easy_esmm.estimator import checkpoint_fit, unfinished, vocabulary_fit
from easy_esmm.evaluation.history import Evaluations

_SHOWN = 5

CLUSTER = "cluster"
"""Folder of what the processes of a cluster write beside a training: logs and marks."""


def pipeline_file(model_dir: str) -> str:
    """Where the config as run is kept."""
    return os.path.join(model_dir, "pipeline.config")


def latest_step(model_dir: str) -> int:
    """Global step of the newest checkpoint; 0 without one."""
    checkpoint = checkpoints.newest(model_dir)
    return checkpoints.step_of(checkpoint) if checkpoint else 0


def has_checkpoint(model_dir: str) -> bool:
    """Whether a training in the folder goes on; a cluster's may be that of step 0."""
    return bool(checkpoints.complete(model_dir))


def is_of(pipeline: Pipeline) -> bool:
    """Whether the config kept in the folder is, letter for letter, the one that is to be run."""
    try:
        with open(pipeline_file(pipeline.config.model_dir), encoding="utf-8") as file:
            return file.read() == text_format.MessageToString(pipeline.written)
    except FileNotFoundError:
        return False


@dataclass(frozen=True)
class Start:
    """Where a training starts from."""

    folder: str
    checkpoint: str
    """Path in the folder; empty for a new training."""
    step: int
    is_last: bool
    """Whether the step is `num_steps`, or the evaluation of it asked for an early stop."""
    was_unfinished: bool
    """Whether the training before was ended before its export."""
    has_grown: bool
    """Whether the checkpoint is of other vocabularies, with which it cannot be evaluated."""

    def lacks_evaluation(self, evaluations: Evaluations) -> bool:
        """Whether its checkpoint was to be evaluated when the training before was ended."""
        is_its_own = bool(self.step) and self.was_unfinished and not self.has_grown
        return is_its_own and not evaluations.at(self.step)

    def steps_are_done(self, identity: str) -> bool:
        """Whether only the last evaluation and export are left to do, with the input of that name.

        See `InputPosition` for `identity`.
        """
        if not self.was_unfinished or self.has_grown:
            return False
        return self.is_last or input_position.has_ended(self.folder, self.step, identity)


def prepare(
    pipeline: Pipeline,
    *,
    continue_train: bool,
    checkpoint: str = "",
    accept_changes: bool = False,
) -> Start:
    """Makes the folder ready and writes the config as run into it; to be called while it is locked.

    Unfinished files of a checkpoint write that was killed are removed. Where `checkpoint` names one
    of the folder, later ones are set aside. What `accept_changes` lets through of vocabularies is
    said in `vocabulary_fit.require_growth`.

    Raises:
      UserError: the folder is not empty and `continue_train` is not set, its checkpoint does not
        fit the config, what its weights mean would change and `accept_changes` is not set, or the
        training has reached `num_steps` already.
    """
    folder = pipeline.config.model_dir
    entries = [name for name in os.listdir(folder) if name != CLUSTER]
    if entries and not continue_train:
        how = (
            f"go on from its newest checkpoint, of step {latest_step(folder):,}"
            if has_checkpoint(folder)
            else "start over: it has no checkpoint"
        )
        raise UserError(
            f"model_dir: {folder} is not empty; give another --model_dir, or --continue_train to "
            f"{how}"
        )
    is_same = has_checkpoint(folder) and _compare(pipeline, accept_changes)
    start = checkpoints.own(folder, checkpoint) if checkpoint else checkpoints.newest(folder)
    step = checkpoints.step_of(start) if start else 0
    has_grown = False
    if start is not None:
        has_grown = vocabulary_fit.require_growth(pipeline.config, start, accept_changes)
        # Of the config that it was trained with, it need not be found out by another graph, which
        # is built in 1.5 s of CPU; what it lacks all the same is told when it is restored.
        if checkpoint or has_grown or not is_same:
            checkpoint_fit.require_fit(pipeline.config, start, estimator.ModeKeys.TRAIN)
    elif entries:
        logging.info("%s holds no checkpoint: training starts over", folder)
    num_steps = pipeline.config.train_config.num_steps
    was_unfinished = unfinished.is_marked(folder)
    is_last = bool(num_steps and step >= num_steps)
    if is_last and not was_unfinished:
        raise UserError(
            f"train_config.num_steps: {folder} has been trained for {step:,} steps already, got "
            f"{num_steps:,}; raise num_steps to train on"
        )
    # After all that may refuse: a command that was refused has changed nothing.
    if checkpoint:
        aside = checkpoints.go_back(folder, checkpoint)
        logging.info("goes on from %s; later checkpoints: %s", checkpoint, aside or "none")
    else:
        checkpoints.repair_state(folder)
    for name in entries:
        if is_left_over(name) or re.fullmatch(r"model\.ckpt-\d+_temp.*|.*\.tempstate\d+", name):
            _remove(os.path.join(folder, name))
    vocabularies.keep(vocabularies.of_config(pipeline.config), folder)
    write_pipeline(pipeline, pipeline_file(folder))
    if not was_unfinished:
        input_position.forget_ends(folder)  # going on means another pass
        unfinished.mark(folder)
    return Start(folder, start or "", step, is_last, was_unfinished, has_grown)


def _compare(pipeline: Pipeline, accept_changes: bool) -> bool:
    """Tells what differs from the config that the folder was trained with; True if nothing does.

    What has no meaning for variables, such as `num_steps`, is not compared.
    """
    folder = pipeline.config.model_dir
    try:
        found = changes_since(pipeline_file(folder), pipeline)
    except (ConfigError, FileNotFoundError) as error:
        logging.warning("the config of the training so far cannot be compared: %s", error)
        return False
    moving = [change for change in found if change.moves_meaning]
    if moving and not accept_changes:
        raise UserError(
            f"model_dir: {folder} was trained with another config, under which its weights mean "
            f"something else: {_few(moving)}.\nUse the pipeline.config in it, train in another "
            "--model_dir, or give --accept_changes if you know that they may be used"
        )
    if moving:
        before = f"{pipeline_file(folder)}.before-step-{latest_step(folder)}"
        shutil.copyfile(pipeline_file(folder), before)
        logging.warning("the config so far is kept as %s", before)
    if found:
        logging.info("changed since the training so far: %s", _few(found))
    return not found


def _few(changes: Sequence[Change]) -> str:
    more = f"; and {len(changes) - _SHOWN} more" if len(changes) > _SHOWN else ""
    return "; ".join(map(str, changes[:_SHOWN])) + more


def where_it_goes_on(folder: str) -> str:
    """What a training that was stopped has saved, for the user."""
    step = latest_step(folder)
    if not step:
        return f"ended before the first step; --continue_train starts in {folder}"
    return (
        f"ended at step {step:,}; the model and the input's position are saved, and "
        "--continue_train goes on with the next batch"
    )


def write_pipeline(pipeline: Pipeline, path: str) -> None:
    """Writes the config as run: the file's, with the changes of the command line.

    It appears whole or not at all.
    """
    with atomic_write(path) as unfinished, open(unfinished, "w", encoding="utf-8") as file:
        file.write(text_format.MessageToString(pipeline.written))


def _remove(path: str) -> None:
    if not os.path.isdir(path):
        os.remove(path)
        return
    for name in os.listdir(path):
        _remove(os.path.join(path, name))
    os.rmdir(path)

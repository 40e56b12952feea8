"""Locks and prepares the model_dir, and writes the config as run beside the checkpoints."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from typing import Iterator

from absl import logging
from google.protobuf import text_format

from easy_esmm.atomic_file import atomic_write, is_left_over
from easy_esmm.compat import estimator, v1
from easy_esmm.config import Pipeline
from easy_esmm.errors import UserError
from easy_esmm.estimator import checkpoint_fit


def pipeline_file(model_dir: str) -> str:
    """Where the config as run is kept."""
    return os.path.join(model_dir, "pipeline.config")


def latest_step(model_dir: str) -> int:
    """Global step of the newest checkpoint; 0 without one."""
    checkpoint = v1.train.latest_checkpoint(model_dir)
    return int(checkpoint.rsplit("-", 1)[1]) if checkpoint else 0


def has_checkpoint(model_dir: str) -> bool:
    """Whether a training in the folder goes on; the checkpoint may be that of step 0."""
    return v1.train.latest_checkpoint(model_dir) is not None


def is_of(pipeline: Pipeline) -> bool:
    """Whether the config kept in the folder is, letter for letter, the one that is to be run."""
    try:
        with open(pipeline_file(pipeline.config.model_dir), encoding="utf-8") as file:
            return file.read() == text_format.MessageToString(pipeline.written)
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def locked(folder: str) -> Iterator[None]:
    """Locks the folder against other trainings; creates it if it does not exist.

    The system releases the lock when the process ends, however it ends.

    Raises:
      UserError: another training has locked it, or it cannot be made.
    """
    try:
        os.makedirs(folder, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise UserError(
            f"model_dir: {folder} cannot be made or opened: {error.strerror}; give another "
            "--model_dir"
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"model_dir: {folder} is being trained in by another process; wait for its end, or "
                "give another --model_dir"
            ) from None
        except OSError as error:  # a file system without locks
            logging.info("model_dir: %s cannot be locked: %s", folder, error.strerror)
        yield
    finally:
        os.close(descriptor)


def prepare(pipeline: Pipeline, *, continue_train: bool) -> int:
    """Makes the folder ready and writes the config as run into it; to be called while it is locked.

    Unfinished files of a checkpoint write that was killed are removed.

    Returns:
      The step that training starts from.

    Raises:
      UserError: the folder is not empty and `continue_train` is not set, its checkpoint does not
        fit the config, or the training has reached `num_steps` already.
    """
    folder = pipeline.config.model_dir
    entries = os.listdir(folder)
    if entries and not continue_train:
        raise UserError(
            f"model_dir: {folder} is not empty; give another --model_dir, or --continue_train to "
            f"go on from its newest checkpoint, of step {latest_step(folder):,}"
        )
    step = latest_step(folder)
    if has_checkpoint(folder):
        newest = v1.train.latest_checkpoint(folder)
        checkpoint_fit.require_fit(pipeline.config, newest, estimator.ModeKeys.TRAIN)
    num_steps = pipeline.config.train_config.num_steps
    if num_steps and step >= num_steps:
        raise UserError(
            f"train_config.num_steps: {folder} has been trained for {step:,} steps already, got "
            f"{num_steps:,}; raise num_steps to train on"
        )
    for name in entries:
        if is_left_over(name) or re.fullmatch(r"model\.ckpt-\d+_temp.*|.*\.tempstate\d+", name):
            _remove(os.path.join(folder, name))
    write_pipeline(pipeline, pipeline_file(folder))
    return step


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

"""The folder of a training: what may be in it, and what we write beside the checkpoints."""

from __future__ import annotations

import os
import re

from google.protobuf import text_format

from easy_esmm.compat import v1
from easy_esmm.config import Pipeline
from easy_esmm.errors import UserError


def pipeline_file(model_dir: str) -> str:
    """Where the config as run is kept."""
    return os.path.join(model_dir, "pipeline.config")


def latest_step(model_dir: str) -> int:
    """Global step of the newest checkpoint; 0 without one."""
    checkpoint = v1.train.latest_checkpoint(model_dir)
    return int(checkpoint.rsplit("-", 1)[1]) if checkpoint else 0


def prepare(pipeline: Pipeline, *, continue_train: bool) -> int:
    """Makes the folder ready and writes the config as run into it.

    Litter of a checkpoint write that was killed is removed.

    Returns:
      The step that training starts from.

    Raises:
      UserError: the folder is not empty and `continue_train` is not set, or the training has
        reached `num_steps` already.
    """
    folder = pipeline.config.model_dir
    entries = os.listdir(folder) if os.path.isdir(folder) else []
    if entries and not continue_train:
        raise UserError(
            f"model_dir: {folder} is not empty; give another --model_dir, or --continue_train to "
            "go on from its newest checkpoint"
        )
    step = latest_step(folder)
    num_steps = pipeline.config.train_config.num_steps
    if num_steps and step >= num_steps:
        raise UserError(
            f"train_config.num_steps: {folder} has been trained for {step:,} steps already, got "
            f"{num_steps:,}; raise num_steps to train on"
        )
    os.makedirs(folder, exist_ok=True)
    for name in entries:
        if re.fullmatch(r"model\.ckpt-\d+_temp.*|.*\.tempstate\d+", name):
            _remove(os.path.join(folder, name))
    write_pipeline(pipeline, pipeline_file(folder))
    return step


def write_pipeline(pipeline: Pipeline, path: str) -> None:
    """Writes the config as run: the file's, with the changes of the command line."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(text_format.MessageToString(pipeline.written))


def checkpoint(model_dir: str, path: str = "") -> str:
    """The checkpoint to read: `path` where given, else the newest of `model_dir`.

    Raises:
      UserError: there is none.
    """
    if path:
        if not v1.train.checkpoint_exists(path):
            raise UserError(f"checkpoint_path: no checkpoint at {path}; give .../model.ckpt-STEP")
        return path
    newest: str = v1.train.latest_checkpoint(model_dir) or ""
    if not newest:
        raise UserError(f"model_dir: no checkpoint in {model_dir or '(unset)'}; train first")
    return newest


def _remove(path: str) -> None:
    if not os.path.isdir(path):
        os.remove(path)
        return
    for name in os.listdir(path):
        _remove(os.path.join(path, name))
    os.rmdir(path)

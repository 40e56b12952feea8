"""Checks that a checkpoint fits a config, before it is used."""

from __future__ import annotations

from typing import Callable, Mapping, Sequence, TypeVar

import tensorflow as tf
from absl import logging

from easy_esmm.checkpoints import folder as checkpoints
from easy_esmm.checkpoints import vocabularies
from easy_esmm.checkpoints.easyrec_names import Sources
from easy_esmm.checkpoints.growth import growths, shapes_before
from easy_esmm.checkpoints.shapes import Shapes, read_shapes
from easy_esmm.compat import estimator, v1
from easy_esmm.errors import UserError
from easy_esmm.estimator import vocabulary_fit
from easy_esmm.estimator.dry_build import dry_build
from easy_esmm.optimizers import averages
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

_SHOWN = 3

Result = TypeVar("Result")


def newest(model_dir: str, path: str = "") -> str:
    """The checkpoint to read: `path` where given, else the newest of `model_dir`.

    Raises:
      UserError: there is none, or the newest lacks a file.
    """
    if path:
        if not v1.train.checkpoint_exists(path):
            raise UserError(f"checkpoint_path: no checkpoint at {path}; give .../model.ckpt-STEP")
        return path
    found = checkpoints.newest(model_dir)
    if found is None:
        raise UserError(f"model_dir: no checkpoint in {model_dir or '(unset)'}; train first")
    return found


def with_newest(model_dir: str, path: str, use: Callable[[str], Result]) -> Result:
    """Calls `use` with the checkpoint of `newest`.

    Once more where that has failed because a training has removed the checkpoint meanwhile.
    """
    checkpoint = newest(model_dir, path)
    try:
        return use(checkpoint)
    except (UserError, tf.errors.OpError):
        if path or v1.train.checkpoint_exists(checkpoint):
            raise
        logging.warning("%s was removed by the training that goes on: once more", checkpoint)
    return use(newest(model_dir))


def require_fit(config: PipelineConfig, checkpoint: str, mode: str) -> Mapping[str, str]:
    """Checks that a graph of `mode` finds all its variables in the checkpoint, in their shapes.

    A training may have grown vocabularies; every other mode has those of the training.

    Returns:
      Variable -> variable of the checkpoint, of those that have another name there, EasyRec's; none
      in training, which goes on from checkpoints of its own only.

    Raises:
      UserError: it does not find them, or the checkpoint cannot be read.
    """
    found = read_shapes(checkpoint)
    if mode != estimator.ModeKeys.TRAIN and averages.are_used(config.train_config):
        _require_averages(found, checkpoint)
    variables: Shapes = dry_build(config, mode).variables
    is_training = mode == estimator.ModeKeys.TRAIN
    if is_training:
        grown = growths(checkpoint, vocabularies.of_config(config))
        variables = shapes_before(variables, grown)
    else:
        vocabulary_fit.require_same(config, checkpoint)
    sources = (
        {name: name for name in variables if name in found}
        if is_training
        else Sources(config.model_config, found).of_all(variables)
    )
    problems = []
    for name, shape in sorted(variables.items()):
        source = sources.get(name)
        if source is None:
            problems.append(f"{name} {shape} is not in the checkpoint")
        elif found[source] != shape:
            as_there = "" if source == name else f", as {source}"
            problems.append(
                f"{name} is {shape} in the config, {found[source]} in the checkpoint{as_there}"
            )
    if is_training:
        problems.extend(
            f"{name} is in the checkpoint only: the averages stand at steps of their own"
            for name in sorted(averages.unread_steps(found, variables))
        )
    renamed = {name: source for name, source in sources.items() if source != name}
    if problems:
        shown = "; ".join(problems[:_SHOWN])
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        advice = _advice(sorted(set(variables) & set(sources) - {"global_step"}), renamed, found)
        raise UserError(f"the config does not fit {checkpoint}: {shown}{more}.\n{advice}")
    return renamed


def _advice(held: Sequence[str], renamed: Mapping[str, str], found: Shapes) -> str:
    if not held:
        some = ", ".join(sorted(set(found) - {"global_step"})[:_SHOWN])
        return (
            f"It holds no variable of this model, but {some}, ...: it is of another model or "
            "another program. (Variables of EasyRec's models are found under EasyRec's names.)"
        )
    if renamed:
        return (
            "It has EasyRec's names of variables. What it lacks must be trained first: start from "
            "it by train_config.fine_tune_checkpoint"
        )
    return "Use the pipeline.config beside the checkpoint, or train in another --model_dir"


def _require_averages(found: Shapes, checkpoint: str) -> None:
    if not any(name.endswith(f"/{averages.AVERAGE}") for name in found):
        raise UserError(
            f"train_config.optimizer_config.use_moving_average: {checkpoint} holds no averages; "
            "set it to false to use the weights themselves"
        )

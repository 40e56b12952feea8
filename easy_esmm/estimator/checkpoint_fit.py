"""Checks that a checkpoint fits a config, before it is used."""

from __future__ import annotations

from easy_esmm.checkpoints.shapes import Shapes, read_shapes
from easy_esmm.compat import estimator, v1
from easy_esmm.errors import UserError
from easy_esmm.estimator.dry_build import dry_build
from easy_esmm.optimizers import averages
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

_SHOWN = 3


def newest(model_dir: str, path: str = "") -> str:
    """The checkpoint to read: `path` where given, else the newest of `model_dir`.

    Raises:
      UserError: there is none.
    """
    if path:
        if not v1.train.checkpoint_exists(path):
            raise UserError(f"checkpoint_path: no checkpoint at {path}; give .../model.ckpt-STEP")
        return path
    found: str = v1.train.latest_checkpoint(model_dir) or ""
    if not found:
        raise UserError(f"model_dir: no checkpoint in {model_dir or '(unset)'}; train first")
    return found


def require_fit(config: PipelineConfig, checkpoint: str, mode: str) -> None:
    """Checks that a graph of `mode` finds all its variables in the checkpoint, in their shapes.

    Raises:
      UserError: it does not, or the checkpoint cannot be read.
    """
    found = read_shapes(checkpoint)
    if mode != estimator.ModeKeys.TRAIN and averages.are_used(config.train_config):
        _require_averages(found, checkpoint)
    problems = []
    variables = dry_build(config, mode).variables
    for name, shape in sorted(variables.items()):
        if name not in found:
            problems.append(f"{name} {shape} is not in the checkpoint")
        elif found[name] != shape:
            problems.append(f"{name} is {shape} in the config, {found[name]} in the checkpoint")
    if mode == estimator.ModeKeys.TRAIN:
        problems.extend(
            f"{name} is in the checkpoint only: the averages stand at steps of their own"
            for name in sorted(averages.unread_steps(found, variables))
        )
    if problems:
        shown = "; ".join(problems[:_SHOWN])
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise UserError(
            f"the config does not fit {checkpoint}: {shown}{more}.\nUse the pipeline.config beside "
            "the checkpoint, or train in another --model_dir"
        )


def _require_averages(found: Shapes, checkpoint: str) -> None:
    if not any(name.endswith(f"/{averages.AVERAGE}") for name in found):
        raise UserError(
            f"train_config.optimizer_config.use_moving_average: {checkpoint} holds no averages; "
            "set it to false to use the weights themselves"
        )

"""Ends a training that diverges: an infinite or NaN loss, or such weights before they are saved."""

from __future__ import annotations

import math
from typing import Any, List

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import Tensor
from easy_esmm.errors import UserError


def diverged(what: str) -> UserError:
    """The error of a training in which `what` became NaN or infinite."""
    return UserError(
        f"{what} became NaN or infinite; lower the learning rate, set "
        "train_config.gradient_clipping_by_norm, or look for extreme values in the input"
    )


class DivergenceHook(v1.train.SessionRunHook):  # type: ignore[misc]
    """Raises `diverged` at the first step whose loss is not finite."""

    def __init__(self, loss: Tensor) -> None:
        """`loss`: float32 scalar."""
        self._loss = loss

    def before_run(self, run_context: Any) -> Any:
        return v1.train.SessionRunArgs(self._loss)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if not math.isfinite(run_values.results):
            raise diverged("the loss")


class FiniteWeights(v1.train.CheckpointSaverListener):  # type: ignore[misc]
    """Raises `diverged` in the place of a checkpoint whose numbers are not all finite.

    The checkpoint before it stays the newest. A step may break weights of which no loss was
    computed yet.
    """

    def begin(self) -> None:
        variables = [v for v in v1.global_variables() if v.dtype.base_dtype.is_floating]
        self._checks: List[Any] = [
            (v.op.name, tf.reduce_all(tf.math.is_finite(v.read_value()))) for v in variables
        ]

    def before_save(self, session: Any, global_step_value: int) -> None:
        # One after another: reading a table copies it.
        for name, is_finite in self._checks:
            if not session.run(is_finite):
                raise diverged(f"variable {name}")

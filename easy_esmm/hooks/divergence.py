"""Ends a training whose loss or weights are NaN or infinite, and refuses such checkpoints."""

from __future__ import annotations

import math
from typing import Any, List, Optional, Tuple

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import Tensor
from easy_esmm.errors import UserError


class Diverged(UserError):
    """The loss or a weight of a training became NaN or infinite."""


def diverged(what: str) -> Diverged:
    """The error of a training in which `what` became NaN or infinite."""
    return Diverged(
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
        self._checks = _checks()

    def before_save(self, session: Any, global_step_value: int) -> None:
        name = _not_finite(session, self._checks)
        if name is not None:
            raise diverged(f"variable {name}")


class FiniteCheckpoint(v1.train.SessionRunHook):  # type: ignore[misc]
    """Raises UserError where the weights that were restored are not all finite.

    The answers do not tell: a ReLU may make a 0 of a NaN.
    """

    def __init__(self) -> None:
        self._checks: Optional[Tuple[List[str], Any]] = None

    def begin(self) -> None:
        if self._checks is None:  # a graph may be evaluated again
            self._checks = _checks()

    def after_create_session(self, session: Any, coord: Any) -> None:
        name = _not_finite(session, self._checks) if self._checks is not None else None
        if name is not None:
            raise UserError(
                f"the checkpoint holds NaN or infinite numbers in {name}, as after a training that "
                "diverged; take an earlier one, by --checkpoint_path"
            )


def _checks() -> Tuple[List[str], Any]:
    """Names of the variables with fractions, and for each whether all its numbers are finite."""
    variables = [v for v in v1.global_variables() if v.dtype.base_dtype.is_floating]
    checks: List[Any] = []
    for variable in variables:
        # One after another: reading a table copies it.
        with tf.control_dependencies(checks[-1:]), tf.device(variable.device):
            # On that of a server, which then sends one boolean.
            checks.append(tf.reduce_all(tf.math.is_finite(variable.read_value())))
    return [v.op.name for v in variables], checks


def _not_finite(session: Any, checks: Tuple[List[str], Any]) -> Optional[str]:
    """The first variable that is not; in one run, since a run not run before costs 25 ms."""
    names, are_finite = checks
    found = zip(names, session.run(are_finite))
    return next((name for name, is_finite in found if not is_finite), None)

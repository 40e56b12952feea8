"""Losses of towers by their type.

A loss is a file with pure functions, and one that takes (its parameters, `LossInput`) and is
registered under its `LossType`. Adding a loss touches that file, its import and
`config.tower_losses`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Mapping, Optional, Tuple

from easy_esmm.config.tower_losses import parameters
from easy_esmm.contract import Tensor
from easy_esmm.losses.reduction import Reduction
from easy_esmm.protos.loss_pb2 import Loss


@dataclass(frozen=True, eq=False)
class LossInput:
    """What a task's loss is computed from; float32 [batch] unless said otherwise."""

    label: Tensor
    output: Tensor
    """Log odds of the label, or the predicted value of a regression."""
    weight: Tensor
    """At least 0; rows of weight 0 are outside."""
    reduction: Reduction = Reduction.MEAN
    sessions: Mapping[str, Tensor] = field(default_factory=dict)
    """As `Labels.sessions`."""
    class_logits: Optional[Tensor] = None
    """float32 [batch, 2]: of label 0 and of label 1; their difference is `output`. None for a tower
    of one logit."""

    earlier: Tuple[Tensor, ...] = ()
    """Probabilities of the tasks that come before, [batch] each; see `TaskSpec.earlier`."""


Builder = Callable[[Any, LossInput], Tensor]

_BUILDERS: Dict[int, Builder] = {}


def register(kind: int) -> Callable[[Builder], Builder]:
    """Decorator: the function is the loss of that `LossType`."""

    def add(builder: Builder) -> Builder:
        _BUILDERS[kind] = builder
        return builder

    return add


def registered() -> Tuple[int, ...]:
    """All types, ascending."""
    return tuple(sorted(_BUILDERS))


def build(loss: Loss, rows: LossInput) -> Tensor:
    """Scalar float32 >= 0, without the loss's weight."""
    return _BUILDERS[loss.loss_type](parameters(loss), rows)

"""The losses of a tower, as `loss_type` or `losses` say them."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from easy_esmm.protos.loss_pb2 import (
    BINARY_FOCAL_LOSS,
    CLASSIFICATION,
    F1_REWEIGHTED_LOSS,
    JRC_LOSS,
    L2_LOSS,
    PAIR_WISE_LOSS,
    Loss,
    LossType,
)
from easy_esmm.protos.tower_pb2 import TaskTower

PARAMETERS: Dict[int, str] = {
    BINARY_FOCAL_LOSS: "binary_focal_loss",
    F1_REWEIGHTED_LOSS: "f1_reweighted_loss",
    JRC_LOSS: "jrc_loss",
    PAIR_WISE_LOSS: "pairwise_loss",
}
"""Type of loss -> the member of `Loss.loss_param` with its parameters, where it has any."""

KINDS = (CLASSIFICATION, L2_LOSS, *PARAMETERS)
"""All types that are supported."""

_STEMS: Dict[int, str] = {
    CLASSIFICATION: "weighted_cross_entropy_loss",
    L2_LOSS: "weighted_l2_loss",
}
"""EasyRec's names of ESMM's own two losses; others are named by their type."""


def tower_losses(tower: TaskTower) -> List[Loss]:
    """Copies of the tower's losses, each with a `loss_name`."""
    losses: List[Loss] = []
    for written in tower.losses or [Loss(loss_type=tower.loss_type)]:
        loss = Loss()
        loss.CopyFrom(written)
        stem = _STEMS.get(loss.loss_type, LossType.Name(loss.loss_type).lower())
        loss.loss_name = written.loss_name or f"{stem}_{tower.tower_name}"
        losses.append(loss)
    return losses


def parameters(loss: Loss) -> Any:
    """The parameters of the loss's type, defaults where the config has none; None without any."""
    name = PARAMETERS.get(loss.loss_type)
    return None if name is None else getattr(loss, name)


def predicts_value(tower: TaskTower) -> bool:
    """Whether the output is a value; else it is the log odds of a probability."""
    kinds = [loss.loss_type for loss in tower.losses] or [tower.loss_type]
    return L2_LOSS in kinds


def session_fields(tower: TaskTower) -> Tuple[str, ...]:
    """Input fields that the losses of a tower read sessions from."""
    named = (getattr(parameters(loss), "session_name", "") for loss in tower.losses)
    return tuple(name for name in named if name)

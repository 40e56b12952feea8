"""The losses of a tower, from `loss_type` or `losses`."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Tuple

from easy_esmm.config.support import value_mark
from easy_esmm.contract import keyed
from easy_esmm.protos.loss_pb2 import (
    BINARY_CROSS_ENTROPY_LOSS,
    BINARY_FOCAL_LOSS,
    CLASSIFICATION,
    CROSS_ENTROPY_LOSS,
    F1_REWEIGHTED_LOSS,
    JRC_LOSS,
    L2_LOSS,
    LISTWISE_RANK_LOSS,
    ORDER_CALIBRATE_LOSS,
    PAIR_WISE_LOSS,
    PAIRWISE_FOCAL_LOSS,
    PAIRWISE_HINGE_LOSS,
    PAIRWISE_LOGISTIC_LOSS,
    SIGMOID_L2_LOSS,
    Loss,
    LossType,
)
from easy_esmm.protos.tower_pb2 import TaskTower

PARAMETERS: Dict[int, str] = {
    BINARY_FOCAL_LOSS: "binary_focal_loss",
    F1_REWEIGHTED_LOSS: "f1_reweighted_loss",
    JRC_LOSS: "jrc_loss",
    LISTWISE_RANK_LOSS: "listwise_rank_loss",
    PAIR_WISE_LOSS: "pairwise_loss",
    PAIRWISE_FOCAL_LOSS: "pairwise_focal_loss",
    PAIRWISE_HINGE_LOSS: "pairwise_hinge_loss",
    PAIRWISE_LOGISTIC_LOSS: "pairwise_logistic_loss",
}
"""Type of loss -> the member of `Loss.loss_param` with its parameters, where it has any."""

KINDS = tuple(kind.number for kind in LossType.DESCRIPTOR.values if value_mark(kind) is None)
"""All types that are supported."""

CROSS_ENTROPIES = (BINARY_CROSS_ENTROPY_LOSS, CLASSIFICATION, CROSS_ENTROPY_LOSS)
"""Types that are the plain cross entropy of the rows."""

OF_VALUES = (L2_LOSS, SIGMOID_L2_LOSS)
"""Types whose tower predicts a value: squared errors."""

_STEMS: Dict[int, str] = {CLASSIFICATION: "cross_entropy_loss", L2_LOSS: "l2_loss"}
"""EasyRec's names of two losses, with `weighted_` before them in ESMM; others are named by type,
ORDER_CALIBRATE_LOSS without the tower's name where only one tower has it."""


def losses_of_towers(
    towers: Sequence[Any], is_entire_space: bool = False
) -> Tuple[Tuple[Loss, ...], ...]:
    """Copies of each tower's losses, each with a `loss_name`."""
    kinds = [loss.loss_type for tower in towers for loss in tower.losses]
    is_only_calibrator = kinds.count(ORDER_CALIBRATE_LOSS) == 1
    found: List[Tuple[Loss, ...]] = []
    for tower in towers:
        losses: List[Loss] = []
        for written in tower.losses or [Loss(loss_type=tower.loss_type)]:
            loss = Loss()
            loss.CopyFrom(written)
            if not written.loss_name and is_only_calibrator and _calibrates(loss):
                loss.loss_name = LossType.Name(ORDER_CALIBRATE_LOSS).lower()
            elif not written.loss_name:
                loss.loss_name = _name(loss.loss_type, tower, is_entire_space)
            losses.append(loss)
        found.append(tuple(losses))
    return tuple(found)


def _calibrates(loss: Loss) -> bool:
    return bool(loss.loss_type == ORDER_CALIBRATE_LOSS)


def _name(kind: int, tower: TaskTower, is_entire_space: bool) -> str:
    stem = _STEMS.get(kind)
    if stem is None:
        return keyed(LossType.Name(kind).lower(), tower.tower_name)
    return keyed(f"{'weighted_' if is_entire_space else ''}{stem}", tower.tower_name)


def parameters(loss: Loss) -> Any:
    """The parameters of the loss's type, defaults where the config has none; None without any."""
    name = PARAMETERS.get(loss.loss_type)
    return None if name is None else getattr(loss, name)


def predicts_value(tower: TaskTower) -> bool:
    """Whether the output is a value; else it is the log odds of a probability."""
    return any(kind in OF_VALUES for kind in _kinds(tower))


def predicts_share(tower: TaskTower) -> bool:
    """Whether the output is a value in [0, 1], and the tower's is its log odds."""
    return SIGMOID_L2_LOSS in _kinds(tower)


def _kinds(tower: TaskTower) -> List[int]:
    return [loss.loss_type for loss in tower.losses] or [tower.loss_type]


def session_field(loss: Loss) -> str:
    """Input field that the loss reads sessions from; empty where it reads none."""
    return str(getattr(parameters(loss), "session_name", ""))

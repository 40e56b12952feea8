"""Rules across fields of models that do not train the product: ClickSpace, Division and NISE."""

from __future__ import annotations

from typing import List

from easy_esmm.config import models
from easy_esmm.config.rules.report import Report
from easy_esmm.config.tower_losses import predicts_value
from easy_esmm.protos.click_space_pb2 import ClickSpace
from easy_esmm.protos.division_pb2 import Division
from easy_esmm.protos.loss_pb2 import CLASSIFICATION, LossType
from easy_esmm.protos.tower_pb2 import TaskTower

_ONE_LOGIT = 1


def check_baselines(report: Report) -> None:
    """One way to sample, and a CVR tower whose loss or quotient makes sense."""
    model = report.config.model_config
    member = model.WhichOneof("model")
    at = models.path(model)
    if member == "click_space":
        _check_sample(report, model.click_space, at)
        _check_loss(report, model.click_space.cvr_tower, at, "the loss over the sample")
    if member == "nise":
        _check_loss(report, model.nise.cvr_tower, at, "the loss over clicked rows")
    if member == "division":
        _check_quotient(report, model.division, at)


def _check_quotient(report: Report, parameters: Division, at: str) -> None:
    if predicts_value(parameters.cvr_tower):
        rule = "must not be L2_LOSS: the quotient is one of probabilities"
        report.refuse(f"{at}.cvr_tower.loss_type", rule, "L2_LOSS", "ESMM predicts values")
    for member in models.FAMILY_TOWERS:
        classes = getattr(parameters, member).num_class
        if classes > _ONE_LOGIT:
            rule = "must be 1: the quotient is computed from one logit"
            report.refuse(f"{at}.{member}.num_class", rule, str(classes))


def _check_sample(report: Report, parameters: ClickSpace, at: str) -> None:
    """The first one counts; each further one is refused."""
    ways: List[str] = []
    if parameters.unclicked_rate:
        ways.append("unclicked_rate")
    if parameters.positive_copies > 1:
        ways.append("positive_copies")
    if parameters.HasField("rejection_floor"):
        ways.append("rejection_floor")
    for name in ways[1:]:
        rule = f"must not stand beside {ways[0]}: a baseline changes the sample in one way"
        report.refuse(f"{at}.{name}", rule)


def _check_loss(report: Report, tower: TaskTower, at: str, what: str) -> None:
    """One loss at most, the cross entropy; `what` it is."""
    kinds = [loss.loss_type for loss in tower.losses] or [tower.loss_type]
    paths = [f"{at}.cvr_tower.losses[{n}].loss_type" for n in range(len(tower.losses))]
    for kind, path in zip(kinds, paths or [f"{at}.cvr_tower.loss_type"]):
        if kind != CLASSIFICATION:
            rule = f"must be CLASSIFICATION: {what} is the cross entropy"
            report.refuse(path, rule, LossType.Name(kind))
    if len(tower.losses) > 1:
        rule = f"must be one loss at most: {what} is the cross entropy"
        report.refuse(f"{at}.cvr_tower.losses[1]", rule)

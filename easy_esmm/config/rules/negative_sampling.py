"""Rules across fields: training on a share of the negatives."""

from __future__ import annotations

from typing import Any, List, Tuple

from easy_esmm.config import models
from easy_esmm.config.negative_sampling import share_of_negatives
from easy_esmm.config.rules.report import Report
from easy_esmm.config.tasks import task_specs
from easy_esmm.config.tower_losses import CROSS_ENTROPIES, OF_VALUES
from easy_esmm.contract import Kind
from easy_esmm.protos.loss_pb2 import ORDER_CALIBRATE_LOSS, LossType

_AT = "data_config.negative_sampling"
_OF_ROWS = (*CROSS_ENTROPIES, *OF_VALUES, ORDER_CALIBRATE_LOSS)
"""Losses that are sums over rows; others depend on which rows meet in a batch."""
_WEIGHTS = "or leave negative_sampling out, and weigh negatives by 1 / share in a sample_weight"


def check_negative_sampling(report: Report) -> None:
    """Shares are clear, and each loss is one that can be corrected for what was dropped."""
    data, model = report.config.data_config, report.config.model_config
    if not data.HasField("negative_sampling"):
        return
    sampling = data.negative_sampling
    if sampling.kept_share < 1 and not sampling.HasField("eval_kept_share"):
        rule = "must stand beside kept_share: metrics are wrong where it is unknown"
        hint = "1 where the evaluation input holds all rows, else as kept_share"
        report.refuse(f"{_AT}.eval_kept_share", rule, hint=hint)
    share = share_of_negatives(data, training=True)
    if not models.is_supported(model) or (share == 1 and sampling.eval_kept_share == 1):
        return
    tasks = task_specs(model)
    first = tasks.specs[0]
    if first.kind is not Kind.BINARY:
        rule = f"must not be set: {first.path} predicts a value, whose 0 is no negative"
        report.refuse(_AT, rule)
    for path, kind in _losses(models.tower_paths(model)):
        if kind not in _OF_ROWS:
            rule = "must be a loss of single rows beside data_config.negative_sampling"
            report.refuse(path, rule, LossType.Name(kind), f"use CLASSIFICATION, {_WEIGHTS}")
    rate = model.click_space.unclicked_rate if model.WhichOneof("model") == "click_space" else 0
    if rate > share:
        rule = f"must be at most the {share:g} of the unclicked rows that training reads"
        report.refuse(f"{models.path(model)}.unclicked_rate", rule, f"{rate:g}")


def _losses(towers: Any) -> List[Tuple[str, int]]:
    """(path, type) of each loss."""
    found: List[Tuple[str, int]] = []
    for path, tower in towers:
        found += [
            (f"{path}.losses[{number}].loss_type", loss.loss_type)
            for number, loss in enumerate(tower.losses)
        ] or [(f"{path}.loss_type", tower.loss_type)]
    return found

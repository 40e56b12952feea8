"""Rules across fields of the models that weigh rows by propensities, such as ESCM2."""

from __future__ import annotations

from easy_esmm.config import models
from easy_esmm.config.rules.report import Report
from easy_esmm.config.tower_losses import predicts_value
from easy_esmm.protos.escm2_pb2 import ESCM2
from easy_esmm.protos.model_pb2 import ModelConfig

_MODELS = ("escm2", "dcmt", "chorus_cvr", "ddpo")


def check_counterfactual(report: Report) -> None:
    """A CVR tower of probabilities, a range of propensities, and weights that cannot run away."""
    model = report.config.model_config
    member = model.WhichOneof("model")
    if member not in _MODELS:
        return
    parameters, at = models.parameters(model), models.path(model)
    if predicts_value(parameters.cvr_tower):
        rule = "must not be L2_LOSS: the counterfactual risk is that of a probability"
        report.refuse(f"{at}.cvr_tower.loss_type", rule, "L2_LOSS", "ESMM predicts values")
    floor, cap = parameters.propensity.floor, parameters.propensity.cap
    if 0 < cap < floor < 1:
        rule = f"must not be less than floor, {floor:g}"
        report.refuse(f"{at}.propensity.cap", rule, f"{cap:g}")
    is_learned = model.loss_weight_strategy == ModelConfig.Uncertainty
    if is_learned and member == "escm2" and parameters.estimator == ESCM2.DR:
        rule = "must be Fixed for estimator DR: its risk may be negative, and would drive a learned"
        rule += " weight up without a bound"
        report.refuse("model_config.loss_weight_strategy", rule, "Uncertainty")

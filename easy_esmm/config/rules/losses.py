"""Rules across fields: losses of towers, their parameters, sessions and names."""

from __future__ import annotations

from typing import Any, List

from easy_esmm.config import models
from easy_esmm.config.rules.report import Report
from easy_esmm.config.scalars import quoted
from easy_esmm.config.support import is_closed_off
from easy_esmm.config.tasks import task_specs
from easy_esmm.config.tower_losses import KINDS, OF_VALUES, PARAMETERS, losses_of_towers
from easy_esmm.contract import Kind
from easy_esmm.protos.loss_pb2 import (
    JRC_LOSS,
    ORDER_CALIBRATE_LOSS,
    SIGMOID_L2_LOSS,
    Loss,
    LossType,
)
from easy_esmm.protos.tower_pb2 import TaskTower

_CLASSES_OF_JRC = 2
_ORDER = "ORDER_CALIBRATE_LOSS"
_TOTAL = "total_loss"
_OF_MODELS = (
    "click_masked_",
    "inverse_propensity_",
    "doubly_robust_",
    "imputation_",
    "factual_",
    "counterfactual_",
    "agreement_",
    "unconverted_",
    "alignment_",
    "conversion_propensity_",
    "pseudo_label_",
    "clicked_",
    "entropy_",
)
"""What the names of losses begin with that are the model's, and no tower's."""


def check_losses(report: Report) -> None:
    """Losses have parameters of their type, the columns and logits that they need, and names."""
    model = report.config.model_config
    names: List[str] = []
    paths: List[str] = []
    towers = models.tower_paths(model)
    named = losses_of_towers([tower for _, tower in towers], models.is_entire_space(model))
    for (path, tower), losses in zip(towers, named):
        for number, loss in enumerate(tower.losses):
            _check_loss(report, tower, loss, f"{path}.losses[{number}]")
        _check_classes(report, tower, path)
        for number, loss in enumerate(losses):
            at = f"{path}.losses[{number}]" if tower.losses else path
            names.append(loss.loss_name)
            paths.append(f"{at}.loss_name" if tower.losses and _is_named(tower, number) else at)
    if len({tower.tower_name for _, tower in towers}) == len(towers):
        report.require_unique(names, paths, "another loss")
    _check_order(report)


_FIRST = {
    True: "must not be a loss of a model of one task: it compares two",
    False: "must not be a loss of the first tower: it compares with the one before",
}
"""Why a loss of the order of two tasks is refused in the first, by whether there is no other."""


def _check_order(report: Report) -> None:
    """A penalty of the order of two probabilities has both, and a loss of the label beside it."""
    model = report.config.model_config
    if models.is_entire_space(model):
        for path, tower in models.tower_paths(model):
            for at in _calibrators(tower, path):
                rule = "must be another: 0 in ESMM, whose pCTCVR is never above pCTR"
                report.refuse(f"{at}.loss_type", rule, _ORDER)
        return
    specs = list(task_specs(model)) if models.is_supported(model) else []
    values = {spec.name for spec in specs if spec.kind is Kind.VALUE}
    for spec in specs:
        for at in _calibrators(spec.tower, spec.path):
            if not spec.earlier:
                report.refuse(f"{at}.loss_type", _FIRST[models.is_single_task(model)], _ORDER)
            elif values.intersection(spec.earlier):
                rule = "must come after a tower that predicts a probability, not a value"
                report.refuse(f"{at}.loss_type", rule, _ORDER)
            elif len(spec.losses) == 1:
                rule = "must stand beside a loss of the label, which it does not know"
                hint = "add losses { loss_type: CLASSIFICATION }"
                report.refuse(f"{at}.loss_type", rule, _ORDER, hint)
            elif spec.task_space is not None and spec.task_space.is_strict:
                text = (
                    "compares a probability inside the task space of this tower, which may well be "
                    "the larger, with one over all rows"
                )
                report.note(f"{at}.loss_type", text)


def _calibrators(tower: Any, path: str) -> List[str]:
    return [
        f"{path}.losses[{number}]"
        for number, loss in enumerate(tower.losses)
        if loss.loss_type == ORDER_CALIBRATE_LOSS
    ]


def _is_named(tower: TaskTower, number: int) -> bool:
    return bool(tower.losses[number].loss_name)


def _check_loss(report: Report, tower: TaskTower, loss: Loss, path: str) -> None:
    if loss.loss_type not in KINDS:
        return  # refused by its mark in the schema
    kind = LossType.Name(loss.loss_type)
    if loss.loss_name == _TOTAL or loss.loss_name.startswith(_OF_MODELS):
        rule = "must be another name: evaluations report a loss of the model itself by it"
        report.refuse(f"{path}.loss_name", rule, quoted(loss.loss_name))
    values = [LossType.Name(one.loss_type) for one in tower.losses if one.loss_type in OF_VALUES]
    if values and kind != values[0]:
        rule = f"must not stand beside {values[0]}: an output is a value or log odds, not both"
        report.refuse(f"{path}.loss_type", rule, kind)
    if loss.loss_type == SIGMOID_L2_LOSS and models.is_entire_space(report.config.model_config):
        rule = "must not be a loss of this model, whose value is that of a click"
        report.refuse(f"{path}.loss_type", rule, kind, "L2_LOSS predicts it")
    written, fitting = loss.WhichOneof("loss_param"), PARAMETERS.get(loss.loss_type)
    is_open = written and not is_closed_off(Loss.DESCRIPTOR.fields_by_name[written])
    if is_open and written != fitting:
        rule = f"must be {fitting} for {kind}" if fitting else f"must not be set for {kind}"
        report.refuse(f"{path}.{written}", rule, written)
    if fitting is not None:
        _check_session(report, loss, path)


def _check_session(report: Report, loss: Loss, path: str) -> None:
    columns = [column.input_name for column in report.config.data_config.input_fields]
    parameters = PARAMETERS[loss.loss_type]
    name = getattr(getattr(loss, parameters), "session_name", "")
    if name:
        at = f"{path}.{parameters}.session_name"
        report.require_member(at, name, columns, "a column of data_config.input_fields")
    elif loss.loss_type == JRC_LOSS:
        rule = "must come with a session, whose rows it ranks"
        hint = "write losses { loss_type: JRC_LOSS jrc_loss { session_name: ... } }"
        report.refuse(f"{path}.loss_type", rule, "JRC_LOSS", hint)


def _check_classes(report: Report, tower: TaskTower, path: str) -> None:
    has_jrc = any(loss.loss_type == JRC_LOSS for loss in tower.losses)
    if has_jrc and tower.num_class != _CLASSES_OF_JRC:
        rule = "must be 2 for JRC_LOSS, which ranks by the logit of either class"
        report.refuse(f"{path}.num_class", rule, str(tower.num_class))
    if not has_jrc and tower.num_class == _CLASSES_OF_JRC:
        rule = "must be 1 without JRC_LOSS: one logit is the log odds"
        report.refuse(f"{path}.num_class", rule, str(tower.num_class))

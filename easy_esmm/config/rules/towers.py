"""Rules across fields: names, labels and kinds of the towers."""

from __future__ import annotations

from typing import Any

from easy_esmm.config import models
from easy_esmm.config.cells import parse_cell
from easy_esmm.config.rules.report import Report
from easy_esmm.config.scalars import quoted
from easy_esmm.config.tasks import PRODUCT, task_specs
from easy_esmm.config.tower_losses import predicts_value
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.esmm_pb2 import ESMM
from easy_esmm.protos.loss_pb2 import LossType
from easy_esmm.protos.tower_pb2 import TaskTower

_LABELS = {
    True: "data_config.label_fields must name two labels (conversion, click)",
    False: "data_config.label_fields must name a label for each tower",
}
"""By whether the model is one of the entire-space family."""
_LABEL = "data_config.label_fields must name the label"
"""Of a single-task model."""
_COLUMN = "a column of data_config.input_fields"
_SUFFIXES = ("_se", "_groups", "_lists")
"""What metrics of two values put behind the name of a task: `auc_<task>_se`."""


def check_towers(report: Report) -> None:
    """Towers of different names, with labels; two of them in an entire-space model."""
    model = report.config.model_config
    if not models.is_supported(model):
        return
    parameters, at = models.parameters(model), models.path(model)
    columns = [column.input_name for column in report.config.data_config.input_fields]
    is_family = models.is_entire_space(model)
    towers = models.tower_paths(model)
    for path, tower in towers:
        if not tower.label_name:
            labels = _LABEL if models.is_single_task(model) else _LABELS[is_family]
            report.refuse(f"{path}.label_name", f"must be set, or {labels}")
        if tower.task_space_indicator_label:
            name = tower.task_space_indicator_label
            report.require_member(f"{path}.task_space_indicator_label", name, columns, _COLUMN)
        _check_indicator(report, tower, path)
    if is_family:
        _check_family(report, parameters, at)
    elif not towers:
        rule, hint = "must have at least one tower", "write task_towers { ... } for each task"
        report.refuse(f"{at}.{models.TASK_TOWERS}", rule, None, hint)
    elif not models.is_single_task(model):
        _check_names(report)


def _check_indicator(report: Report, tower: Any, path: str) -> None:
    """An input column and a value of its type, and no label beside them."""
    name, value = tower.task_space_indicator_name, tower.task_space_indicator_value
    at, types = f"{path}.task_space_indicator_name", report.column_types()
    has_value = tower.HasField("task_space_indicator_value")
    if not name and has_value:
        report.refuse(at, "must be set beside task_space_indicator_value", None)
    if not name or not report.require_member(at, name, types, _COLUMN):
        return
    if tower.task_space_indicator_label:
        rule = (
            "must not stand beside task_space_indicator_label: one of the two says what is inside"
        )
        report.refuse(at, rule, quoted(name))
    elif name in report.config.data_config.label_fields:
        hint = "write task_space_indicator_label, which is inside where it is positive"
        report.refuse(at, "must be an input column, not a label", quoted(name), hint)
    elif not has_value:
        report.refuse(f"{path}.task_space_indicator_value", "must be set: it is inside")
    elif parse_cell(types[name], value.encode()) is None:
        kind = DatasetConfig.FieldType.Name(types[name])
        rule = f"must be a value of {quoted(name)}, which is declared {kind}"
        report.refuse(f"{path}.task_space_indicator_value", rule, quoted(value))


def _check_names(report: Report) -> None:
    tasks = task_specs(report.config.model_config)
    for task in tasks:
        if not task.name:
            report.refuse(f"{task.path}.tower_name", "must be set: it names outputs and metrics")
    names, paths = zip(*((task.name, f"{task.path}.tower_name") for task in tasks))
    report.require_unique(names, paths, "another tower")
    for task in tasks:
        inside = task.inside_metric_name
        if inside is not None and inside in names:
            rule = f"must not be the name of the metrics of {quoted(task.name)} in its task space"
            report.refuse(paths[names.index(inside)], rule, quoted(inside))
    measured = [name for task in tasks for name in (task.metric_name, task.observed_metric_name)]
    taken = {f"{name}{suffix}" for name in measured for suffix in _SUFFIXES}
    for name, path in zip(names, paths):
        if name in taken:
            rule = f"must not be another tower's name with {', '.join(_SUFFIXES)} behind it"
            report.refuse(path, rule, quoted(name), "metrics of that tower have the name")


def _check_family(report: Report, parameters: Any, at: str) -> None:
    """The click tower and the conversion tower."""
    for member in models.FAMILY_TOWERS:
        if not parameters.HasField(member):
            report.refuse(f"{at}.{member}", "must be set")
        elif getattr(parameters, member).tower_name == PRODUCT:
            rule = "must not be the name of the product's outputs"
            report.refuse(f"{at}.{member}.tower_name", rule, quoted(PRODUCT))
    if parameters.ctr_tower.loss_type == LossType.L2_LOSS:
        # (Losses that no tower supports are refused by their marks in the schema.)
        rule = "must not be L2_LOSS: a click is 0 or 1"
        report.refuse(f"{at}.ctr_tower.loss_type", rule, "L2_LOSS")
    if all(parameters.HasField(member) for member in models.FAMILY_TOWERS):
        _check_pair(report, parameters.ctr_tower, parameters.cvr_tower, at)
    if getattr(parameters, "ctr_logit_link", False):
        _check_link(report, parameters)


def _check_pair(report: Report, ctr: TaskTower, cvr: TaskTower, at: str) -> None:
    if ctr.label_name and ctr.label_name == cvr.label_name:
        rule = "must not be the label of ctr_tower"
        hint = "without label_name the first of data_config.label_fields is the conversion"
        report.refuse(f"{at}.cvr_tower.label_name", rule, quoted(cvr.label_name), hint)
    if ctr.tower_name == cvr.tower_name:
        rule = "must not be the name of ctr_tower"
        report.refuse(f"{at}.cvr_tower.tower_name", rule, quoted(cvr.tower_name))
    if ctr.tower_name == f"{cvr.tower_name}_masked":
        rule = "must not be the name of cvr_tower's metrics over clicked rows"
        report.refuse(f"{at}.ctr_tower.tower_name", rule, quoted(ctr.tower_name))


def _check_link(report: Report, esmm: ESMM) -> None:
    """A link is from one log odds to another."""
    path = "model_config.esmm.ctr_logit_link"
    if predicts_value(esmm.cvr_tower):
        report.refuse(path, "must be false where cvr_tower predicts a value", "true")
    elif any(tower.num_class > 1 for tower in (esmm.ctr_tower, esmm.cvr_tower)):
        report.refuse(path, "must be false for towers of two classes", "true")

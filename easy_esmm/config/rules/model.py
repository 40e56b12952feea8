"""Rules across fields: model class, ESMM's groups and towers, hidden layers."""

from __future__ import annotations

from typing import List

from easy_esmm.config import towers
from easy_esmm.config.hints import did_you_mean
from easy_esmm.config.rules.report import Report
from easy_esmm.config.scalars import quoted
from easy_esmm.config.support import is_closed_off
from easy_esmm.config.tower_losses import predicts_value
from easy_esmm.config.towers import MODELS, TOWERS
from easy_esmm.config.walk import Setting, settings
from easy_esmm.protos.dnn_pb2 import DNN
from easy_esmm.protos.esmm_pb2 import ESMM
from easy_esmm.protos.loss_pb2 import LossType
from easy_esmm.protos.tower_pb2 import TaskTower

_NOT_YET = ("DBMTL", "MMoE", "MultiTaskModel", "PLE", "SimpleMultiTask")
_REFUSED = (
    "AutoInt",
    "CMBF",
    "CoMetricLearningI2I",
    "DAT",
    "DCN",
    "DLRM",
    "DSSM",
    "DeepFM",
    "DropoutNet",
    "FM",
    "MIND",
    "MultiTower",
    "MultiTowerBST",
    "MultiTowerDIN",
    "MultiTowerRecall",
    "PDN",
    "RankModel",
    "RocketLaunching",
    "Uniter",
    "WideAndDeep",
)

_RESERVED = "ctcvr"
"""Suffix of the outputs and metrics of the product."""


def check_model_class(report: Report) -> None:
    """A known model class, with the parameters of just that model."""
    model = report.config.model_config
    name, path = model.model_class, "model_config.model_class"
    if name in MODELS:
        wanted, member = MODELS[name], model.WhichOneof("model")
        if member is None:
            report.complain("model_config", f"must hold {wanted} {{ ... }} for model_class {name}")
        elif member != wanted and not is_closed_off(model.DESCRIPTOR.fields_by_name[member]):
            rule = f"must be {wanted} {{ ... }} for model_class {name}"
            report.complain(f"model_config.{member}", rule, member)
    elif name in _NOT_YET:
        rule = (
            "known to EasyRec, not supported here yet: use a model of the entire-space family, "
            "such as ESMM"
        )
        report.complain(path, rule, quoted(name))
    elif name in _REFUSED:
        rule = "known to EasyRec, refused here: not an entire-space or multi-task model"
        report.complain(path, rule, quoted(name))
    elif name:
        known = [*MODELS, *_NOT_YET, *_REFUSED]
        rule = f"must be one of {', '.join(MODELS)}"
        report.complain(path, rule, quoted(name), did_you_mean(name, known))
    else:
        report.complain(path, "must be set", None, 'write model_class: "ESMM"')


def check_inputs(report: Report) -> None:
    """What the towers read: one feature group, networks of several, or a group for each tower."""
    model = report.config.model_config
    if not towers.is_entire_space(model):
        return
    parameters, at = towers.parameters(model), towers.path(model)
    groups = [group.group_name for group in model.feature_groups]
    read = towers.groups_read(model)
    if not read and len(groups) > 1:
        report.complain(
            at,
            f"must have one feature group, or groups, got {len(groups)} feature groups",
            None,
            "add groups { input: ... dnn { ... } } for each, or join them in one feature group",
        )
    inputs = [network.input for network in parameters.groups]
    paths = [f"{at}.groups[{number}]" for number in range(len(inputs))]
    for network, path in zip(parameters.groups, paths):
        report.demand_member(f"{path}.input", network.input, groups, "a feature group")
        if not network.HasField("dnn"):
            report.complain(f"{path}.dnn", "must be set", None, "hidden_units: [0] is the identity")
    report.demand_unique(inputs, [f"{path}.input" for path in paths], "another network's group")
    _check_own_inputs(report, groups)
    for number, group in enumerate(groups):
        if read and group not in read:
            report.note(
                f"model_config.feature_groups[{number}]",
                f"feature group {quoted(group)} feeds no network and no tower: it has no effect",
            )


def check_towers(report: Report) -> None:
    """Two towers of different names, with labels of their own."""
    model = report.config.model_config
    if not towers.is_entire_space(model):
        return
    parameters, at = towers.parameters(model), towers.path(model)
    columns = [column.input_name for column in report.config.data_config.input_fields]
    for member in TOWERS:
        path = f"{at}.{member}"
        if not parameters.HasField(member):
            report.complain(path, "must be set")
            continue
        tower = getattr(parameters, member)
        _check_tower(report, member, tower, path)
        if tower.task_space_indicator_label:
            name = tower.task_space_indicator_label
            kind = "a column of data_config.input_fields"
            report.demand_member(f"{path}.task_space_indicator_label", name, columns, kind)
    if all(parameters.HasField(member) for member in TOWERS):
        _check_pair(report, parameters.ctr_tower, parameters.cvr_tower, at)
    if model.WhichOneof("model") == "esmm" and model.esmm.ctr_logit_link:
        _check_link(report, model.esmm)


def check_hidden_layers(report: Report) -> None:
    """Every network has layers, or is `[0]`; dropout is given per layer or not at all."""
    for setting in settings(report.config):
        if isinstance(setting.value, DNN):
            _check_network(report, setting)


def _check_tower(report: Report, member: str, tower: TaskTower, path: str) -> None:
    if not tower.label_name:
        rule = "must be set, or data_config.label_fields must name two labels (conversion, click)"
        report.complain(f"{path}.label_name", rule)
    if member == "ctr_tower" and tower.loss_type == LossType.L2_LOSS:
        # (Losses that no tower supports are refused by their marks in the schema.)
        report.complain(f"{path}.loss_type", "must not be L2_LOSS: a click is 0 or 1", "L2_LOSS")
    if tower.tower_name == _RESERVED:
        rule = "must not be the name of the product's outputs"
        report.complain(f"{path}.tower_name", rule, quoted(tower.tower_name))


def _check_own_inputs(report: Report, groups: List[str]) -> None:
    """Both towers name a group of their own, or none; `check_trunks` refuses any above experts."""
    model = report.config.model_config
    if model.WhichOneof("model") in towers.WITH_EXPERTS:
        return
    parameters, at = towers.parameters(model), towers.path(model)
    named = [member for member in TOWERS if getattr(parameters, member).input]
    for member in named:
        path, name = f"{at}.{member}.input", getattr(parameters, member).input
        if parameters.groups:
            rule = "must not stand beside groups: a tower reads them, or a feature group of its own"
            report.complain(path, rule, quoted(name))
        else:
            report.demand_member(path, name, groups, "a feature group")
    if len(named) == 1:
        other = next(member for member in TOWERS if member not in named)
        rule = f"must be set in both towers or in none: {other} has no input"
        name = getattr(parameters, named[0]).input
        report.complain(f"{at}.{named[0]}.input", rule, quoted(name))


def _check_pair(report: Report, ctr: TaskTower, cvr: TaskTower, at: str) -> None:
    if ctr.label_name and ctr.label_name == cvr.label_name:
        rule = "must not be the label of ctr_tower"
        hint = "without label_name the first of data_config.label_fields is the conversion"
        report.complain(f"{at}.cvr_tower.label_name", rule, quoted(cvr.label_name), hint)
    if ctr.tower_name == cvr.tower_name:
        rule = "must not be the name of ctr_tower"
        report.complain(f"{at}.cvr_tower.tower_name", rule, quoted(cvr.tower_name))
    if ctr.tower_name == f"{cvr.tower_name}_masked":
        rule = "must not be the name of cvr_tower's metrics over clicked rows"
        report.complain(f"{at}.ctr_tower.tower_name", rule, quoted(ctr.tower_name))


def _check_link(report: Report, esmm: ESMM) -> None:
    """A link is from one log odds to another."""
    path = "model_config.esmm.ctr_logit_link"
    if predicts_value(esmm.cvr_tower):
        report.complain(path, "must be false where cvr_tower predicts a value", "true")
    elif any(tower.num_class > 1 for tower in (esmm.ctr_tower, esmm.cvr_tower)):
        report.complain(path, "must be false for towers of two classes", "true")


def _check_network(report: Report, setting: Setting) -> None:
    units, dropout = list(setting.value.hidden_units), list(setting.value.dropout_ratio)
    path = setting.path
    if not units:
        hint = "hidden_units: [0] is the identity"
        report.complain(f"{path}.hidden_units", "must have at least one layer", None, hint)
    if 0 in units and len(units) > 1:
        index = units.index(0)
        rule = "must be at least 1; only [0] alone means no layer"
        report.complain(f"{path}.hidden_units[{index}]", rule, "0")
    if dropout and len(dropout) != len(units):
        layers = f"{len(units)} layer{'' if len(units) == 1 else 's'}"
        rule = f"must have one value per hidden layer ({layers}), or none"
        rewrite = None
        if len(dropout) == 1 and units:
            rewrite = f"write [{', '.join([f'{dropout[0]:g}'] * len(units))}]"
        report.complain(f"{path}.dropout_ratio", rule, str(len(dropout)), rewrite)

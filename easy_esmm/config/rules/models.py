"""Rules across fields: model class, what the towers read, hidden layers."""

from __future__ import annotations

from typing import Dict, List

from easy_esmm.config import models
from easy_esmm.config.hints import nearest
from easy_esmm.config.models import MODELS
from easy_esmm.config.rules.report import Report
from easy_esmm.config.rules.trunks import WITH_EXPERTS
from easy_esmm.config.scalars import quoted
from easy_esmm.config.support import is_closed_off
from easy_esmm.config.walk import Setting, settings
from easy_esmm.protos.dnn_pb2 import DNN

_SINGLE = "a single-task model that is not built; use MultiTower or DeepFM"
_RETRIEVAL = "it retrieves by nearest vectors, which rates rows of two towers apart; use MultiTower"
_REFUSED: Dict[str, str] = {
    **dict.fromkeys(("AutoInt", "DCN", "DLRM", "FM"), _SINGLE),
    "MultiTowerBST": "a transformer over histories; use MultiTowerDIN, which attends to them",
    **dict.fromkeys(
        ("CoMetricLearningI2I", "DAT", "DSSM", "DSSM_SENet", "DropoutNet", "MIND", "MatchModel"),
        _RETRIEVAL,
    ),
    **dict.fromkeys(("MultiTowerRecall", "PDN", "ParallelDSSM"), _RETRIEVAL),
    "RankModel": "a single-task model over blocks; use MultiTaskModel with one of task_towers",
    "RocketLaunching": "it distils a large network into a small one; use MultiTower",
    **dict.fromkeys(("CMBF", "Uniter"), "it reads images and text; use MultiTower over features"),
}


def check_model_class(report: Report) -> None:
    """A known model class, with the parameters of just that model."""
    model = report.config.model_config
    name, path = model.model_class, "model_config.model_class"
    if name in MODELS:
        wanted, member = MODELS[name], model.WhichOneof("model")
        if member is None:
            report.refuse("model_config", f"must hold {wanted} {{ ... }} for model_class {name}")
        elif member != wanted and not is_closed_off(model.DESCRIPTOR.fields_by_name[member]):
            rule = f"must be {wanted} {{ ... }} for model_class {name}"
            report.refuse(f"model_config.{member}", rule, member)
    elif name in _REFUSED:
        rule = f"known to EasyRec, refused here: {_REFUSED[name]}"
        report.refuse(path, rule, quoted(name))
    elif name:
        rule = f"must be one of {', '.join(MODELS)}"
        close = nearest(name, [*MODELS, *_REFUSED])
        hint = f"did you mean {close}?" if close in MODELS else None
        report.refuse(path, rule, quoted(name), hint)
    else:
        report.refuse(path, "must be set", None, 'write model_class: "ESMM"')


def check_inputs(report: Report) -> None:
    """What the towers read: one feature group, networks of several, or a group for each tower."""
    model = report.config.model_config
    if not models.is_supported(model):
        return
    if models.is_single_task(model):
        return  # see check_single_task
    parameters, at = models.parameters(model), models.path(model)
    groups = [group.group_name for group in model.feature_groups]
    read = models.groups_read(model)
    if not read and len(groups) > 1 and not model.HasField("backbone"):
        _refuse_groups(report, at, len(groups), has_networks=hasattr(parameters, "groups"))
    check_networks(report, "groups")
    _check_own_inputs(report, groups)
    note_unread_groups(report)


def check_networks(report: Report, member: str) -> None:
    """Each of the model's networks of that name has a feature group of its own, and layers."""
    model = report.config.model_config
    groups = [group.group_name for group in model.feature_groups]
    networks = getattr(models.parameters(model), member, ())
    inputs = [network.input for network in networks]
    paths = [f"{models.path(model)}.{member}[{number}]" for number in range(len(inputs))]
    for network, path in zip(networks, paths):
        report.require_member(f"{path}.input", network.input, groups, "a feature group")
        if not network.HasField("dnn"):
            report.refuse(f"{path}.dnn", "must be set", None, "hidden_units: [0] is the identity")
    report.require_unique(inputs, [f"{path}.input" for path in paths], "another network's group")


def note_unread_groups(report: Report) -> None:
    """Notes the feature groups that nothing reads."""
    model = report.config.model_config
    read = models.groups_read(model)
    for number, group in enumerate(model.feature_groups):
        if read and group.group_name not in read:
            name = quoted(group.group_name)
            report.note(
                f"model_config.feature_groups[{number}]",
                f"feature group {name} feeds no network and no tower: it has no effect",
            )


def check_hidden_layers(report: Report) -> None:
    """Every network has layers, or is `[0]`; dropout is given per layer or not at all."""
    for setting in settings(report.config):
        if isinstance(setting.value, DNN):
            _check_network(report, setting)


def _refuse_groups(report: Report, at: str, count: int, has_networks: bool) -> None:
    hint = "join them in one feature group"
    if has_networks:
        hint = f"add groups {{ input: ... dnn {{ ... }} }} for each, or {hint}"
    wanted = "one feature group, or groups" if has_networks else "one feature group"
    report.refuse(at, f"must have {wanted}, got {count} feature groups", None, hint)


def _check_own_inputs(report: Report, groups: List[str]) -> None:
    """All towers name a group of their own, or none; `check_trunks` refuses any above experts."""
    model = report.config.model_config
    if model.WhichOneof("model") in WITH_EXPERTS:
        return
    towers = models.tower_paths(model)
    named = [(path, models.own_input(tower)) for path, tower in towers if models.own_input(tower)]
    for path, name in named:
        if getattr(models.parameters(model), "groups", ()):
            rule = "must not stand beside groups: a tower reads them, or a feature group of its own"
            report.refuse(f"{path}.input", rule, quoted(name))
        else:
            report.require_member(f"{path}.input", name, groups, "a feature group")
    if 0 < len(named) < len(towers):
        other = next(
            path.rpartition(".")[2] for path, tower in towers if not models.own_input(tower)
        )
        every = "both" if models.is_entire_space(model) else "all"
        rule = f"must be set in {every} towers or in none: {other} has no input"
        path, name = named[0]
        report.refuse(f"{path}.input", rule, quoted(name))


def _check_network(report: Report, setting: Setting) -> None:
    units, dropout = list(setting.value.hidden_units), list(setting.value.dropout_ratio)
    path = setting.path
    if not units:
        hint = "hidden_units: [0] is the identity"
        report.refuse(f"{path}.hidden_units", "must have at least one layer", None, hint)
    if 0 in units and len(units) > 1:
        index = units.index(0)
        rule = "must be at least 1; only [0] alone means no layer"
        report.refuse(f"{path}.hidden_units[{index}]", rule, "0")
    if dropout and len(dropout) != len(units):
        layers = f"{len(units)} layer{'' if len(units) == 1 else 's'}"
        rule = f"must have one value per hidden layer ({layers}), or none"
        rewrite = None
        if len(dropout) == 1 and units:
            rewrite = f"write [{', '.join([f'{dropout[0]:g}'] * len(units))}]"
        report.refuse(f"{path}.dropout_ratio", rule, str(len(dropout)), rewrite)

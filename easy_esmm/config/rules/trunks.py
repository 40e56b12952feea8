"""Rules across fields of the models with another trunk below the towers than ESMM's."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

from easy_esmm.config import models
from easy_esmm.config.rules.report import Report
from easy_esmm.config.scalars import quoted
from easy_esmm.protos.dnn_pb2 import DNN

WITH_EXPERTS = ("esmm_mmoe", "esmm_ple", "mmoe", "ple")
"""Members of `model_config.model` whose towers read experts, never a feature group of their own."""


def check_trunks(report: Report) -> None:
    """Experts that exist and fit each other, and hidden layers to hand over."""
    model = report.config.model_config
    check = _TRUNKS.get(str(model.WhichOneof("model")))
    if check is not None:
        check(report, models.parameters(model), models.path(model))


def _check_mixture(report: Report, parameters: Any, at: str) -> None:
    if not parameters.HasField("num_expert"):
        report.refuse(f"{at}.num_expert", "must be set", None, "2 to 8 are usual")
    _check_expert(report, parameters, at, "expert_dnn")
    _refuse_own_inputs(report, "experts")


def _check_mmoe(report: Report, parameters: Any, at: str) -> None:
    """Experts in either form; listed ones end in as many units."""
    if parameters.HasField("expert_dnn") or not parameters.experts:
        _check_mixture(report, parameters, at)
        return
    first = None
    for number, expert in enumerate(parameters.experts):
        path = f"{at}.experts[{number}]"
        _check_expert(report, expert, path, "dnn")
        units = _units(expert.dnn)
        first = first or units
        if units and first and units[-1] != first[-1]:
            rule = f"must end in as many units as the first expert, {first[-1]}: gates take means"
            last = f"{path}.dnn.hidden_units[{len(units) - 1}]"
            report.refuse(last, rule, str(units[-1]))
    _refuse_own_inputs(report, "experts")


def _check_extraction(report: Report, parameters: Any, at: str) -> None:
    if not parameters.extraction_networks:
        hint = "write extraction_networks { ... } for each"
        report.refuse(f"{at}.extraction_networks", "must have at least one level", None, hint)
    for number, level in enumerate(parameters.extraction_networks):
        path = f"{at}.extraction_networks[{number}]"
        for count in ("expert_num_per_task", "share_num"):
            if not level.HasField(count):
                report.refuse(f"{path}.{count}", "must be set", None, "1 or 2 are usual")
        _check_expert(report, level, path, "task_expert_net")
        _check_expert(report, level, path, "share_expert_net")
        own, shared = _units(level.task_expert_net), _units(level.share_expert_net)
        if own and shared and own[-1] != shared[-1]:
            rule = (
                f"must end in as many units as task_expert_net, {own[-1]}: gates take means of both"
            )
            last = f"{path}.share_expert_net.hidden_units[{len(shared) - 1}]"
            report.refuse(last, rule, str(shared[-1]))
    _refuse_own_inputs(report, "levels of experts")


def _check_transfer(report: Report, parameters: Any, at: str) -> None:
    towers = models.tower_paths(report.config.model_config)
    if len(towers) == 1 and not models.is_entire_space(report.config.model_config):
        rule = "must have at least two towers: one hands over to the next"
        report.refuse(f"{at}.{models.TASK_TOWERS}", rule, "1", "SimpleMultiTask takes one")
    for number, (path, tower) in enumerate(towers):
        # A network without `hidden_units` is refused by the rule for all networks.
        is_judged = tower.dnn.hidden_units or not tower.HasField("dnn")
        if is_judged and not _units(tower.dnn):
            why = (
                "it meets that of the tower before it" if number else "its last one is handed over"
            )
            rule = f"must have a hidden layer: {why}"
            report.refuse(f"{path}.dnn", rule, None, "write dnn { hidden_units: [64, 32] }")


def _check_relations(report: Report, parameters: Any, at: str) -> None:
    """Experts that exist where there are any, and relations to towers that come before."""
    if parameters.num_expert:
        _check_expert(report, parameters, at, "expert_dnn")
    elif parameters.HasField("expert_dnn"):
        rule = "must be at least 1 for expert_dnn"
        report.refuse(f"{at}.num_expert", rule, "0", "2 to 8 are usual")
    _check_related(report, parameters, at)


def _check_related(report: Report, parameters: Any, at: str) -> None:
    """Relations to towers that come before."""
    names = [tower.tower_name for tower in parameters.task_towers]
    for number, tower in enumerate(parameters.task_towers):
        for index, name in enumerate(tower.relation_tower_names):
            path = f"{at}.task_towers[{number}].relation_tower_names[{index}]"
            if name in names[number:] and name not in names[:number]:
                rule = "must be a tower before this one, whose hidden layer is there by then"
                report.refuse(path, rule, quoted(name), "change the order of task_towers")
            else:
                report.require_member(path, name, names[:number], "a tower before this one")


_TRUNKS: Dict[str, Callable[[Report, Any, str], None]] = {
    "esmm_mmoe": _check_mixture,
    "esmm_ple": _check_extraction,
    "esmm_aitm": _check_transfer,
    "aitm": _check_transfer,
    "mmoe": _check_mmoe,
    "dbmtl": _check_relations,
    "ple": _check_extraction,
    "model_params": _check_related,
}
"""Member of `model_config.model` -> its rules: (report, parameters, their path)."""


def _check_expert(report: Report, parameters: Any, at: str, member: str) -> None:
    if not parameters.HasField(member):
        hint = f"write {member} {{ hidden_units: [64] }}"
        report.refuse(f"{at}.{member}", "must be set", None, hint)
    elif list(getattr(parameters, member).hidden_units) == [0]:
        rule = "must have a layer: experts without weights are all the same"
        report.refuse(f"{at}.{member}.hidden_units", rule, "[0]")


def _refuse_own_inputs(report: Report, trunk: str) -> None:
    for path, tower in models.tower_paths(report.config.model_config):
        if models.own_input(tower):
            rule = f"must not be set: towers read the {trunk}, which read the feature groups"
            report.refuse(f"{path}.input", rule, quoted(tower.input))


def _units(dnn: DNN) -> List[int]:
    return [units for units in dnn.hidden_units if units]

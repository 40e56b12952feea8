"""Rules across fields: single-task models, and where their losses stand."""

from __future__ import annotations

from easy_esmm.config import models
from easy_esmm.config.feature_types import type_of
from easy_esmm.config.groups import is_wide
from easy_esmm.config.resolve import OF_SINGLE_TASK
from easy_esmm.config.rules.models import check_networks, note_unread_groups
from easy_esmm.config.rules.report import Report
from easy_esmm.config.scalars import quoted
from easy_esmm.protos.deepfm_pb2 import DeepFM, WideAndDeep
from easy_esmm.protos.feature_pb2 import FeatureConfig, WideOrDeep
from easy_esmm.protos.multi_tower_pb2 import MultiTower

_GROUPS = "model_config.feature_groups"
_WIDE = "wide"
_PARTS = (_WIDE, "deep")
"""Feature groups that DeepFM and WideAndDeep must have."""


def check_single_task(report: Report) -> None:
    """Losses and the task stand where the model reads them, and its networks are complete."""
    model = report.config.model_config
    if not models.is_supported(model):
        return
    if not models.is_single_task(model):
        _refuse_single_task(report)
        return
    for name in ("dnn", "input"):
        if model.task.HasField(name):
            rule = f"must not be set: layers and feature groups are those of {models.path(model)}"
            report.refuse(f"{models.SINGLE_TASK}.{name}", rule)
    if isinstance(models.parameters(model), MultiTower):
        _check_multi_tower(report)
    elif models.path(model).rpartition(".")[2] in models.NAMED_GROUPS:
        _check_wide_and_deep(report)
    note_unread_groups(report)


def _refuse_single_task(report: Report) -> None:
    model = report.config.model_config
    towers = "its towers" if models.tower_paths(model) else "task_towers"
    written = {field.name for field, _ in model.ListFields()}
    for name in OF_SINGLE_TASK:
        if name in written:
            path = f"model_config.{name}{'[0]' if name == 'losses' else ''}"
            rule = f"known to EasyRec, refused here for a model with towers: set {name} in {towers}"
            report.refuse(path, rule)
    if model.HasField("task"):
        rule = f"must not be set for a model with towers, which say the same: write it in {towers}"
        report.refuse(models.SINGLE_TASK, rule)


def _check_multi_tower(report: Report) -> None:
    model = report.config.model_config
    at = models.path(model)
    if not model.multi_tower.towers:
        hint = "write towers { input: ... dnn { ... } } for each feature group"
        report.refuse(f"{at}.towers", "must have at least one tower", None, hint)
    check_networks(report, "towers")
    check_networks(report, "din_towers")
    if not model.multi_tower.HasField("final_dnn"):
        hint = "write final_dnn { hidden_units: [64, 32] }; [0] is the identity"
        report.refuse(f"{at}.final_dnn", "must be set", None, hint)


def _check_wide_and_deep(report: Report) -> None:
    """The groups that the model reads by their names, and the widths of its parts."""
    model = report.config.model_config
    at, parameters = models.path(model), models.parameters(model)
    if not parameters.HasField("dnn"):
        hint = "write dnn { hidden_units: [64, 32] }; [0] is the identity"
        report.refuse(f"{at}.dnn", "must be set", None, hint)
    groups = {group.group_name: number for number, group in enumerate(model.feature_groups)}
    for name in _PARTS:
        if name not in groups:
            report.refuse(_GROUPS, f"must have a group named {name} for {model.model_class}")
    for name, number in groups.items():
        if name == _WIDE and model.feature_groups[number].wide_deep == WideOrDeep.DEEP:
            rule = f"must be WIDE for the group wide of {model.model_class}"
            report.refuse(f"{_GROUPS}[{number}].wide_deep", rule, "DEEP")
    if isinstance(parameters, DeepFM):
        _check_fields(report, "fm" if "fm" in groups else "deep")
    elif not parameters.HasField("final_dnn") and parameters.wide_output_dim != 1:
        rule = "must be 1 without final_dnn: the wide part is added to the logit"
        report.refuse(f"{at}.wide_output_dim", rule, str(parameters.wide_output_dim))
    optimizers = report.config.train_config.optimizer_config
    if isinstance(parameters, WideAndDeep) and len(optimizers) > 1:
        rule = (
            "must be one for WideAndDeep: EasyRec gives the first of several to the wide weights "
            "alone, and here the first is for all tables"
        )
        report.refuse("train_config.optimizer_config[1]", rule)


def _check_fields(report: Report, name: str) -> None:
    """The machine multiplies vectors of one dimension."""
    model = report.config.model_config
    features = {f.feature_name: f for f in report.config.feature_config.features}
    for number, group in enumerate(model.feature_groups):
        if group.group_name != name:
            continue
        if group.sequence_features:
            rule = "must not stand in the group whose vectors the factorization machine multiplies"
            hint = "name those to multiply in a further group fm"
            report.refuse(f"{_GROUPS}[{number}].sequence_features[0]", rule, None, hint)
        known = [features[one] for one in group.feature_names if one in features]
        wanted = known[0].embedding_dim if known else 0
        for index, one in enumerate(group.feature_names):
            found = features[one].embedding_dim if one in features else wanted
            if found == 0 or found != wanted:
                rule = (
                    "must have one embedding_dim with the other features of the group, whose "
                    "vectors the factorization machine multiplies"
                )
                hint = "or name those to multiply in a further group fm"
                value = f"{quoted(one)} with embedding_dim {found}"
                report.refuse(f"{_GROUPS}[{number}].feature_names[{index}]", rule, value, hint)


def check_wide_groups(report: Report) -> None:
    """Wide groups stand in models with a wide part, and hold what can have a weight a value."""
    model = report.config.model_config
    features = {f.feature_name: f for f in report.config.feature_config.features}
    has_part = hasattr(models.parameters(model), "wide_output_dim")
    for number, group in enumerate(model.feature_groups):
        if not is_wide(group):
            continue
        path = f"{_GROUPS}[{number}]"
        if models.is_supported(model) and not (has_part and group.group_name == _WIDE):
            rule = "must be DEEP: only the group wide of DeepFM and WideAndDeep is a linear part"
            report.refuse(f"{path}.wide_deep", rule, "WIDE")
            continue
        if group.sequence_features:
            rule = "must not stand in a wide group, whose features each have a weight a value"
            report.refuse(f"{path}.sequence_features[0]", rule)
        for index, name in enumerate(group.feature_names):
            if name in features and not _has_weights(features[name]):
                kind = FeatureConfig.FeatureType.Name(features[name].feature_type)
                rule = f"must not be of feature_type {kind} in a wide group: it has no weights"
                report.refuse(f"{path}.feature_names[{index}]", rule, quoted(name))


def _has_weights(feature: FeatureConfig) -> bool:
    """Whether its values, or the number itself, may have a weight each."""
    is_sequence = feature.feature_type == FeatureConfig.SequenceFeature
    return "embedding_dim" in type_of(feature).fields and not is_sequence

"""Rules across fields: features, their names and inputs, and groups."""

from __future__ import annotations

from typing import Collection

from easy_esmm.config.rules.constraints import ScopeName
from easy_esmm.config.rules.report import Report
from easy_esmm.config.scalars import quoted
from easy_esmm.protos.feature_pb2 import FeatureConfig

_FEATURES = "feature_config.features"
_GROUPS = "model_config.feature_groups"


def check_features(report: Report) -> None:
    """Each feature by itself, and that names are unique."""
    features = report.config.feature_config.features
    if not features:
        report.refuse(_FEATURES, "must list the features")
    used = report.features_in_groups()
    columns = {column.input_name for column in report.config.data_config.input_fields}
    paths = [f"{_FEATURES}[{number}]" for number in range(len(features))]
    names = [feature.feature_name for feature in features]
    name_paths = [_name_path(report, feature, path) for feature, path in zip(features, paths)]
    report.require_unique(names, name_paths, "another feature")
    for feature, path in zip(features, paths):
        if not feature.input_names:
            report.refuse(f"{path}.input_names", "must name the input column")
        _check_inputs(report, feature, path, columns)
        _check_name(report, feature, path)
        if feature.feature_name not in used:
            report.note(
                path,
                f"feature {quoted(feature.feature_name)} is in no feature group: it trains nothing "
                "and stays a serving input",
            )


def check_groups(report: Report) -> None:
    """Groups have names and hold existing features, each once."""
    groups = report.config.model_config.feature_groups
    if not groups:
        report.refuse(_GROUPS, "must list the feature groups")
    names = {feature.feature_name for feature in report.config.feature_config.features}
    paths = [f"{_GROUPS}[{number}]" for number in range(len(groups))]
    group_names = [group.group_name for group in groups]
    report.require_unique(group_names, [f"{path}.group_name" for path in paths], "another group")
    for group, path in zip(groups, paths):
        if not group.group_name:
            report.refuse(f"{path}.group_name", "must be set")
        if not group.feature_names and not group.sequence_features:
            report.refuse(f"{path}.feature_names", "must name at least one feature")
        places = [f"{path}.feature_names[{index}]" for index in range(len(group.feature_names))]
        for name, place in zip(group.feature_names, places):
            report.require_member(place, name, names, "a feature")
        report.require_unique(group.feature_names, places, "a feature of the group")


def _name_path(report: Report, feature: FeatureConfig, path: str) -> str:
    """Where a feature's name was written."""
    named = report.is_written(f"{path}.feature_name")
    return f"{path}.feature_name" if named or not feature.input_names else f"{path}.input_names[0]"


def _check_inputs(
    report: Report, feature: FeatureConfig, path: str, columns: Collection[str]
) -> None:
    data = report.config.data_config
    for index, name in enumerate(feature.input_names):
        at = f"{path}.input_names[{index}]"
        if columns:
            report.require_member(at, name, columns, "a column of data_config.input_fields")
        if name in data.label_fields:
            rule = "must not be a label: the model would read the answer"
            report.refuse(at, rule, quoted(name))
        elif name == data.sample_weight and name:
            rule = "must not be the sample weight, which serving does not know"
            report.refuse(at, rule, quoted(name))


def _check_name(report: Report, feature: FeatureConfig, path: str) -> None:
    """A name that comes from the input column; `feature_name` itself has a rule of its own."""
    if report.is_written(f"{path}.feature_name") or not feature.input_names:
        return
    violation = ScopeName().check(feature.feature_name)
    if violation is not None:
        at, value = f"{path}.input_names[0]", quoted(feature.feature_name)
        report.refuse(at, violation.rule, value, "set feature_name")

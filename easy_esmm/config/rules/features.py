"""Rules across fields: features, their inputs, tables and groups."""

from __future__ import annotations

import os
from typing import Any, Collection, Dict, List, Set, Tuple

from easy_esmm.config.rules.constraints import ScopeName
from easy_esmm.config.rules.report import Report
from easy_esmm.config.scalars import quoted
from easy_esmm.protos.feature_pb2 import FeatureConfig

_FEATURES = "feature_config.features"
_GROUPS = "model_config.feature_groups"
_ID_TYPES = (
    FeatureConfig.IdFeature,
    FeatureConfig.TagFeature,
    FeatureConfig.ComboFeature,
    FeatureConfig.LookupFeature,
)
_HASHED_ONLY = (FeatureConfig.ComboFeature,)
_SOURCES = ("hash_bucket_size", "vocab_list", "vocab_file", "num_buckets")
"""Where row numbers come from; the first that is set counts."""
_SHARED = ("embedding_dim", "combiner", "initializer", *_SOURCES)
"""What features that share a table must agree in."""


def check_features(report: Report) -> None:
    """Each feature by itself, and that names are unique."""
    features = report.config.feature_config.features
    if not features:
        report.complain(_FEATURES, "must list the features")
    used = _used(report)
    columns = {column.input_name for column in report.config.data_config.input_fields}
    paths = [f"{_FEATURES}[{number}]" for number in range(len(features))]
    names = [feature.feature_name for feature in features]
    name_paths = [_name_path(report, feature, path) for feature, path in zip(features, paths)]
    report.demand_unique(names, name_paths, "another feature")
    for feature, path in zip(features, paths):
        if not feature.input_names:
            report.complain(f"{path}.input_names", "must name the input column")
        _check_inputs(report, feature, path, columns)
        _check_name(report, feature, path)
        _check_numbers(report, feature, path)
        _check_separators(report, feature, path)
        if feature.feature_name in used:
            _check_table(report, feature, path)
        else:
            report.note(
                path,
                f"feature {quoted(feature.feature_name)} is in no feature group: it trains nothing "
                "and stays a serving input",
            )


def check_groups(report: Report) -> None:
    """Groups have names and hold existing features, each once."""
    groups = report.config.model_config.feature_groups
    if not groups:
        report.complain(_GROUPS, "must list the feature groups")
    names = {feature.feature_name for feature in report.config.feature_config.features}
    paths = [f"{_GROUPS}[{number}]" for number in range(len(groups))]
    group_names = [group.group_name for group in groups]
    report.demand_unique(group_names, [f"{path}.group_name" for path in paths], "another group")
    for group, path in zip(groups, paths):
        if not group.group_name:
            report.complain(f"{path}.group_name", "must be set")
        if not group.feature_names:
            report.complain(f"{path}.feature_names", "must name at least one feature")
        places = [f"{path}.feature_names[{index}]" for index in range(len(group.feature_names))]
        for name, place in zip(group.feature_names, places):
            report.demand_member(place, name, names, "a feature")
        report.demand_unique(group.feature_names, places, "a feature of the group")


def check_shared_tables(report: Report) -> None:
    """Features of one `embedding_name` agree in everything that makes the table."""
    used = _used(report)
    first: Dict[str, Tuple[FeatureConfig, str]] = {}
    for number, feature in enumerate(report.config.feature_config.features):
        if not feature.embedding_name or feature.feature_name not in used:
            continue
        path = f"{_FEATURES}[{number}]"
        other, other_path = first.setdefault(feature.embedding_name, (feature, path))
        for name in _SHARED:
            if getattr(feature, name) != getattr(other, name):
                line = report.place(other_path).line
                report.complain(
                    f"{path}.{name}",
                    f"must be as in feature {quoted(other.feature_name)} (line {line}), which "
                    f"shares embedding_name {quoted(feature.embedding_name)}",
                )


def _used(report: Report) -> Set[str]:
    groups = report.config.model_config.feature_groups
    return {name for group in groups for name in group.feature_names}


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
            report.demand_member(at, name, columns, "a column of data_config.input_fields")
        if name in data.label_fields:
            rule = "must not be a label: the model would read the answer"
            report.complain(at, rule, quoted(name))
        elif name == data.sample_weight and name:
            rule = "must not be the sample weight, which serving does not know"
            report.complain(at, rule, quoted(name))


def _check_name(report: Report, feature: FeatureConfig, path: str) -> None:
    """A name that comes from the input column; `feature_name` itself has a rule of its own."""
    if report.is_written(f"{path}.feature_name") or not feature.input_names:
        return
    verdict = ScopeName().judge(feature.feature_name)
    if verdict is not None:
        at, value = f"{path}.input_names[0]", quoted(feature.feature_name)
        report.complain(at, verdict.rule, value, "set feature_name")


def _check_table(report: Report, feature: FeatureConfig, path: str) -> None:
    """The embedding table of a feature that is in a group."""
    kind = FeatureConfig.FeatureType.Name(feature.feature_type)
    if feature.feature_type in _ID_TYPES:
        if feature.embedding_dim < 1:
            rule = f"must be at least 1 in a feature group for feature_type {kind}"
            report.complain(f"{path}.embedding_dim", rule, str(feature.embedding_dim))
        has_source = any(getattr(feature, source) for source in _SOURCES)
        if not has_source and feature.feature_type not in _HASHED_ONLY:
            report.complain(path, f"must have one of {', '.join(_SOURCES)} for feature_type {kind}")
        _check_vocabulary(report, feature, path)
    elif (feature.boundaries or feature.num_buckets) and feature.embedding_dim < 1:
        rule = "must be at least 1 for a RawFeature with buckets"
        report.complain(f"{path}.embedding_dim", rule, str(feature.embedding_dim))
    constants = len(feature.initializer.constant_initializer.consts)
    if feature.initializer.HasField("constant_initializer") and constants not in (
        1,
        feature.embedding_dim,
    ):
        rule = f"must be one value, or embedding_dim = {feature.embedding_dim} values"
        at = f"{path}.initializer.constant_initializer.consts"
        report.complain(at, rule, str(constants))


def _check_vocabulary(report: Report, feature: FeatureConfig, path: str) -> None:
    report.demand_unique(
        feature.vocab_list,
        [f"{path}.vocab_list[{index}]" for index in range(len(feature.vocab_list))],
        "an id of the vocabulary",
    )
    if feature.vocab_file and not os.path.isfile(feature.vocab_file):
        report.complain(
            f"{path}.vocab_file", "must be an existing file", quoted(feature.vocab_file)
        )


def _check_numbers(report: Report, feature: FeatureConfig, path: str) -> None:
    boundaries: List[float] = list(feature.boundaries)
    for index in range(1, len(boundaries)):
        if boundaries[index] <= boundaries[index - 1]:
            rule = f"must be greater than the boundary before it, {boundaries[index - 1]:g}"
            report.complain(f"{path}.boundaries[{index}]", rule, f"{boundaries[index]:g}")
    if feature.max_val < feature.min_val:
        rule = f"must not be smaller than min_val, {feature.min_val:g}"
        report.complain(f"{path}.max_val", rule, f"{feature.max_val:g}")
    if feature.feature_type != FeatureConfig.RawFeature or not feature.num_buckets:
        return
    if boundaries:
        rule = "must not stand beside boundaries in a RawFeature"
        report.complain(f"{path}.num_buckets", rule, str(feature.num_buckets))
    elif feature.max_val == feature.min_val:
        rule = "needs min_val and max_val, between which the buckets of a RawFeature lie"
        report.complain(f"{path}.num_buckets", rule)


def _check_separators(report: Report, feature: FeatureConfig, path: str) -> None:
    separator: Any = feature.kv_separator
    is_tag = feature.feature_type == FeatureConfig.TagFeature
    if not separator or not (is_tag or feature.feature_type == FeatureConfig.LookupFeature):
        return
    at = f"{path}.kv_separator"
    if separator in feature.separator:
        report.complain(at, "must not be one of separator's characters", quoted(separator))
    if is_tag and len(feature.input_names) > 1:
        rule = "must not stand beside a second input column: both give the weights"
        report.complain(at, rule, quoted(separator))

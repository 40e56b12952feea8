"""Rules on sequences, and on the attentions that read them."""

from __future__ import annotations

from typing import Dict, Iterator, List, Sequence, Tuple

from easy_esmm.config.feature_types import type_of
from easy_esmm.config.groups import histories, keys
from easy_esmm.config.rules.report import Report
from easy_esmm.config.scalars import quoted
from easy_esmm.protos.feature_pb2 import FeatureConfig, FeatureGroupConfig, SeqAttGroupConfig

_FEATURES = "feature_config.features"
_GROUPS = "model_config.feature_groups"
_ELEMENTS = (FeatureConfig.IdFeature, FeatureConfig.RawFeature)

Features = Dict[str, FeatureConfig]


def check_sequences(report: Report) -> None:
    """Elements are ids or numbers; sequences stand in attentions, and attentions are whole."""
    features: Features = {}
    for number, feature in enumerate(report.config.feature_config.features):
        features[feature.feature_name] = feature
        is_sequence = feature.feature_type == FeatureConfig.SequenceFeature
        if is_sequence and feature.sub_feature_type not in _ELEMENTS:
            kind = FeatureConfig.FeatureType.Name(feature.sub_feature_type)
            path = f"{_FEATURES}[{number}].sub_feature_type"
            report.refuse(path, "must be IdFeature or RawFeature", kind)
    _check_attention_groups(report)
    for number, group in enumerate(report.config.model_config.feature_groups):
        path = f"{_GROUPS}[{number}]"
        _check_listed(report, features, group, path)
        attentions = [f"{path}.sequence_features[{i}]" for i in range(len(group.sequence_features))]
        names = [attention.group_name for attention in group.sequence_features]
        name_paths = [f"{at}.group_name" for at in attentions]
        report.require_unique(names, name_paths, "another attention of the group")
        for attention, at in zip(group.sequence_features, attentions):
            _check_attention(report, features, attention, at)


def _check_attention_groups(report: Report) -> None:
    """Only towers of MultiTowerDIN read `seq_att_groups`, and they read nothing else."""
    model = report.config.model_config
    is_din = model.model_class == "MultiTowerDIN"
    names = [attention.group_name for attention in model.seq_att_groups]
    towers = model.multi_tower.din_towers
    if names and not is_din:
        rule = "must be set for model_class MultiTowerDIN alone, whose din_towers read it"
        hint = "write it as sequence_features of a feature group"
        report.refuse("model_config.seq_att_groups[0]", rule, None, hint)
    if towers and not is_din:
        rule = "must be set for model_class MultiTowerDIN alone"
        hint = "set it, or write sequence_features in a feature group of towers"
        report.refuse("model_config.multi_tower.din_towers[0]", rule, None, hint)
    for number, name in enumerate(names):
        if not name:
            report.refuse(f"model_config.seq_att_groups[{number}].group_name", "must be set")
    for number, tower in enumerate(towers):
        path = f"model_config.multi_tower.din_towers[{number}].input"
        report.require_member(path, tower.input, names, "one of model_config.seq_att_groups")
    for number, tower in enumerate(model.multi_tower.towers if is_din else ()):
        if tower.input in names:
            path, rule = (
                f"model_config.multi_tower.towers[{number}].input",
                "must be a feature group",
            )
            report.refuse(path, rule, quoted(tower.input), "din_towers read seq_att_groups")


def _check_listed(report: Report, features: Features, group: FeatureGroupConfig, path: str) -> None:
    """A matrix holds no sequences; a backbone may read them beside it."""
    if report.config.model_config.HasField("backbone"):
        return
    for index, name in enumerate(group.feature_names):
        if _is_sequence(features, name):
            report.refuse(
                f"{path}.feature_names[{index}]",
                "must not be a SequenceFeature, which has no place in the group's matrix",
                quoted(name),
                "name it as hist_seq in sequence_features of the group, or make it a TagFeature",
            )


def _check_attention(
    report: Report, features: Features, attention: SeqAttGroupConfig, path: str
) -> None:
    for kind in ("key", "hist_seq"):
        if not any(getattr(one, kind) for one in attention.seq_att_map):
            report.refuse(f"{path}.seq_att_map", f"must name at least one {kind}")
    for number, one in enumerate(attention.seq_att_map):
        at = f"{path}.seq_att_map[{number}]"
        if len(one.key) != len(one.hist_seq) and not attention.allow_key_transform:
            rule = "must name as many features as hist_seq: each key is compared with one history"
            counts = f"{len(one.key)} for {len(one.hist_seq)}"
            report.refuse(f"{at}.key", rule, counts, "or set allow_key_transform: true")
    _check_members(report, features, attention, path)
    _check_widths(report, features, attention, path)
    units = attention.seq_dnn.hidden_units
    if units and units[-1] != 1:
        index = len(units) - 1
        rule = "must be 1 in the last layer, which gives an element its score"
        hint = f"write [{', '.join(map(str, [*units, 1]))}]"
        report.refuse(f"{path}.seq_dnn.hidden_units[{index}]", rule, str(units[-1]), hint)


def _check_members(
    report: Report, features: Features, attention: SeqAttGroupConfig, path: str
) -> None:
    """Keys and histories are features of the kind that each must be.

    A key may be compared with several histories; a history is there once.
    """
    seen: List[Tuple[str, str]] = []
    for kind, name, at in _members(attention, path):
        if not report.require_member(at, name, features, "a feature"):
            continue
        if kind != "key":
            seen.append((name, at))
        if kind == "key" and _is_sequence(features, name):
            rule = "must not be a SequenceFeature: a key is what a row has one of"
            report.refuse(at, rule, quoted(name))
        elif kind != "key" and not _is_sequence(features, name):
            rule, hint = "must be a SequenceFeature", "set feature_type: SequenceFeature"
            report.refuse(at, rule, quoted(name), hint)
    report.require_unique(
        [name for name, _ in seen], [at for _, at in seen], "a history of the attention"
    )


def _check_widths(
    report: Report, features: Features, attention: SeqAttGroupConfig, path: str
) -> None:
    """Key and history are compared place by place."""
    if attention.allow_key_transform:
        return
    names = (*keys(attention), *histories(attention))
    if any(name not in features for name in names):
        return
    key, history = (_width(features, part) for part in (keys(attention), histories(attention)))
    if key and history and key != history:
        rule = (
            "must have a key as wide as the history (embedding_dim, side by side: "
            f"{', '.join(keys(attention))} against {', '.join(histories(attention))})"
        )
        hint = "or set allow_key_transform: true"
        report.refuse(f"{path}.seq_att_map[0]", rule, f"{key} against {history}", hint)


def _members(attention: SeqAttGroupConfig, path: str) -> Iterator[Tuple[str, str, str]]:
    """(field, feature's name, path) of everything that the maps name."""
    for number, one in enumerate(attention.seq_att_map):
        for kind in ("key", "hist_seq", "aux_hist_seq"):
            for index, name in enumerate(getattr(one, kind)):
                yield kind, name, f"{path}.seq_att_map[{number}].{kind}[{index}]"


def _is_sequence(features: Features, name: str) -> bool:
    feature = features.get(name, FeatureConfig())
    return feature.feature_type == FeatureConfig.SequenceFeature


def _width(features: Features, names: Sequence[str]) -> int:
    return sum(type_of(features[name]).width(features[name]) for name in names)

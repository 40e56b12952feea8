"""What a feature group reads: the features that it lists, and those of its attentions."""

from __future__ import annotations

from typing import Iterator, Optional, Sequence, Set, Tuple

from easy_esmm.protos.feature_pb2 import FeatureGroupConfig, SeqAttGroupConfig, WideOrDeep
from easy_esmm.protos.model_pb2 import ModelConfig


def is_wide(group: FeatureGroupConfig) -> bool:
    """Whether it is the linear part of a model."""
    return bool(group.wide_deep == WideOrDeep.WIDE)


def keys(attention: SeqAttGroupConfig) -> Tuple[str, ...]:
    """The features of the candidate, of all maps."""
    return tuple(name for one in attention.seq_att_map for name in one.key)


def histories(attention: SeqAttGroupConfig) -> Tuple[str, ...]:
    """The sequences that the key is compared with, of all maps."""
    return tuple(name for one in attention.seq_att_map for name in one.hist_seq)


def further_histories(attention: SeqAttGroupConfig) -> Tuple[str, ...]:
    """The sequences that are weighted as the histories are, of all maps."""
    return tuple(name for one in attention.seq_att_map for name in one.aux_hist_seq)


def features_of(group: FeatureGroupConfig) -> Iterator[str]:
    """Names of all features that the group reads; some perhaps more than once."""
    yield from group.feature_names
    for attention in group.sequence_features:
        yield from keys(attention)
        yield from histories(attention)
        yield from further_histories(attention)


def features_read(model: ModelConfig) -> Set[str]:
    """Names of the features that some group reads."""
    return {name for group in model.feature_groups for name in features_of(group)}


def found_in(
    groups: Sequence[FeatureGroupConfig], group: FeatureGroupConfig, key: str
) -> Optional[str]:
    """Name of the group that `allow_key_search` finds a key of `group` in.

    The attention's own group comes first, then the others in their order, wide ones left out. None
    where the key is not searched for, or in no group: the attention looks it up itself.
    """
    if not any(a.allow_key_search for a in group.sequence_features if key in keys(a)):
        return None
    deep = (g for g in (group, *groups) if not is_wide(g))
    return next((g.group_name for g in deep if key in g.feature_names), None)


def tables_of(
    groups: Sequence[FeatureGroupConfig], group: FeatureGroupConfig
) -> Iterator[Tuple[str, str]]:
    """(group whose table it is, feature) of all features that the group reads."""
    yield from ((group.group_name, name) for name in group.feature_names)
    for attention in group.sequence_features:
        for name in keys(attention):
            yield found_in(groups, group, name) or group.group_name, name
        for name in (*histories(attention), *further_histories(attention)):
            yield group.group_name, name

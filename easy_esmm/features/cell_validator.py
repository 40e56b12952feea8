"""Validates the cells of rows before a model reads them.

Only the features whose columns are there are asked: users and impressions stand in files of their
own.
"""

from __future__ import annotations

import re
from typing import Any, Iterable, List, Mapping, Optional, Sequence

import tensorflow as tf

from easy_esmm.config.feature_types import type_of
from easy_esmm.config.groups import features_read
from easy_esmm.contract import Tensor
from easy_esmm.features.histories import are_equally_long, compared
from easy_esmm.features.registry import encoder_of
from easy_esmm.protos.feature_pb2 import FeatureConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

_LONGEST_VALUE = 60
_RULE = re.compile(r"must [^\[\]]*(?=, got)")


class CellValidator:
    """Reads the columns of the features that stand in groups as the model will read them."""

    def __init__(self, config: PipelineConfig) -> None:
        used = features_read(config.model_config)
        features = config.feature_config.features
        self._features = [_without_table(f) for f in features if f.feature_name in used]
        by_name = {feature.feature_name: feature for feature in self._features}
        self._histories = [
            (attention.group_name, [by_name[name] for name in compared(attention)])
            for group in config.model_config.feature_groups
            for attention in group.sequence_features
        ]

    def checks(self, columns: Mapping[str, Tensor]) -> Sequence[Tensor]:
        """Bool scalars: False, or an InvalidArgumentError, where a cell cannot be read."""
        checks = [check for f in _of(self._features, columns) for check in _checks(f, columns)]
        histories = [features for _, features in self._histories if _are_there(features, columns)]
        return checks + [_fit_together(features, columns) for features in histories]

    def fault(self, columns: Mapping[str, Tensor]) -> str:
        """What cannot be read of a row [1], with its cells; empty if all can."""
        for feature in _of(self._features, columns):
            fault = _fault(feature, columns)
            if fault is not None:
                cells = _cells(feature.input_names, columns)
                return f"feature {feature.feature_name} cannot read {cells}{fault}"
        for attention, features in self._histories:
            if _are_there(features, columns) and not bool(_fit_together(features, columns)):
                cells = _cells([f.input_names[0] for f in features], columns)
                return f"sequence_features {attention} needs histories of one length, got {cells}"
        return ""


def _of(features: Iterable[FeatureConfig], columns: Mapping[str, Tensor]) -> List[FeatureConfig]:
    return [feature for feature in features if _are_there([feature], columns)]


def _are_there(features: Iterable[FeatureConfig], columns: Mapping[str, Tensor]) -> bool:
    return all(name in columns for feature in features for name in feature.input_names)


def _without_table(feature: FeatureConfig) -> FeatureConfig:
    """The feature with a hash in place of a vocabulary: any text is an entry of either."""
    bare = FeatureConfig()
    bare.CopyFrom(feature)
    if feature.vocab_list or feature.vocab_file:
        del bare.vocab_list[:]
        bare.ClearField("vocab_file")
        bare.hash_bucket_size = feature.hash_bucket_size or 1
    return bare


def _fit_together(features: Sequence[FeatureConfig], columns: Mapping[str, Tensor]) -> Tensor:
    """Bool scalar: whether the sequences are equally long in each row."""
    encoded: List[Any] = [encoder_of(feature)(feature, columns) for feature in features]
    return tf.reduce_all(are_equally_long([one.places.lengths for one in encoded]))


def _cells(names: Iterable[str], columns: Mapping[str, Tensor]) -> str:
    return ", ".join(f"column '{name}' = {_shown(columns[name].numpy()[0])}" for name in names)


def _fault(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> Optional[str]:
    """Of eager columns that the feature cannot read, the rule if it is known; None if it can."""
    try:
        return None if all(bool(check) for check in _checks(feature, columns)) else ""
    except tf.errors.InvalidArgumentError as error:
        rule = _RULE.search(error.message)
        return f": {rule.group()}" if rule else ""


def _checks(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> List[Tensor]:
    """Ids are rows or missing, weights and numbers are finite."""
    # Of numbers, ids can always be made; other numbers may be too large where they are scaled.
    is_number = not type_of(feature).sources
    if not is_number and all(columns[name].dtype != tf.string for name in feature.input_names):
        return []
    return encoder_of(feature)(feature, columns).checks()


def _shown(cell: Any) -> str:
    text = cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)
    return repr(text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "...")

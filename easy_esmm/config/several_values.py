"""Finds the columns that hold several values a row, by the features that read them."""

from __future__ import annotations

from typing import Dict, Hashable, Iterator, Tuple

from easy_esmm.config.feature_types import type_of
from easy_esmm.protos.feature_pb2 import FeatureConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def value_separators(config: PipelineConfig) -> Dict[str, str]:
    """Input column that may hold several values a row -> characters that separate them in text."""
    return {
        name: separators
        for feature in config.feature_config.features
        for name, separators in _of(feature)
        if separators
    }


def sequence_separators(config: PipelineConfig) -> Dict[str, str]:
    """Those of `value_separators` that a sequence reads -> the text that separates its elements."""
    return {
        name: separator
        for feature in config.feature_config.features
        if type_of(feature).is_sequence
        for name, separator in _of(feature)
    }


def unlike_separators(config: PipelineConfig) -> Dict[str, Tuple[str, str]]:
    """Input column -> two features that separate its values at different characters."""
    first: Dict[str, Tuple[Hashable, str]] = {}
    unlike = {}
    for feature in config.feature_config.features:
        # A text of one character is a set of one, but for empty values, which a set of ids skips.
        is_text = type_of(feature).is_sequence
        for name, separators in _of(feature):
            if not separators:
                continue
            is_whole = is_text and len(separators) > 1
            split_at: Hashable = separators if is_whole else frozenset(separators)
            before, reader = first.setdefault(name, (split_at, feature.feature_name))
            if split_at != before:
                unlike[name] = reader, feature.feature_name
    return unlike


def single_readers(config: PipelineConfig) -> Dict[str, str]:
    """Input column -> name of a feature that reads a cell of it as one value."""
    return {
        name: feature.feature_name
        for feature in config.feature_config.features
        for name, separators in _of(feature)
        if not separators
    }


def matrix_columns(config: PipelineConfig) -> Dict[str, str]:
    """Those of `value_separators` that the exported model takes as a matrix [batch, values]."""
    export = config.export_config
    if not export.multi_placeholder:
        return {}
    chosen = set(export.multi_value_fields.input_name)
    separators = value_separators(config)
    return {n: s for n, s in separators.items() if export.auto_multi_value or n in chosen}


def _of(feature: FeatureConfig) -> Iterator[Tuple[str, str]]:
    """(column, characters that separate its values, '' if it has one) of each input column."""
    return zip(feature.input_names, type_of(feature).separators(feature))

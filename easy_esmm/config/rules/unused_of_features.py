"""Reasons why a field of a feature has no effect, from the record of its type."""

from __future__ import annotations

from easy_esmm.config.feature_types import readers_of, type_of
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.feature_pb2 import FeatureConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

_FLOATS = (DatasetConfig.FLOAT, DatasetConfig.DOUBLE)


def why_unused(config: PipelineConfig, feature: FeatureConfig, field: str) -> str:
    """Why the field, which `feature` sets, has no effect; empty if it has one."""
    record = type_of(feature)
    if field not in record.fields:
        return record.unread.get(field) or only_readers(field)
    for unused in record.unused:
        if unused.name == field and unused.when(feature):
            return unused.why
    if field in record.sources:
        return _source_before(feature, field)
    if field == "precision" and not _reads_float(config, feature):
        return "the feature reads no FLOAT or DOUBLE column"
    return ""


def only_readers(field: str) -> str:
    """`only a TagFeature reads it`; empty for a field that has nothing to do with the type."""
    readers = [f"{'an' if r.name[0] in 'AEIOU' else 'a'} {r.name}" for r in readers_of(field)]
    if len(readers) > 1:
        return f"only {', '.join(readers[:-1])} and {readers[-1]} read it"
    return f"only {readers[0]} reads it" if readers else ""


def _source_before(feature: FeatureConfig, field: str) -> str:
    """Of several fields that give ids their rows, the first counts."""
    sources = type_of(feature).sources
    before = sources[: sources.index(field)]
    found = [source for source in before if getattr(feature, source)]
    if not found:
        return ""
    if len(before) < 3:
        return f"{found[0]} comes first"
    return f"{', '.join(before[:-1])} and {before[-1]} come first"


def _reads_float(config: PipelineConfig, feature: FeatureConfig) -> bool:
    data = config.data_config
    if feature.shared_names or data.auto_expand_input_fields:
        return True  # perhaps: names of columns are still to be written out
    names = {column.input_name for column in data.input_fields if column.input_type in _FLOATS}
    return bool(names.intersection(feature.input_names))

"""Rules on `kv_separator`, for the types that read pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from easy_esmm.config.scalars import quoted
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.feature_pb2 import FeatureConfig

if TYPE_CHECKING:
    from easy_esmm.config.rules.report import Report


def check_kv_separator(report: Report, feature: FeatureConfig, path: str) -> None:
    """Pairs cannot be cut at a character that values are cut at."""
    if feature.kv_separator in feature.separator:
        rule = "must not be one of separator's characters"
        report.refuse(f"{path}.kv_separator", rule, quoted(feature.kv_separator))


def check_pairs(report: Report, feature: FeatureConfig, path: str, column: int, pairs: str) -> None:
    """The input column of that number is text, which alone can hold `pairs`."""
    for name in feature.input_names[column : column + 1]:
        kind = report.column_types().get(name, DatasetConfig.STRING)
        if kind != DatasetConfig.STRING:
            found = f"{quoted(name)} of type {DatasetConfig.FieldType.Name(kind)}"
            rule = f"must be a STRING column, which holds {pairs} pairs"
            report.refuse(f"{path}.input_names[{column}]", rule, found)

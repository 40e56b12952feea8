"""Rules across fields that depend on the type of a feature: its columns, and what it must set."""

from __future__ import annotations

from typing import Callable, Dict, Optional, Tuple

from easy_esmm.config.expression import BadExpression, parse_expression
from easy_esmm.config.rules.report import Report
from easy_esmm.config.scalars import quoted
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.feature_pb2 import FeatureConfig

_FEATURES = "feature_config.features"
_FLOATS = (DatasetConfig.FLOAT, DatasetConfig.DOUBLE)
_COMBO = FeatureConfig.ComboFeature
_COLUMNS: Dict[int, Tuple[int, Optional[int], str]] = {
    FeatureConfig.IdFeature: (1, 1, "one column"),
    FeatureConfig.RawFeature: (1, 1, "one column"),
    FeatureConfig.TagFeature: (1, 2, "one or two columns (ids, weights)"),
    FeatureConfig.ComboFeature: (2, None, "two or more columns"),
    FeatureConfig.LookupFeature: (2, 2, "two columns (key, map)"),
}
"""Fewest and most input columns of each type."""
_ID_COLUMNS: Dict[int, Callable[[FeatureConfig], int]] = {
    FeatureConfig.IdFeature: lambda feature: 1,
    FeatureConfig.TagFeature: lambda feature: 1,
    FeatureConfig.ComboFeature: lambda feature: len(feature.input_names),
    FeatureConfig.LookupFeature: lambda feature: 1,
}
"""So many of the first columns hold ids."""


def check_feature_types(report: Report) -> None:
    """Each feature has the columns that its type wants, of types that it can read."""
    used = {n for group in report.config.model_config.feature_groups for n in group.feature_names}
    for number, feature in enumerate(report.config.feature_config.features):
        path = f"{_FEATURES}[{number}]"
        _check_amount(report, feature, path)
        check = _OF_TYPES.get(feature.feature_type)
        if check is not None:
            check(report, feature, path)
        if feature.feature_name in used:
            _check_floats(report, feature, path)


def _check_amount(report: Report, feature: FeatureConfig, path: str) -> None:
    fewest, most, words = _COLUMNS.get(feature.feature_type, (0, None, ""))
    amount = len(feature.input_names)
    if amount and (amount < fewest or (most is not None and amount > most)):
        kind = FeatureConfig.FeatureType.Name(feature.feature_type)
        rule = f"must name {words} for feature_type {kind}"
        found = f"{amount} column{'' if amount == 1 else 's'}"
        report.complain(f"{path}.input_names", rule, found)


def _check_combo(report: Report, feature: FeatureConfig, path: str) -> None:
    if not feature.hash_bucket_size:
        rule = "must be set for feature_type ComboFeature"
        report.complain(f"{path}.hash_bucket_size", rule)
    separators, columns = len(feature.combo_input_seps), len(feature.input_names)
    if separators not in (0, columns):
        rule = f"must have one value per input column ({columns}), or none"
        hint = 'write "" for a column of one value'
        report.complain(f"{path}.combo_input_seps", rule, str(separators), hint)


def _check_lookup(report: Report, feature: FeatureConfig, path: str) -> None:
    if not feature.kv_separator:
        rule = "must be set for feature_type LookupFeature"
        hint = "it stands between a key and its value"
        report.complain(f"{path}.kv_separator", rule, None, hint)
    types = _types(report)
    for index, name in list(enumerate(feature.input_names))[1:2]:
        kind = types.get(name, DatasetConfig.STRING)
        if kind != DatasetConfig.STRING:
            rule = "must be a STRING column, which holds key:value pairs"
            found = DatasetConfig.FieldType.Name(kind)
            report.complain(f"{path}.input_names[{index}]", rule, f"{quoted(name)} of type {found}")


def _check_expression(report: Report, feature: FeatureConfig, path: str) -> None:
    at = f"{path}.expression"
    if not feature.expression:
        report.complain(at, "must be set for feature_type ExprFeature")
        return
    types = _types(report)
    is_bool = {name: types.get(name) == DatasetConfig.BOOL for name in feature.input_names}
    try:
        columns = parse_expression(feature.expression, is_bool).columns
    except BadExpression as error:
        report.complain(at, str(error), quoted(feature.expression), error.hint)
        return
    if not columns:
        report.complain(at, "must read a column", quoted(feature.expression))
    for index, name in enumerate(feature.input_names):
        if columns and name not in columns:
            text = f"has no effect here: the expression does not read {quoted(name)}"
            report.note(f"{path}.input_names[{index}]", text)


def _types(report: Report) -> Dict[str, int]:
    return {c.input_name: c.input_type for c in report.config.data_config.input_fields}


def _check_floats(report: Report, feature: FeatureConfig, path: str) -> None:
    """A float is no id, unless `precision` says how it is read as text."""
    amount = _ID_COLUMNS.get(feature.feature_type)
    if amount is None:
        return
    types = _types(report)
    names = list(feature.input_names)[: amount(feature)]
    floats = [i for i, name in enumerate(names) if types.get(name) in _FLOATS]
    is_number = _reads_numbers(feature)
    for index in floats if is_number or feature.precision < 0 else ():
        kind = DatasetConfig.FieldType.Name(types[names[index]])
        wanted = "INT64" if is_number else "STRING"
        hint = f"declare the column as {wanted}" + ("" if is_number else ", or set precision")
        rule = f"must not be a {kind} column: a {kind} is no id"
        report.complain(f"{path}.input_names[{index}]", rule, quoted(names[index]), hint)


def _reads_numbers(feature: FeatureConfig) -> bool:
    """Whether ids are numbers, which `num_buckets` takes as they are."""
    is_text = feature.hash_bucket_size or feature.vocab_list or feature.vocab_file
    return feature.feature_type != _COMBO and not is_text


_OF_TYPES: Dict[int, Callable[[Report, FeatureConfig, str], None]] = {
    FeatureConfig.ComboFeature: _check_combo,
    FeatureConfig.LookupFeature: _check_lookup,
    FeatureConfig.ExprFeature: _check_expression,
}

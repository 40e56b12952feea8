"""Rules on features by their type, made from the records of `config.feature_types`."""

from __future__ import annotations

from collections import Counter
from typing import Dict, Tuple

from easy_esmm.config.feature_types import type_of
from easy_esmm.config.rules.data import CSV_TYPES
from easy_esmm.config.rules.report import Report
from easy_esmm.config.scalars import quoted
from easy_esmm.config.vocabulary_file import read_entries, text_fault
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.feature_pb2 import FeatureConfig

_FEATURES = "feature_config.features"
_FLOATS = (DatasetConfig.FLOAT, DatasetConfig.DOUBLE)
_SHARED = (
    "embedding_dim",
    "combiner",
    "initializer",
    "embedding_init_file",
    "embedding_frozen",
    "hash_bucket_size",
    "vocab_list",
    "vocab_file",
    "num_buckets",
)
"""What features that share a table must agree in."""


def check_feature_types(report: Report) -> None:
    """Each feature has the columns, the ids and the table that its type wants."""
    used, deep = report.features_in_groups(), report.features_in_deep_groups()
    for number, feature in enumerate(report.config.feature_config.features):
        path = f"{_FEATURES}[{number}]"
        _check_amount(report, feature, path)
        _check_indicator(report, feature, path)
        type_of(feature).check(report, feature, path)
        if feature.feature_name in used:
            _check_floats(report, feature, path)
            _check_ids(report, feature, path)
        if feature.feature_name in deep:
            _check_table(report, feature, path)
            type_of(feature).check_in_group(report, feature, path)


def check_shared_tables(report: Report) -> None:
    """Features of one `embedding_name` agree in everything that makes the table."""
    used = report.features_in_groups()
    first: Dict[str, Tuple[FeatureConfig, str]] = {}
    for number, feature in enumerate(report.config.feature_config.features):
        if not feature.embedding_name or feature.feature_name not in used:
            continue
        path = f"{_FEATURES}[{number}]"
        other, other_path = first.setdefault(feature.embedding_name, (feature, path))
        line = report.place(other_path).line
        shares = (
            f"feature {quoted(other.feature_name)} (line {line}), which shares embedding_name "
            f"{quoted(feature.embedding_name)}"
        )
        unlike = [name for name in _SHARED if getattr(feature, name) != getattr(other, name)]
        for name in unlike:
            report.refuse(f"{path}.{name}", f"must be as in {shares}")
        rows, wanted = _table_rows(feature), _table_rows(other)
        if not unlike and rows and wanted and rows != wanted:
            rule = f"must have a table of {wanted} rows, as has {shares}"
            report.refuse(path, rule, str(rows))


def _table_rows(feature: FeatureConfig) -> int:
    """0 where it is not known."""
    try:
        return type_of(feature).table_rows(feature)
    except OSError:  # a vocabulary file, which is refused elsewhere
        return 0


def _check_amount(report: Report, feature: FeatureConfig, path: str) -> None:
    record, amount = type_of(feature), len(feature.input_names)
    fewest, most = record.columns
    if amount and (amount < fewest or (most is not None and amount > most)):
        rule = f"must name {record.columns_in_words} for feature_type {record.name}"
        found = f"{amount} column{'' if amount == 1 else 's'}"
        report.refuse(f"{path}.input_names", rule, found)


def _check_indicator(report: Report, feature: FeatureConfig, path: str) -> None:
    record = type_of(feature)
    if feature.missing_indicator and "missing_indicator" not in record.fields:
        rule = f"must be false for feature_type {record.name}"
        hint = "the indicator is one of numbers, of a RawFeature or an ExprFeature; "
        if record.is_sequence:
            hint += "an element of a sequence has none"
        else:
            hint += "a missing id is the zero vector anyway"
        report.refuse(f"{path}.missing_indicator", rule, "true", hint)


def _check_floats(report: Report, feature: FeatureConfig, path: str) -> None:
    """A float is no id, unless `precision` says how it is read as text."""
    record, types = type_of(feature), report.column_types()
    is_number = record.reads_row_numbers(feature)
    if feature.precision >= 0 and not is_number:
        return
    for index, name in enumerate(record.id_columns(feature)):
        if types.get(name) in _FLOATS:
            kind = DatasetConfig.FieldType.Name(types[name])
            wanted = "INT64" if is_number else "STRING"
            hint = f"declare the column as {wanted}" + ("" if is_number else ", or set precision")
            rule = f"must not be a {kind} column: a {kind} is no id"
            report.refuse(f"{path}.input_names[{index}]", rule, quoted(name), hint)


def _check_table(report: Report, feature: FeatureConfig, path: str) -> None:
    """The columns of the embedding table of a feature that is in a group."""
    record = type_of(feature)
    if record.sources and feature.embedding_dim < 1:
        rule = f"must be at least 1 in a feature group for feature_type {record.name}"
        report.refuse(f"{path}.embedding_dim", rule, str(feature.embedding_dim))
    constants = len(feature.initializer.constant_initializer.consts)
    is_constant = feature.initializer.HasField("constant_initializer")
    if is_constant and constants not in (1, feature.embedding_dim):
        rule = f"must be one value, or embedding_dim = {feature.embedding_dim} values"
        at = f"{path}.initializer.constant_initializer.consts"
        report.refuse(at, rule, str(constants))


def _check_ids(report: Report, feature: FeatureConfig, path: str) -> None:
    """The rows of the embedding table of a feature that is in a group."""
    record = type_of(feature)
    # A type with one source demands it in and out of groups.
    if len(record.sources) > 1 and not any(getattr(feature, source) for source in record.sources):
        rule = f"must have one of {', '.join(record.sources)} for feature_type {record.name}"
        report.refuse(path, rule)
    if "vocab_list" in record.sources:
        places = [f"{path}.vocab_list[{index}]" for index in range(len(feature.vocab_list))]
        report.require_unique(feature.vocab_list, places, "an id of the vocabulary")
        for place, entry in zip(places, feature.vocab_list):
            if "\n" in entry or "\r" in entry:
                rule = "must hold no line break: a training keeps its vocabulary one id a line"
                report.refuse(place, rule, quoted(entry))
    if "vocab_file" in record.sources and feature.vocab_file:
        _check_vocabulary_file(report, feature.vocab_file, f"{path}.vocab_file")


def _check_vocabulary_file(report: Report, file: str, path: str) -> None:
    try:
        entries = Counter(read_entries(file))
        fault = text_fault(file, report.config.data_config.input_type in CSV_TYPES)
    except FileNotFoundError:
        report.refuse(path, "must be an existing file", quoted(file))
        return
    except OSError as error:
        report.refuse(path, f"must be a file that can be read ({error.strerror})", quoted(file))
        return
    if not entries:
        report.refuse(path, "must hold one id a line, and is empty", quoted(file))
    if fault:
        report.refuse(path, fault, quoted(file))
    if entries[b""]:
        number = read_entries(file).index(b"") + 1
        rule = f"must hold no empty line, which TensorFlow refuses, and holds one, line {number}"
        report.refuse(path, rule, quoted(file))
    repeated = next((entry for entry, count in entries.items() if entry and count > 1), None)
    if repeated is not None:
        text = quoted(repeated.decode(errors="replace"))
        report.refuse(path, f"must hold each id once, and holds {text} more often", quoted(file))

"""Rules on `data_config.user_rows`: columns that are stored once per user."""

from __future__ import annotations

from easy_esmm.config.rules.report import Report
from easy_esmm.config.scalars import quoted
from easy_esmm.protos.data_pb2 import DatasetConfig

_HERE = "data_config.user_rows"


def check_user_rows(report: Report) -> None:
    """Files are Parquet, columns are inputs, and no feature reads users and impressions at once."""
    data = report.config.data_config
    if not data.HasField("user_rows"):
        return
    if data.input_type != DatasetConfig.ParquetInput:
        kind = DatasetConfig.InputType.Name(data.input_type)
        report.refuse(_HERE, f"needs input_type: ParquetInput, not {kind}")
    _check_names(report)
    _check_columns(report)
    _check_features(report)


def _check_names(report: Report) -> None:
    data = report.config.data_config
    users = data.user_rows
    if users.row_column in [column.input_name for column in data.input_fields]:
        rule = "must not be a column of data_config.input_fields: it is no input of the model"
        report.refuse(f"{_HERE}.row_column", rule, quoted(users.row_column))
    if users.file_prefix == users.impression_file_prefix:
        rule = "must not be as impression_file_prefix: users have files of their own"
        report.refuse(f"{_HERE}.file_prefix", rule, quoted(users.file_prefix))


def _check_columns(report: Report) -> None:
    data = report.config.data_config
    names = data.user_rows.columns
    if not names:
        report.refuse(f"{_HERE}.columns", "must list the columns of the users files")
    paths = [f"{_HERE}.columns[{number}]" for number in range(len(names))]
    report.require_unique(names, paths, "another column of the users files")
    columns = [column.input_name for column in data.input_fields]
    for name, path in zip(names, paths):
        report.require_member(path, name, columns, "a column of data_config.input_fields")
        if name in data.label_fields:
            report.refuse(path, "must not be a label: each impression has its own", quoted(name))
        elif name == data.sample_weight and name:
            rule = "must not be the sample weight: each impression has its own"
            report.refuse(path, rule, quoted(name))


def _check_features(report: Report) -> None:
    users = set(report.config.data_config.user_rows.columns)
    for number, feature in enumerate(report.config.feature_config.features):
        inside = [name for name in feature.input_names if name in users]
        outside = [name for name in feature.input_names if name not in users]
        if inside and outside:
            report.refuse(
                f"feature_config.features[{number}].input_names",
                "must be columns of the users files or of the impressions files, not of both: "
                f"{quoted(inside[0])} is in data_config.user_rows.columns, {quoted(outside[0])} is "
                "not",
            )

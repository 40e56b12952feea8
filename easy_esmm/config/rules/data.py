"""Rules across fields: columns, labels, sample weight, metrics' columns."""

from __future__ import annotations

from typing import Any

from easy_esmm.config.cells import cell_fault
from easy_esmm.config.metric_columns import GROUP_FIELDS, REQUIRED, group_column
from easy_esmm.config.models import tower_paths
from easy_esmm.config.rules.report import Report
from easy_esmm.config.scalars import quoted
from easy_esmm.config.tower_losses import predicts_value
from easy_esmm.config.walk import settings
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.eval_pb2 import EvalMetrics

CSV_TYPES = (DatasetConfig.CSVInput, DatasetConfig.CSVInputV2, DatasetConfig.CSVInputEx)
_FIELDS = "data_config.input_fields"


def check_columns(report: Report) -> None:
    """Columns are listed, named once, and their defaults can be read as their types."""
    data = report.config.data_config
    if not data.input_fields:
        report.refuse(_FIELDS, "must list the columns of the input")
    paths = [f"{_FIELDS}[{number}]" for number in range(len(data.input_fields))]
    names = [column.input_name for column in data.input_fields]
    report.require_unique(names, [f"{path}.input_name" for path in paths], "another column")
    for column, path in zip(data.input_fields, paths):
        if not column.input_name:
            report.refuse(f"{path}.input_name", "must be set")
        if column.HasField("default_val"):
            _check_default(report, column, f"{path}.default_val")


def check_text(report: Report) -> None:
    """Only CSV files are text that has an encoding, and blanks around cells."""
    data = report.config.data_config
    if data.input_type in CSV_TYPES:
        return
    kind = DatasetConfig.InputType.Name(data.input_type)
    rule = f"needs input_type: CSVInput, not {kind}, whose text is bytes as they stand"
    if data.HasField("encoding"):
        report.refuse("data_config.encoding", rule, quoted(data.encoding))
    if data.strip_text:
        report.refuse("data_config.strip_text", rule, "true")


def check_labels(report: Report) -> None:
    """Labels and the sample weight are columns, and different ones."""
    data = report.config.data_config
    columns = [column.input_name for column in data.input_fields]
    if not data.label_fields:
        report.refuse("data_config.label_fields", "must name the label columns")
    paths = [f"data_config.label_fields[{number}]" for number in range(len(data.label_fields))]
    for label, path in zip(data.label_fields, paths):
        _require_column(report, path, label, columns)
    report.require_unique(data.label_fields, paths, "another label")
    if data.sample_weight:
        path = "data_config.sample_weight"
        _require_column(report, path, data.sample_weight, columns)
        if data.sample_weight in data.label_fields:
            report.refuse(path, "must not be a label", quoted(data.sample_weight))


def check_metrics(report: Report) -> None:
    """Each `metrics_set` names a metric, and its columns exist."""
    columns = [column.input_name for column in report.config.data_config.input_fields]
    for setting in settings(report.config):
        if setting.field.name == "metrics_set" and not setting.value.WhichOneof("metric"):
            report.refuse(setting.path, "must name a metric: auc { } or gauc { ... }")
        if setting.field.name in GROUP_FIELDS and isinstance(setting.owner, EvalMetrics):
            path = f"{setting.path}.{GROUP_FIELDS[setting.field.name]}"
            name = group_column(setting.owner)
            if name:
                _require_column(report, path, name, columns)
            elif setting.field.name in REQUIRED:
                report.refuse(path, "must be set")
    for path, tower in tower_paths(report.config.model_config):
        if predicts_value(tower):
            _refuse_metrics_of_probabilities(report, tower, path)


_OF_DECISIONS = ("accuracy", "recall", "precision")
"""Metrics of decisions at the probability .5."""


def _refuse_metrics_of_probabilities(report: Report, tower: Any, path: str) -> None:
    # The metrics may be those of `eval_config`: the message says which tower has no use for them.
    name = path.rpartition(".")[2]
    for number, metric in enumerate(tower.metrics_set):
        at = f"{path}.metrics_set[{number}]"
        kind = metric.WhichOneof("metric")
        if kind in _OF_DECISIONS:
            rule = f"must not be a metric of {name}, which predicts a value"
            report.refuse(f"{at}.{kind}", rule, kind, "use mean_absolute_error")
        if not metric.auc.exact:
            rule = f"must be true for {name}, which predicts a value: false needs probabilities"
            report.refuse(f"{at}.auc.exact", rule, "false")


def _require_column(report: Report, path: str, name: str, columns: Any) -> None:
    report.require_member(path, name, columns, "a column of data_config.input_fields")


def _check_default(report: Report, column: DatasetConfig.Field, path: str) -> None:
    rule = cell_fault(column.input_type, column.default_val.encode())
    if rule:
        report.refuse(path, rule, quoted(column.default_val))

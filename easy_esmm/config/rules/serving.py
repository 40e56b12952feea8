"""Rules across fields: columns that an exported model takes as matrices."""

from __future__ import annotations

from easy_esmm.config.rules.report import Report
from easy_esmm.config.scalars import quoted
from easy_esmm.config.several_values import (
    matrix_columns,
    single_readers,
    unlike_separators,
    value_separators,
)

_EXPORT = "export_config"


def check_matrices(report: Report) -> None:
    """All features that read such a column find the same values in its cells."""
    names = list(report.config.export_config.multi_value_fields.input_name)
    columns = value_separators(report.config)
    for index, name in enumerate(names):
        path = f"{_EXPORT}.multi_value_fields.input_name[{index}]"
        report.require_member(path, name, columns, "a column of several values")
    single, unlike = single_readers(report.config), unlike_separators(report.config)
    is_auto = report.config.export_config.auto_multi_value
    field = "auto_multi_value" if is_auto else "multi_value_fields"
    for name in matrix_columns(report.config):
        if name in single:
            reader = f"feature {quoted(single[name])} reads {quoted(name)} as one value"
            report.refuse(f"{_EXPORT}.{field}", f"must not be set: {reader}")
        if name in unlike:
            readers = " and ".join(quoted(feature) for feature in unlike[name])
            rule = f"must not be set: features {readers} separate {quoted(name)} differently"
            report.refuse(f"{_EXPORT}.{field}", rule)

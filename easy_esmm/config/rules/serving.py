"""Rules across fields: columns of requests that are matrices, and those of the user."""

from __future__ import annotations

from easy_esmm.config.rules.report import Report
from easy_esmm.config.scalars import quoted
from easy_esmm.config.serving_columns import serving_names
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


def check_user_columns(report: Report) -> None:
    """They are serving columns, not all of them; where there are users files, those of these."""
    config = report.config
    names, served = list(config.export_config.user_columns), serving_names(config)
    paths = [f"{_EXPORT}.user_columns[{number}]" for number in range(len(names))]
    report.require_unique(names, paths, "another column of the user")
    kind = "a serving column: an input column that a feature reads, no label"
    are_served = [report.require_member(p, n, served, kind) for p, n in zip(paths, names)]
    if not names or not all(are_served):
        return
    if set(names) == set(served):
        rule = "must leave a serving column to the items: a request has one user and many items"
        report.refuse(f"{_EXPORT}.user_columns", rule)
    of_files = [n for n in config.data_config.user_rows.columns if n in served]
    unlike = sorted(set(names) ^ set(of_files))
    if of_files and unlike:
        rule = (
            "must be the serving columns among data_config.user_rows.columns, which it is where it "
            f"is left out; {quoted(unlike[0])} is in one of them only"
        )
        report.refuse(f"{_EXPORT}.user_columns", rule)

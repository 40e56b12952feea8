"""ExprFeature: a number computed from other columns of the row."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Mapping

from easy_esmm.config.expression import BadExpression, parse_expression
from easy_esmm.config.feature_types.record import SOURCES, TABLE, FeatureType
from easy_esmm.config.scalars import quoted
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.feature_pb2 import FeatureConfig

if TYPE_CHECKING:
    from easy_esmm.config.rules.report import Report


class _ExprFeature(FeatureType):
    number = FeatureConfig.ExprFeature
    encoder = "expr_feature"
    columns = (0, None)
    columns_in_words = "the columns of its expression"
    fields = ("expression", "missing_indicator")
    unread: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys((*TABLE, *SOURCES, "combiner"), "an ExprFeature is one number"),
        "separator": "an expression reads single numbers",
        "precision": "an ExprFeature is not read as text",
    }

    def width(self, feature: FeatureConfig) -> int:
        return 1 + feature.missing_indicator

    def check(self, report: Report, feature: FeatureConfig, path: str) -> None:
        at = f"{path}.expression"
        if not feature.expression:
            report.refuse(at, "must be set for feature_type ExprFeature")
            return
        types = report.column_types()
        is_bool = {name: types.get(name) == DatasetConfig.BOOL for name in feature.input_names}
        try:
            columns = parse_expression(feature.expression, is_bool).columns
        except BadExpression as error:
            report.refuse(at, str(error), quoted(feature.expression), error.hint)
            return
        if not columns:
            report.refuse(at, "must read a column", quoted(feature.expression))
        for index, name in enumerate(feature.input_names):
            if columns and name not in columns:
                text = f"has no effect here: the expression does not read {quoted(name)}"
                report.note(f"{path}.input_names[{index}]", text)


EXPR_FEATURE = _ExprFeature()

"""Which input columns a calibration may go by."""

from __future__ import annotations

from easy_esmm.config.cells import INTEGERS, STRING
from easy_esmm.config.serving_columns import serving_names
from easy_esmm.config.several_values import value_separators
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def field_problem(config: PipelineConfig, name: str) -> str:
    """Why a calibration cannot go by the column; empty if it can.

    A request must hold it, as one value: the exported model reads it from there.
    """
    types = {field.input_name: field.input_type for field in config.data_config.input_fields}
    served = serving_names(config)
    several = value_separators(config)
    fitting = [
        column
        for column in served
        if column not in several and types[column] in (STRING, *INTEGERS)
    ]
    if name in fitting:
        return ""
    known = f"; columns that fit: {', '.join(fitting) or 'none'}"
    if name not in types:
        return f"must be a column of data_config.input_fields{known}"
    if name not in served:
        return (
            "must be a column of a request, and no feature reads it (or set "
            f"export_config.filter_inputs: false){known}"
        )
    if name in several:
        return f"must hold one value in a row, and a feature reads several{known}"
    return f"must hold text or whole numbers{known}"

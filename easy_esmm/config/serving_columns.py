"""Which input columns a request holds, and which of them are the user's."""

from __future__ import annotations

from typing import Tuple

from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def serving_names(config: PipelineConfig) -> Tuple[str, ...]:
    """The columns of a request, in the order of `input_fields`; labels are never among them.

    Those that a configured feature reads, whether or not it stands in a group; under
    `filter_inputs: false` all but labels and the sample weight.
    """
    data = config.data_config
    names = {name for feature in config.feature_config.features for name in feature.input_names}
    if not config.export_config.filter_inputs:
        names |= {field.input_name for field in data.input_fields}
        names -= {*data.label_fields, data.sample_weight}
    return tuple(f.input_name for f in data.input_fields if f.input_name in names)


def user_columns(config: PipelineConfig) -> Tuple[str, ...]:
    """The columns of a request of `rank` that hold the user, once; none: there is no `rank`.

    `export_config.user_columns`, or else `data_config.user_rows.columns`, in the order of
    `serving_names`. There is none without columns of items, nor where a request is one joined text
    or has a fixed number of rows.
    """
    export, served = config.export_config, serving_names(config)
    chosen = {*(export.user_columns or config.data_config.user_rows.columns)}
    names = tuple(name for name in served if name in chosen)
    fits = export.multi_placeholder and export.batch_size == -1 and len(names) < len(served)
    return names if fits else ()

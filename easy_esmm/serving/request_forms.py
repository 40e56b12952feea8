"""A batch of rows as a request to each signature of an exported model."""

from __future__ import annotations

from typing import Any, Mapping

import numpy as np
from numpy.typing import NDArray

from easy_esmm.config.serving_columns import user_columns
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.examples import to_examples
from easy_esmm.serving.names import EXAMPLES, RANK

Arrays = Mapping[str, NDArray[Any]]


def rows_of(config: PipelineConfig, signature: str, rows: Arrays) -> Arrays:
    """The rows that a request to a signature can hold, as a request to `serving_default`.

    Of `rank`, all have the user of the first.
    """
    if signature == RANK:
        count = len(next(iter(rows.values())))
        user = {name: np.repeat(rows[name][:1], count, axis=0) for name in user_columns(config)}
        return {**rows, **user}
    return rows


def in_form_of(config: PipelineConfig, signature: str, rows: Arrays) -> Arrays:
    """`rows` of `rows_of` as a request to that signature."""
    if signature == RANK:
        return {**rows, **{name: rows[name][:1] for name in user_columns(config)}}
    if signature == EXAMPLES:
        return {EXAMPLES: to_examples(rows)}
    return rows

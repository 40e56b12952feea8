"""Reads the rows of a warm-up file, the first ones of files or of a DataFrame."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, Optional

import numpy as np
import tensorflow as tf
from absl import logging
from numpy.typing import NDArray

from easy_esmm import data
from easy_esmm.config.serving_columns import serving_names
from easy_esmm.data import FilesOrFrame
from easy_esmm.errors import UserError
from easy_esmm.features import CellValidator
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.requests import request
from easy_esmm.serving.warmup import SIZES


def first_rows(config: PipelineConfig, rows: FilesOrFrame, count: int) -> Dict[str, NDArray[Any]]:
    """The first `count` rows, fewer where there are no more, as a request to `serving_default`.

    Raises:
      UserError: there is no row, or one among them cannot be read or asked for.
    """
    # An exporter runs while the training's graph is the default one, in which no dataset can be
    # read; another thread has none.
    with ThreadPoolExecutor(1) as other:
        return other.submit(_read, config, rows, count).result()


def _read(config: PipelineConfig, rows: FilesOrFrame, count: int) -> Dict[str, NDArray[Any]]:
    skips = CellValidator(config) if config.data_config.ignore_error else None
    try:
        batches = data.input_fn(
            config,
            "predict",
            rows,
            batch_size=count,
            extra_columns=serving_names(config),
            validator=skips,
        ).batches()
        columns: Optional[Dict[str, Any]] = next(batches, None)
    except tf.errors.OpError as error:
        raise data.row_error(error) or UserError(error.message.splitlines()[0]) from error
    if columns is None:
        raise UserError("there is no row")
    return {name: _as_float32(array) for name, array in request(config, columns).items()}


def rows_or_none(config: PipelineConfig, rows: FilesOrFrame) -> Optional[Dict[str, NDArray[Any]]]:
    """As `first_rows`, as many as a warm-up file has; None, with a line that says why, without."""
    try:
        return first_rows(config, rows, max(SIZES))
    except UserError as error:
        logging.info("the export has no warm-up file: %s", error)
        return None


def _as_float32(array: NDArray[Any]) -> NDArray[Any]:
    """tf.Examples hold no float64; to numbers that are float32, all signatures answer alike."""
    if array.dtype != np.float64:
        return array
    with np.errstate(over="ignore"):  # beyond float32 it is infinite, and missing to the model
        return array.astype(np.float32).astype(np.float64)

"""Validates cells that decode but that no feature can read, and finds them after an error."""

from __future__ import annotations

from typing import Optional

import tensorflow as tf
from absl import logging

from easy_esmm import data
from easy_esmm.data import FilesOrFrame
from easy_esmm.data.frames import NAME
from easy_esmm.errors import UserError
from easy_esmm.features import CellValidator
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def validator_of(config: PipelineConfig) -> Optional[CellValidator]:
    """Validates rows while they are read, where bad rows are skipped; None elsewhere.

    Validation reads each text twice, and an error stops the program without it.
    """
    return CellValidator(config) if config.data_config.ignore_error else None


def find_bad_cell(
    config: PipelineConfig, *rows: Optional[FilesOrFrame], with_labels: bool = True
) -> Optional[UserError]:
    """The first row among `rows` that a feature cannot read, with file and line.

    For a model that stopped at such a cell, whose error tells neither. Reads the rows from their
    beginning; None if nothing is found.
    """
    split = "eval" if with_labels else "predict"  # either reads the rows in their order
    for source in (one for one in rows if one is not None):
        if isinstance(source, str) and not source:
            continue
        logging.info("looking for the row in %s", source if isinstance(source, str) else NAME)
        try:
            for _ in data.input_fn(config, split, source, validator=CellValidator(config))():
                pass
        except tf.errors.OpError as error:
            return data.row_error(error)
    return None

"""Validates cells that decode but that no feature can read, and finds them after an error."""

from __future__ import annotations

from typing import Optional

import tensorflow as tf
from absl import logging

from easy_esmm import data
from easy_esmm.data import FilesOrFrame
from easy_esmm.data.formats import input_format
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
    """The first row of the files among `rows` that a feature cannot read, with file and line.

    For a model that stopped at such a cell, whose error tells neither. Reads the files from their
    beginning; None if their format is not validated or nothing is found.
    """
    if not input_format(config.data_config).validates_rows:
        return None
    split = "eval" if with_labels else "predict"  # either reads the rows in their order
    for path in (one for one in rows if isinstance(one, str) and one):
        logging.info("looking for the row in %s", path)
        try:
            for _ in data.input_fn(config, split, path, validator=CellValidator(config))():
                pass
        except tf.errors.OpError as error:
            return data.row_error(error)
    return None

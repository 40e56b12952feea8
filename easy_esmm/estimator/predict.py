"""Predicts with a checkpoint, batch by batch."""

from __future__ import annotations

import os
from typing import Any, Dict, Generator, Sequence

from numpy.typing import NDArray

from easy_esmm import data
from easy_esmm.compat import estimator
from easy_esmm.config import Pipeline
from easy_esmm.data import FilesOrFrame
from easy_esmm.estimator import checkpoint_fit as checkpoints
from easy_esmm.estimator.bad_cells import find_bad_cell, validator_of
from easy_esmm.estimator.errors import user_errors
from easy_esmm.estimator.factory import make_estimator


def predict(
    pipeline: Pipeline,
    rows: FilesOrFrame,
    *,
    checkpoint_path: str = "",
    extra_columns: Sequence[str] = (),
) -> Generator[Dict[str, NDArray[Any]], None, None]:
    """Yields, per batch in the order of the rows, output or extra column -> array [batch].

    Args:
      pipeline: the config.
      rows: what to score: files (globs and commas), or a pandas DataFrame.
      checkpoint_path: empty: the newest of `model_dir`.
      extra_columns: input columns handed through.
    """
    config = pipeline.config
    checkpoint = checkpoints.newest(config.model_dir, checkpoint_path)
    checkpoints.require_fit(config, checkpoint, estimator.ModeKeys.PREDICT)
    scorer = make_estimator(
        config, model_dir=os.path.dirname(checkpoint), extra_columns=extra_columns
    )
    input_fn = data.input_fn(
        config, "predict", rows, extra_columns=extra_columns, validator=validator_of(config)
    )
    with user_errors(lambda: find_bad_cell(config, rows, with_labels=False)):
        yield from scorer.predict(input_fn, checkpoint_path=checkpoint, yield_single_examples=False)
    input_fn.skipped.log_summary()

"""Predicts and scores: batches, files and DataFrames, with a checkpoint or a SavedModel."""

from __future__ import annotations

import contextlib
import os
import time
from typing import Any, Dict, Generator, Mapping, Optional, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from easy_esmm import data
from easy_esmm.compat import estimator
from easy_esmm.config import Pipeline
from easy_esmm.data import FilesOrFrame, require_files
from easy_esmm.data.files import find_files
from easy_esmm.data.passed import FILE, ROW
from easy_esmm.errors import UserError
from easy_esmm.estimator import checkpoint_fit
from easy_esmm.estimator.bad_cells import find_bad_cell, validator_of
from easy_esmm.estimator.calibrations import calibration_of, columns_of, without_calibration
from easy_esmm.estimator.errors import user_errors
from easy_esmm.estimator.factory import make_estimator
from easy_esmm.hooks.missing_values import PREDICTION, MissingValues
from easy_esmm.progress import ProgressLine
from easy_esmm.serving.columns import serving_columns
from easy_esmm.serving.matrices import UnreadableCell
from easy_esmm.serving.names import UNREADABLE
from easy_esmm.serving.requests import request
from easy_esmm.serving.saved_model import SavedModel
from easy_esmm.serving.score_file import ScoreFile, require_other_names
from easy_esmm.serving.versions import newest


def predict(
    pipeline: Pipeline,
    rows: FilesOrFrame,
    *,
    checkpoint_path: str = "",
    extra_columns: Sequence[str] = (),
    uncalibrated: bool = False,
) -> Generator[Dict[str, Any], None, None]:
    """Yields, per batch in the order of the rows, output -> array [batch], and the extra columns.

    Args:
      pipeline: the config.
      rows: what to score: files (globs and commas), or a pandas DataFrame.
      checkpoint_path: empty: the newest of `model_dir`.
      extra_columns: input columns handed through, as Arrow's arrays: types, nulls and values are
        those of the rows; of CSV files text.
      uncalibrated: whether to leave the checkpoint's calibration out, if it has one.
    """
    config = pipeline.config
    checkpoint = checkpoint_fit.newest(config.model_dir, checkpoint_path)
    sources = checkpoint_fit.require_fit(config, checkpoint, estimator.ModeKeys.PREDICT)
    calibration = None if uncalibrated else calibration_of(pipeline, checkpoint)
    input_fn = data.input_fn(
        config,
        "predict",
        rows,
        extra_columns=columns_of(calibration),
        passed_columns=extra_columns,
        validator=validator_of(config),
    )
    passed = input_fn.passed
    scorer = make_estimator(
        config,
        model_dir=os.path.dirname(checkpoint),
        row_names=passed.row_names if passed else (),
        passed_columns=extra_columns,
        sources=sources,
        tells_missing=True,
        calibration=calibration,
    )
    with user_errors(lambda: find_bad_cell(config, rows, with_labels=False), checkpoint):
        found = scorer.predict(input_fn, checkpoint_path=checkpoint, yield_single_examples=False)
        with contextlib.closing(found) as batches:
            for batch in batches:
                _require_numbers(batch)
                yield {**_without_rows(batch), **passed.read(batch)} if passed else batch
    input_fn.skipped.log_summary()


def score(
    pipeline: Pipeline,
    input_path: str,
    output_path: str,
    *,
    checkpoint_path: str = "",
    saved_model: str = "",
    reserved_columns: Sequence[str] = (),
    output_columns: Sequence[str] = (),
    uncalibrated: bool = False,
    files_are_checked: bool = False,
) -> int:
    """Writes a row of scores for each input row, in their order; `ignore_error` leaves rows out.

    Args:
      pipeline: the config.
      input_path: files to score: globs and commas.
      output_path: `.csv` or `.parquet`; appears when it is whole.
      checkpoint_path: empty: the newest of `model_dir`.
      saved_model: a SavedModel, or a folder of its versions, to use instead of a checkpoint.
      reserved_columns: input columns to copy as they stand; see docs/commands.md.
      output_columns: scores to write; empty: all.
      uncalibrated: whether to leave the calibration of the checkpoint or the SavedModel out.
      files_are_checked: whether the caller has checked the files, by `training.require_files`.

    Returns:
      The number of rows.

    Raises:
      UserError: a file, a column or the model does not fit.
    """
    _require_once(reserved_columns)
    if not files_are_checked:
        require_files(pipeline, "predict", input_path, reserved_columns)
    read = [os.path.realpath(path) for path in find_files(input_path)]
    if os.path.realpath(output_path) in read:
        raise UserError(f"--output_path: {output_path} is one of the input files; name another")
    if saved_model:
        batches = _from_saved_model(
            pipeline, input_path, saved_model, reserved_columns, uncalibrated
        )
    else:
        batches = predict(
            pipeline,
            input_path,
            checkpoint_path=checkpoint_path,
            extra_columns=reserved_columns,
            uncalibrated=uncalibrated,
        )
    line, start = ProgressLine(), time.monotonic()
    # Closed here: an abandoned generator of the Estimator's leaves its graph the default one.
    with ScoreFile(output_path) as file, contextlib.closing(batches):
        for batch in batches:
            file.write(_selected(batch, reserved_columns, output_columns))
            rate = file.rows / (time.monotonic() - start)
            line.live(f"scored: {file.rows:,} rows   {rate:,.0f} rows/s")
        if not file.rows:
            raise UserError(f"--input_path: {input_path} holds no row that could be read")
        line.event(f"scored: {file.rows:,} rows in {time.monotonic() - start:.1f} s")
        return file.rows


def score_frame(
    pipeline: Pipeline,
    frame: pd.DataFrame,
    *,
    checkpoint_path: str = "",
    uncalibrated: bool = False,
) -> pd.DataFrame:
    """The scores of a checkpoint for each row of a DataFrame, under the index of `frame`.

    Columns are the model's outputs (`probs_ctcvr`, ...), float32. Raises UserError if the frame or
    the checkpoint does not fit the config.
    """
    require_files(pipeline, "predict", frame)
    if pipeline.config.data_config.ignore_error:
        raise UserError("data_config.ignore_error: rows left out would shift the scores; unset it")
    found = predict(pipeline, frame, checkpoint_path=checkpoint_path, uncalibrated=uncalibrated)
    with contextlib.closing(found) as batches:
        scores = pd.concat([pd.DataFrame(batch) for batch in batches], ignore_index=True)
    return scores[sorted(scores.columns)].set_index(frame.index)


def _require_numbers(batch: Mapping[str, Any]) -> None:
    for name, values in batch.items():
        if values.dtype.kind == "f" and np.isnan(values).any():
            raise UserError(f"{name} is NaN: look for extreme values in the rows")


def _from_saved_model(
    pipeline: Pipeline,
    input_path: str,
    folder: str,
    reserved: Sequence[str],
    uncalibrated: bool,
) -> Generator[Dict[str, Any], None, None]:
    input_fn = data.input_fn(
        pipeline.config,
        "predict",
        input_path,
        # All that a request holds, which under `filter_inputs: false` is more than features read.
        extra_columns=[column.name for column in serving_columns(pipeline.config)],
        passed_columns=reserved,
        validator=validator_of(pipeline.config),
    )
    passed = input_fn.passed

    def locate() -> Optional[UserError]:
        return find_bad_cell(pipeline.config, input_path, with_labels=False)

    missing = MissingValues(pipeline.config)
    with user_errors(locate), _loaded(folder) as model:
        require_other_names(reserved, model.outputs)
        for columns in input_fn.batches():
            missing.add(missing.of_batch(columns).numpy())
            try:
                scores = model.score(request(pipeline.config, columns))
                if np.any(scores.pop(UNREADABLE, 0)):  # older exports stop at such a value
                    raise UnreadableCell("a value cannot be read")
            except UnreadableCell as error:
                raise (locate() or error) from error
            scores = without_calibration(scores) if uncalibrated else scores
            rows = {name: columns[name].numpy() for name in (passed.row_names if passed else ())}
            yield {**scores, **passed.read(rows)} if passed else scores
    missing.tell(PREDICTION)
    input_fn.skipped.log_summary()


def _loaded(folder: str) -> SavedModel:
    try:
        return SavedModel(newest(folder))
    except UserError as error:
        raise UserError(f"saved_model_dir: {error}") from error


def _without_rows(batch: Mapping[str, NDArray[Any]]) -> Dict[str, NDArray[Any]]:
    return {name: values for name, values in batch.items() if name not in (ROW, FILE)}


def _require_once(reserved: Sequence[str]) -> None:
    doubled = sorted({name for name in reserved if list(reserved).count(name) > 1})
    if doubled:
        raise UserError(f"--reserved_cols: {', '.join(doubled)}: named twice; name it once")


def _selected(
    batch: Dict[str, Any], reserved: Sequence[str], outputs: Sequence[str]
) -> Dict[str, Any]:
    if not outputs:
        # The order of a SavedModel's outputs is none.
        outputs = sorted(set(batch) - set(reserved))
    unknown = [name for name in outputs if name not in batch]
    if unknown:
        known = ", ".join(sorted(set(batch) - set(reserved)))
        raise UserError(f"--output_cols: {', '.join(unknown)}: the model gives {known}")
    return {name: batch[name] for name in (*reserved, *outputs)}

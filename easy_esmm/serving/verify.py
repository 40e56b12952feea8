"""Proves of an exported model that it answers as the checkpoint did that it was made from."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import List

import numpy as np
import tensorflow as tf

from easy_esmm.errors import UserError
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.protos.train_pb2 import BF16
from easy_esmm.serving import allowed_ops, warmup
from easy_esmm.serving.expected_signatures import differences
from easy_esmm.serving.request_forms import Arrays
from easy_esmm.serving.saved_model import SavedModel
from easy_esmm.serving.warmup import Answered

_PROBABILITY_FLOOR = 1e-7


@dataclass(frozen=True)
class Replayed:
    """A request of the warm-up file that was answered as the file says."""

    request: Answered
    rows: int
    """Of the answers."""
    largest_difference: float
    """Of any output of any row."""
    first_ms: float
    """The time of the first call of this size."""


def tolerance(config: PipelineConfig) -> float:
    """How much of a score the order of sums may change; two scores of 0 differ by as much.

    An export takes the user's part of the first products apart, so sums have another order; in
    BF16 hidden layers are rounded to 8 bits after it.
    """
    is_short = config.train_config.compute_dtype == BF16
    return 3e-2 if is_short else 1e-5


def verify(folder: str, config: PipelineConfig, model: SavedModel) -> List[Replayed]:
    """Holds a loaded export to its config and its warm-up file.

    Args:
      folder: of the version that `model` is.
      config: the one in its assets.
      model: loaded.

    Returns:
      The requests of the warm-up file; none where it has none.

    Raises:
      UserError: it holds an operation that answers do not need, a signature is not the config's, or
        an answer differs from the file's.
    """
    found = allowed_ops.problems(folder, as_exported=True)
    found += differences(config, model.signatures)
    if found:
        raise UserError(f"{folder}: " + f"\n{folder}: ".join(found))
    return [_replayed(folder, config, model, request) for request in warmup.read(folder)]


def require_equal(what: str, answers: Arrays, expected: Arrays, relative: float) -> float:
    """The largest difference. Raises UserError where one is larger than `tolerance` allows, or NaN.

    `what` begins the error.
    """
    if set(answers) != set(expected):
        raise UserError(f"{what} gives {sorted(answers)}, expected {sorted(expected)}")
    largest = 0.0
    for key in sorted(expected):
        found, wanted = (np.asarray(a[key], np.float64) for a in (answers, expected))
        if found.shape != wanted.shape:
            raise UserError(f"{what}: {key} must have the shape {wanted.shape}, got {found.shape}")
        difference = np.where(found == wanted, 0.0, np.abs(found - wanted))
        floor = _PROBABILITY_FLOOR if "probs" in key else relative
        is_wrong = ~(difference <= relative * np.abs(wanted) + floor)  # NaN too
        if is_wrong.any():
            row = int(np.argmax(is_wrong))
            raise UserError(
                f"{what}: {key} of row {row + 1} must be {wanted[row]:.9g}, got {found[row]:.9g} "
                f"({int(is_wrong.sum())} of {len(wanted)} rows differ)"
            )
        largest = max(largest, float(np.max(difference, initial=0.0)))
    return largest


def _replayed(
    folder: str, config: PipelineConfig, model: SavedModel, request: Answered
) -> Replayed:
    rows = len(next(iter(request.answers.values()), ()))
    what = f"{folder}: {request.signature}, a warm-up request of {rows} rows"
    start = time.perf_counter()
    for key, wanted in request.answers.items():
        if not np.isfinite(wanted).all():
            row = int(np.argmin(np.isfinite(wanted)))
            raise UserError(
                f"{what}: the checkpoint itself answers {key} = {wanted[row]} in row {row + 1}: "
                "its weights are no numbers, as after a training that diverged; export an earlier "
                "one"
            )
    if request.signature not in model.signatures:
        raise UserError(f"{what}: the model has no such signature")
    try:
        answers = model.score(request.inputs, request.signature)
    except (tf.errors.OpError, ValueError) as error:
        raise UserError(f"{what} fails: {error}") from error
    first_ms = 1000 * (time.perf_counter() - start)
    largest = require_equal(what, answers, request.answers, tolerance(config))
    return Replayed(request, rows, largest, first_ms)

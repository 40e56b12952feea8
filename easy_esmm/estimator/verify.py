"""Verifies an exported model on demand: what it holds, what it answers, how long it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional, Tuple

from easy_esmm.compat import estimator
from easy_esmm.config import Pipeline
from easy_esmm.errors import UserError
from easy_esmm.estimator import checkpoint_fit
from easy_esmm.estimator.calibrations import calibration_of
from easy_esmm.estimator.choose_checkpoint import choose_checkpoint
from easy_esmm.estimator.errors import user_errors
from easy_esmm.serving import verify as serving_verify
from easy_esmm.serving.graph import ServingGraph
from easy_esmm.serving.latency import Latency, measure
from easy_esmm.serving.names import DEFAULT
from easy_esmm.serving.saved_model import SavedModel
from easy_esmm.serving.verify import Replayed
from easy_esmm.serving.versions import newest

_SECONDS = 1.0
"""How long each request is repeated."""


@dataclass(frozen=True)
class Verified:
    """An export that holds what it must and answers as it should."""

    folder: str
    replayed: Tuple[Tuple[Replayed, Latency], ...]
    """The requests of its warm-up file."""
    checkpoint_difference: Optional[float]
    """The largest from the scores of the checkpoint; None where none was given."""


def verify(
    pipeline: Pipeline, folder: str, *, checkpoint_path: str = "", uncalibrated: bool = False
) -> Verified:
    """Verifies the newest export under `folder`, or `folder` itself.

    Nothing of it is run before its operations are known. The warm-up file is replayed on one
    thread, and each answer compared with the one in the file.

    Args:
      pipeline: the config in its assets.
      folder: of a version, or of versions.
      checkpoint_path: a checkpoint whose scores of the rows of the warm-up file must be the same: a
        path, or `newest` or `best` of the config's `model_dir`; empty: none is compared.
      uncalibrated: whether to leave the checkpoint's calibration out, if it has one.

    Raises:
      UserError: something differs, and what; or a checkpoint is given and there is no warm-up file.
    """
    version = newest(folder)
    with user_errors(), SavedModel(version, threads=1) as model:
        replayed = serving_verify.verify(version, pipeline.config, model)
        difference = None
        if checkpoint_path:
            difference = _differs_from(pipeline, checkpoint_path, uncalibrated, version, replayed)
        times = [_latency(model, one) for one in replayed]
    return Verified(version, tuple(zip(replayed, times)), difference)


def _latency(model: SavedModel, replayed: Replayed) -> Latency:
    request = replayed.request
    return measure(lambda: model.score(request.inputs, request.signature), _SECONDS)


def _differs_from(
    pipeline: Pipeline,
    checkpoint: str,
    uncalibrated: bool,
    folder: str,
    replayed: List[Replayed],
) -> float:
    """The largest difference of the answers in the warm-up file from a checkpoint's."""
    requests = [one.request for one in replayed if one.request.signature == DEFAULT]
    if not requests:
        raise UserError(
            f"--checkpoint_path: {folder} has no warm-up file, whose rows would be compared; "
            "export with --warmup_path"
        )
    config = pipeline.config
    path = choose_checkpoint(pipeline, checkpoint)
    sources = checkpoint_fit.require_fit(config, path, estimator.ModeKeys.PREDICT)
    calibration = None if uncalibrated else calibration_of(pipeline, path)
    serving = ServingGraph(config, sources, calibration)
    largest = 0.0
    with serving.restored(path) as session:
        for request in requests:
            scores = serving.answer(session, request.inputs)
            what = f"{folder}: the answer to {DEFAULT}, beside {checkpoint}"
            relative = serving_verify.tolerance(config)
            found = serving_verify.require_equal(what, request.answers, scores, relative)
            largest = max(largest, found)
    return largest

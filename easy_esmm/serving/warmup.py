"""The warm-up file of a SavedModel: real requests, which a server answers before it serves.

Without it a server's first requests take many times as long as later ones, since TensorFlow
prepares a signature when it is first called. Here the file also holds the answers, of the graph as
it was before it was made fast, so that what was written can be compared with them later. A server
does not read these.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterable, Iterator, List

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from easy_esmm.data.records import read_chunk
from easy_esmm.errors import UserError
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.protos.prediction_pb2 import PredictionLog
from easy_esmm.serving.names import DEFAULT
from easy_esmm.serving.request_forms import Arrays, in_form_of, rows_of
from easy_esmm.serving.tensors import array_of, tensor_message

SIZES = (1, 100, 500)
"""Rows of the requests to each signature."""

_MOST_RECORDS = 1000
"""As many as servers take."""

FILE = os.path.join("assets.extra", "tf_serving_warmup_requests")
"""Where a server looks for it, in the folder of the SavedModel."""


@dataclass(frozen=True)
class Answered:
    """A request and the answers to it, by the keys of the signature."""

    signature: str
    inputs: Arrays
    answers: Arrays


def requests(
    config: PipelineConfig,
    rows: Arrays,
    signatures: Iterable[str],
    score: Callable[[Arrays], Arrays],
) -> Iterator[Answered]:
    """The requests of a warm-up file: of each size to each signature.

    Answers to all signatures are those of `serving_default` to the same rows. Of `rank`, all rows
    have the user of the first one. Where a size asks for more rows than there are, they are
    repeated; where the model takes a fixed number of rows, that is the only size.

    Args:
      config: resolved.
      rows: a request to `serving_default`, of at least one row.
      signatures: names.
      score: answers a request to `serving_default`.
    """
    count = len(next(iter(rows.values())))
    fixed = config.export_config.batch_size
    for signature in signatures:
        for size in (fixed,) if fixed > 0 else SIZES:
            taken = {key: values[np.arange(size) % count] for key, values in rows.items()}
            asked = rows_of(config, signature, taken)
            yield Answered(signature, in_form_of(config, signature, asked), score(asked))


def write(folder: str, requests: Iterable[Answered]) -> None:
    """Writes the warm-up file of the SavedModel in `folder`; no request: no file."""
    logs = [_log(request) for request in requests]
    if not logs:
        return
    path = os.path.join(folder, FILE)
    tf.io.gfile.makedirs(os.path.dirname(path))
    with tf.io.TFRecordWriter(path) as writer:
        for log in logs:
            writer.write(log.SerializeToString())


def read(folder: str) -> List[Answered]:
    """The requests in the warm-up file of the SavedModel in `folder`; none without a file.

    Raises UserError for a file that is damaged or holds other requests than to `predict`.
    """
    path = os.path.join(folder, FILE)
    if not tf.io.gfile.exists(path):
        return []
    with tf.io.gfile.GFile(path, "rb") as file:
        chunk = read_chunk(file, 0, 0, _MOST_RECORDS)
    try:
        if chunk.faults:
            number, _, fault = chunk.faults[0]
            raise ValueError(f"record {number}: {fault}")
        return [_answered(PredictionLog.FromString(record)) for record in chunk.records]
    except (DecodeError, ValueError) as error:
        raise UserError(f"{path}: is no warm-up file that can be read: {error}") from error


def _log(request: Answered) -> PredictionLog:
    log = PredictionLog()
    asked, response = log.predict_log.request, log.predict_log.response
    asked.model_spec.name = "model"  # which servers do not compare
    asked.model_spec.signature_name = request.signature
    for key in sorted(request.inputs):
        asked.inputs[key].CopyFrom(tensor_message(request.inputs[key]))
    for key in sorted(request.answers):
        response.outputs[key].CopyFrom(tensor_message(request.answers[key]))
    return log


def _answered(log: PredictionLog) -> Answered:
    if not log.HasField("predict_log"):
        raise ValueError("a record without predict_log")
    asked, response = log.predict_log.request, log.predict_log.response
    inputs: Dict[str, NDArray[Any]] = {key: array_of(t) for key, t in asked.inputs.items()}
    answers = {key: array_of(tensor) for key, tensor in response.outputs.items()}
    return Answered(asked.model_spec.signature_name or DEFAULT, inputs, answers)

"""A SavedModel in memory, asked as TensorFlow Serving asks it."""

from __future__ import annotations

import re
from typing import Any, Dict, Mapping

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.compat import v1
from easy_esmm.errors import UserError
from easy_esmm.serving.allowed_ops import require_allowed
from easy_esmm.serving.load_errors import cause_of
from easy_esmm.serving.local.errors import Refused
from easy_esmm.serving.names import DEFAULT

_MESSAGE = re.compile(r"(?:.*?\nNode: '[^'\n]*'\n)?(.*?)(?:\s*\[\[.*)?", re.DOTALL)
"""An error of TensorFlow's: where in the graph, what, and again where."""


class LoadedModel:
    """All signatures of a SavedModel; threads may call it at the same time."""

    def __init__(self, folder: str) -> None:
        """Loads `folder`.

        Raises UserError where it is no SavedModel, is damaged, or may do more than answer; nothing
        of it is run then.
        """
        require_allowed(folder)
        self.folder = folder
        self._session = v1.Session(graph=tf.Graph())
        with self._session.graph.as_default():
            try:
                meta_graph = v1.saved_model.load(self._session, ["serve"], folder)
            except (OSError, RuntimeError, ValueError, KeyError, tf.errors.OpError) as error:
                self._session.close()
                raise UserError(f"{folder} cannot be loaded: {cause_of(error)}") from error
        self.signatures: Mapping[str, Any] = {
            name: signature
            for name, signature in meta_graph.signature_def.items()
            if signature.method_name == v1.saved_model.signature_constants.PREDICT_METHOD_NAME
        }
        """Name -> SignatureDef of TensorFlow, of those that are asked by Predict."""

    def close(self) -> None:
        """Gives the memory back; no call may be under way."""
        self._session.close()

    def signature(self, name: str) -> Any:
        """The signature of that name, `serving_default` for an empty one. Raises Refused."""
        name = name or DEFAULT
        if name not in self.signatures:
            raise Refused(
                "INVALID_ARGUMENT", f'Serving signature name: "{name}" not found in signature def'
            )
        return self.signatures[name]

    def predict(self, name: str, inputs: Mapping[str, NDArray[Any]]) -> Dict[str, NDArray[Any]]:
        """Output key -> array, for the inputs of a signature. Raises Refused."""
        signature = self.signature(name)
        missing = ",".join(sorted(set(signature.inputs) - set(inputs)))
        extra = ",".join(sorted(set(inputs) - set(signature.inputs)))
        if missing or extra:
            raise Refused(
                "INVALID_ARGUMENT",
                f"input size does not match signature: {len(inputs)}!={len(signature.inputs)}. "
                f"Sent extra: {{{extra}}}. Missing but required: {{{missing}}}.",
            )
        feed = {}
        for key, info in signature.inputs.items():
            _require_fit(key, inputs[key], info)
            feed[info.name] = inputs[key]
        try:
            outputs: Dict[str, NDArray[Any]] = self._session.run(
                {key: info.name for key, info in signature.outputs.items()}, feed
            )
        except tf.errors.OpError as error:
            code = _CODES.get(error.error_code, "INTERNAL")
            raise Refused(code, _without_places(error.message)) from error
        except RuntimeError as error:  # a closed session
            raise Refused("UNAVAILABLE", str(error)) from error
        return {key: np.asarray(array) for key, array in outputs.items()}


def _require_fit(key: str, array: NDArray[Any], info: Any) -> None:
    wanted = tf.as_dtype(info.dtype)
    given = tf.string if array.dtype == object else tf.as_dtype(array.dtype)
    if given != wanted:
        raise Refused(
            "INVALID_ARGUMENT",
            f"Expects input {key} to be {wanted.name} but {given.name} is provided",
        )
    shape = tf.TensorShape(info.tensor_shape)
    if not shape.is_compatible_with(array.shape):
        raise Refused(
            "INVALID_ARGUMENT", f"Expects input {key} of shape {shape}, got {list(array.shape)}"
        )


def _without_places(message: str) -> str:
    """Without the places in the graph that TensorFlow's Python puts around the message."""
    match = _MESSAGE.fullmatch(message)
    return match[1].strip() if match is not None and match[1].strip() else message


_CODES: Dict[int, str] = {
    getattr(tf.errors, name): name
    for name in (
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "UNAUTHENTICATED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
    )
}

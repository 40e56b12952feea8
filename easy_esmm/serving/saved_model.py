"""Scores batches with an exported SavedModel, as a server would."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Tuple

import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.compat import v1
from easy_esmm.errors import UserError
from easy_esmm.serving.allowed_ops import require_allowed


class SavedModel:
    """The `serving_default` signature of a SavedModel, loaded once.

    Use as a context manager.
    """

    def __init__(self, folder: str) -> None:
        """Loads `folder`.

        Raises:
          UserError: `folder` is not a SavedModel with a `serving_default` signature, or its graph
            may do more than answer; nothing of it is run then.
        """
        try:
            require_allowed(folder)
        except UserError as error:
            raise UserError(f"saved_model_dir: {error}") from error
        self._session = v1.Session(graph=tf.Graph())
        with self._session.graph.as_default():
            try:
                model = v1.saved_model.load(self._session, ["serve"], folder)
            except (OSError, RuntimeError, tf.errors.OpError) as error:
                text = str(error).splitlines()[0]
                raise UserError(f"saved_model_dir: {folder} cannot be loaded: {text}") from error
        name = v1.saved_model.signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY
        if name not in model.signature_def:
            raise UserError(f"saved_model_dir: {folder} has no signature {name}")
        signature = model.signature_def[name]
        self._inputs = {key: info.name for key, info in signature.inputs.items()}
        self._outputs = {key: info.name for key, info in signature.outputs.items()}

    def __enter__(self) -> SavedModel:
        return self

    def __exit__(self, *_: Any) -> None:
        self._session.close()

    @property
    def outputs(self) -> Tuple[str, ...]:
        """Names of the scores."""
        return tuple(self._outputs)

    def score(self, columns: Mapping[str, NDArray[Any]]) -> Dict[str, NDArray[Any]]:
        """Output key -> float32 [batch], for input key -> array [batch].

        Raises:
          UserError: an input is missing.
        """
        missing = sorted(set(self._inputs) - set(columns))
        if missing:
            raise UserError(f"the SavedModel also asks for {', '.join(missing)}")
        feed = {tensor: columns[key] for key, tensor in self._inputs.items()}
        scores: Dict[str, NDArray[Any]] = self._session.run(self._outputs, feed)
        return scores

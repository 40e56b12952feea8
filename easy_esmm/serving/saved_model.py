"""Scores batches with an exported SavedModel, as a server would."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Tuple

import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.compat import v1
from easy_esmm.errors import UserError
from easy_esmm.serving.allowed_ops import require_allowed
from easy_esmm.serving.load_errors import cause_of
from easy_esmm.serving.names import DEFAULT


class SavedModel:
    """A SavedModel, loaded once.

    Use as a context manager.
    """

    def __init__(self, folder: str, *, threads: int = 0, settings: Any = None) -> None:
        """Loads `folder`.

        Args:
          folder: of a version.
          threads: those that compute; 0: one for each core.
          settings: a v1 ConfigProto of the session; `threads` is set in it.

        Raises:
          UserError: `folder` is not a SavedModel with a `serving_default` signature, or its graph
            may do more than answer; nothing of it is run then.
        """
        require_allowed(folder)
        settings = settings or v1.ConfigProto()
        settings.intra_op_parallelism_threads = settings.inter_op_parallelism_threads = threads
        self._session = v1.Session(graph=tf.Graph(), config=settings)
        with self._session.graph.as_default():
            try:
                model = v1.saved_model.load(self._session, ["serve"], folder)
            except (OSError, RuntimeError, ValueError, KeyError, tf.errors.OpError) as error:
                self._session.close()
                raise UserError(f"{folder} cannot be loaded: {cause_of(error)}") from error
        self.signatures: Dict[str, Any] = dict(model.signature_def)
        """Name -> TensorFlow's `SignatureDef`."""
        if DEFAULT not in self.signatures:
            self._session.close()
            raise UserError(f"{folder} has no signature {DEFAULT}")

    def __enter__(self) -> SavedModel:
        return self

    def __exit__(self, *_: Any) -> None:
        self._session.close()

    @property
    def outputs(self) -> Tuple[str, ...]:
        """Names of the scores."""
        return tuple(self.signatures[DEFAULT].outputs)

    def score(
        self, columns: Mapping[str, NDArray[Any]], signature: str = DEFAULT
    ) -> Dict[str, NDArray[Any]]:
        """Output key -> float32 [batch], for input key -> array.

        Raises:
          UserError: an input is missing.
        """
        asked = self.signatures[signature]
        missing = sorted(set(asked.inputs) - set(columns))
        if missing:
            raise UserError(f"the SavedModel also asks for {', '.join(missing)}")
        feed = {info.name: columns[key] for key, info in asked.inputs.items()}
        outputs = {key: info.name for key, info in asked.outputs.items()}
        scores: Dict[str, NDArray[Any]] = self._session.run(outputs, feed)
        return scores

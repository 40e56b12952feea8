"""Reads the names and shapes of the variables in a checkpoint."""

from __future__ import annotations

from typing import Any, List, Mapping

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.errors import UserError

Shapes = Mapping[str, List[int]]
"""Name -> shape of variables."""

VOCABULARIES = "easy_esmm/vocabularies"
"""What a checkpoint holds besides variables: which vocabularies its tables have, in JSON."""


def read_shapes(checkpoint: str) -> Shapes:
    """Name -> shape of every variable in the checkpoint.

    Raises:
      UserError: it cannot be read.
    """
    try:
        reader: Any = v1.train.NewCheckpointReader(checkpoint)
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
        text = str(error).splitlines()[0]
        raise UserError(f"{checkpoint}: cannot be read as a checkpoint: {text}") from error
    found: Shapes = reader.get_variable_to_shape_map()
    return {name: shape for name, shape in found.items() if name != VOCABULARIES}

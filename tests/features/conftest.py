"""The feature tests' ways to one batch."""

from __future__ import annotations

from typing import Any, Callable, Dict, Mapping

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.features import encode
from tests.features.looking_up import Looked, config_of, look_up_in_graph, tensors


@pytest.fixture(scope="session")
def look_up() -> Callable[..., Looked]:
    """`look_up(text, columns, loss=None, seed=1, of_users=())`."""
    return look_up_in_graph


@pytest.fixture(scope="session")
def encoded() -> Callable[..., Any]:
    """`encoded(text, columns)`: the fields of the one feature's encoding, as arrays."""

    def run(text: str, columns: Mapping[str, Any]) -> Dict[str, Any]:
        with tf.Graph().as_default(), v1.Session() as session:
            (feature,) = encode(config_of(text), tensors(columns)).values()
            session.run(v1.tables_initializer())
            fields = {name: value for name, value in vars(feature).items() if value is not None}
            return {
                name: session.run(value) if tf.is_tensor(value) else value
                for name, value in fields.items()
            }

    return run


@pytest.fixture(scope="session")
def rows() -> Callable[..., Any]:
    """`rows(table, ids)`: numpy's look-up, with zeros for -1."""

    def read(table: Any, ids: Any) -> Any:
        return np.stack([np.zeros(table.shape[1]) if i < 0 else table[i] for i in ids])

    return read

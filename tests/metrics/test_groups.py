"""Which rows are of one user, or of one session."""

from __future__ import annotations

from typing import Any, List

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.metrics.groups import group_numbers

LOWEST = np.iinfo(np.int64).min
USERS = {
    "text": ["b", "", "a", "", "b"],
    "integers": [2**53 + 1, LOWEST, 2**53, LOWEST, 2**53 + 1],
    "floats": [0.0, np.nan, 1e-300, np.nan, -0.0],
}


@pytest.mark.parametrize("kind", USERS)
def test_rows_share_a_group_by_their_value_and_those_without_one_are_alone(kind: str) -> None:
    users: List[Any] = USERS[kind]
    of_type = {"integers": tf.int64, "floats": tf.float64}.get(kind, tf.string)
    groups = group_numbers(tf.constant(users, of_type)).numpy()
    assert groups[0] == groups[4]
    assert len({*groups.tolist()}) == 4
    assert groups[[0, 2]].max() < groups[[1, 3]].min()

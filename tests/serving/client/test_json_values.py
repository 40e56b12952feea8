"""Values of an answer in JSON, and which are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from easy_esmm.serving.client.json_values import array_of
from easy_esmm.serving.client.signatures import TensorSpec

F32, I64, BOOL = (np.dtype(kind) for kind in (np.float32, np.int64, np.bool_))


@pytest.mark.parametrize(
    ("dtype", "values"),
    [(F32, [1, 2]), (F32, [0.5, 2]), (I64, [1, -(2**63)]), (I64, []), (BOOL, [True, False])],
)
def test_numbers_are_those_that_were_written(dtype: Any, values: Any) -> None:
    found = array_of(values, TensorSpec(dtype, (-1,)))
    assert found.dtype == dtype
    assert found.tolist() == values


@pytest.mark.parametrize(
    ("dtype", "values"),
    [(I64, [1.5]), (I64, [True]), (F32, [None]), (F32, ["1"]), (BOOL, [1]), (I64, [2**63])],
)
def test_values_of_another_type_are_refused(dtype: Any, values: Any) -> None:
    with pytest.raises(ValueError, match="values that are no"):
        array_of(values, TensorSpec(dtype, (-1,)))

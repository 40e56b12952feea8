"""Which rows of a row group a validator refuses, and what is said of them."""

from __future__ import annotations

from typing import Any, List, Mapping

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.data import parquet_validation
from easy_esmm.data.fields import Column
from easy_esmm.data.parquet_validation import validated
from easy_esmm.data.row_groups import RowGroup, Values
from easy_esmm.protos.data_pb2 import DatasetConfig


class _Refuses:
    """A validator that refuses some numbers."""

    def __init__(self, *numbers: int) -> None:
        self._numbers = numbers

    def checks(self, columns: Mapping[str, Any]) -> List[Any]:
        return [tf.reduce_all(columns["x"] != number) for number in self._numbers]

    def fault(self, columns: Mapping[str, Any]) -> str:
        return f"cannot read {int(columns['x'][0])}"


@pytest.mark.parametrize("at_once", [1 << 13, 3])
def test_each_row_is_judged_and_what_was_known_of_it_stays(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(parquet_validation, "_ROWS_AT_ONCE", at_once)
    known = {2: "does not fit", 7: "does not fit"}
    group = RowGroup((Values(np.arange(100, 110), None, None),), known)
    columns = (Column("x", DatasetConfig.INT64, 0),)
    found = validated(group, columns, 10, _Refuses(107, 100, 104, 109))
    bad = {row: f"cannot read {100 + row}" for row in (0, 4, 9)}
    assert found.faults == {**known, **bad}
    assert group.faults == known

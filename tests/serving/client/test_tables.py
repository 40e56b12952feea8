"""Rows in the forms that callers have them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from easy_esmm.errors import UserError
from easy_esmm.serving.client.tables import require_columns, table_of


@pytest.mark.parametrize(
    "rows",
    [
        [{"a": 1, "b": "x"}, {"b": "y", "a": 2}],
        ({"a": number, "b": text} for number, text in ((1, "x"), (2, "y"))),
        {"a": np.array([1, 2]), "b": ("x", "y")},
        pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}, index=["p", "q"]),
    ],
    ids=["dicts", "a generator", "columns", "a DataFrame"],
)
def test_rows_of_every_form_are_columns(rows: Any) -> None:
    table = table_of(rows)
    assert table.size == 2
    assert list(table.values("a")) == [1, 2]
    assert list(table.values("b")) == ["x", "y"]


def test_no_rows_are_rows_too() -> None:
    assert table_of([]).size == table_of({}).size == table_of(pd.DataFrame({"a": []})).size == 0


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("abc", "rows: must be a list of dicts, a dict of columns or a DataFrame, got str"),
        (7, "rows: must be a list of dicts, a dict of columns or a DataFrame, got int"),
        ([{"a": 1}, 5], "rows, row 1: must be a dict of column -> value, got int"),
        ({"a": "xy"}, r"column 'a' must be a list .* for each row, got 'xy'; one row is \[\{"),
        ({"a": [1], "b": [1, 2]}, "one length, got 1 values of 'a' and 2 of 'b'"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "column 'a' stands there twice"),
    ],
)
def test_what_are_no_rows_is_refused(rows: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        table_of(rows)


def test_all_missing_columns_are_named_at_once() -> None:
    table = table_of([{"user": 1, "itme": "x", "city": "y"}, {"user": 2, "itme": "x"}])
    with pytest.raises(UserError) as caught:
        require_columns(["user", "item", "age", "city"], table)
    assert str(caught.value) == (
        "rows: missing 3 columns of the model: 'item' (did you mean itme?), 'age', 'city' (row 1 "
        "lacks it); None stands for a missing value"
    )

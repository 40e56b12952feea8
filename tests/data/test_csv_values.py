"""Valid CSV files, drawn at random: the values of training are those of Python's own reader."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, List, Tuple

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from easy_esmm.data import check_files, input_fn

COLUMNS = {"buy": "INT32", "click": "INT32", "id": "INT64", "x": "DOUBLE", "text": "STRING"}
TEXT = st.text(
    st.one_of(
        st.sampled_from(",\"; \t'#"),
        st.characters(min_codepoint=32, max_codepoint=0x2FFFF, exclude_categories=["Cs", "Cc"]),
    ),
    max_size=8,
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["0", "1"]),
        st.sampled_from(["0", "1", ""]),
        st.integers(-(2**63) + 1, 2**63 - 1).map(str),
        st.floats(allow_nan=False, allow_infinity=False).map(repr),
        TEXT,
    ),
    min_size=1,
    max_size=40,
)


class Named(SimpleNamespace):
    """What the check of files wants of a pipeline."""

    def problem(self, *arguments: Any) -> Any:
        return arguments


@given(
    rows=ROWS,
    ending=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    batch_size=st.sampled_from([1, 7, 1000]),
)
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_values_are_those_of_pythons_reader_whatever_the_batch(
    make_config: Any,
    rows: List[Tuple[str, ...]],
    ending: str,
    quoting: Any,
    batch_size: int,
) -> None:
    config = make_config(COLUMNS, data=f"with_header: true batch_size: {batch_size}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator=ending, quoting=quoting)
            writer.writerows([tuple(COLUMNS), *rows])
        assert check_files(Named(config=config), "eval", str(path)) == []
        batches = list(input_fn(config, "eval", str(path)).batches())
        with path.open(encoding="utf-8", newline="") as file:
            expected = list(csv.DictReader(file))

    def joined(read: Any) -> List[Any]:
        return list(np.concatenate([read(*batch).numpy() for batch in batches]))

    assert joined(lambda c, _: c["id"]) == [int(row["id"]) for row in expected]
    assert joined(lambda c, _: c["x"]) == [float(row["x"]) for row in expected]
    assert joined(lambda c, _: c["text"]) == [row["text"].encode() for row in expected]
    for name in ("buy", "click"):
        values = joined(lambda _, labels, name=name: labels[name].value)
        assert values == [float(row[name] or 0) for row in expected]
        missing = joined(lambda _, labels, name=name: labels[name].is_missing)
        assert missing == [row[name] == "" for row in expected]

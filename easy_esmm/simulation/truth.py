"""The file of planted truth: the true rates of a simulation, which no log holds.

A truth file must never be read as training data, for its columns are the answers. It is a Parquet
file in a folder of its own, with a suffix of its own (`.truth.parquet`) and a mark in its schema
that survives renaming; input readers ask `is_truth_file` and refuse it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Tuple, Union

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from easy_esmm import page_sums
from easy_esmm.errors import UserError

SUFFIX = ".truth.parquet"
MARK = {b"easy_esmm_truth": b"1"}
_LABELS = ("click", "conversion", "counterfactual_conversion")


@dataclass(frozen=True, eq=False)
class Truth:
    """Planted rates and drawn outcomes of impressions, in the order of their data files."""

    sample_id: NDArray[np.int64]
    """Name of the impression, equal to the data file's column `sample_id`."""
    click: NDArray[np.int8]
    """The drawn click; a copy of the data file's label."""
    conversion: NDArray[np.int8]
    """The drawn conversion, 0 where `click` is 0; a copy of the data file's label."""
    pctr: NDArray[np.float64]
    """p(click | x)."""
    pcvr_do: NDArray[np.float64]
    """p(conversion | do(click), x): the true conversion rate of the entire space."""
    pcvr_click: NDArray[np.float64]
    """p(conversion | click, x): the target on clicked impressions. Equal to `pcvr_do` unless an
    unobserved cause drives clicks and conversions alike."""
    pctcvr: NDArray[np.float64]
    """p(click and conversion | x)."""
    counterfactual_conversion: NDArray[np.int8]
    """Whether a click on this impression would have converted, in the same draw of chance."""

    def __len__(self) -> int:
        return len(self.sample_id)

    def rows(self, start: int, stop: int) -> Truth:
        """The impressions `start` to `stop - 1`."""
        return Truth(*(getattr(self, name)[start:stop] for name in _columns()))


def write_truth(path: Union[str, Path], truth: Truth) -> None:
    """Writes a truth file; the name must end with `.truth.parquet`."""
    if not str(path).endswith(SUFFIX):
        raise UserError(f"{path}: the name of a truth file must end with '{SUFFIX}'")
    arrays = {name: pa.array(getattr(truth, name)) for name in _columns()}
    pq.write_table(pa.table(arrays).replace_schema_metadata(MARK), path, **page_sums.WRITE)


def read_truth(path: Union[str, Path]) -> Truth:
    """Reads a truth file. Raises UserError if there is none or if it is something else."""
    require_truth_file(path)
    try:
        table = pq.read_table(path, **page_sums.READ)
    except (OSError, pa.ArrowException) as error:
        raise UserError(f"{path}: cannot be read ({error}); write it anew") from error
    absent = [name for name in _columns() if name not in table.column_names]
    if absent:
        raise UserError(f"{path}: columns missing from the planted truth: {', '.join(absent)}")
    return Truth(*(_array(table, name) for name in _columns()))


def require_truth_file(path: Union[str, Path]) -> None:
    """Raises UserError if there is no file at `path`, or none of planted truth."""
    if not Path(path).is_file():
        raise UserError(f"{path}: no such file; a simulation writes DIR/truth/*{SUFFIX}")
    if not is_truth_file(path):
        raise UserError(
            f"{path}: not a file of planted truth (the mark in its schema is missing); "
            f"a simulation writes DIR/truth/*{SUFFIX}"
        )


def is_truth_file(path: Any) -> bool:
    """Whether the file (its path, or an open one) carries the mark of planted truth.

    Reads the schema only. False for anything that is not a readable Parquet file.
    """
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (OSError, UnicodeDecodeError, pa.ArrowException):
        return False
    return all(metadata.get(key) == value for key, value in MARK.items())


def _columns() -> Tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(Truth))


def _array(table: pa.Table, name: str) -> NDArray[Any]:
    dtype = np.int64 if name == "sample_id" else np.int8 if name in _LABELS else np.float64
    array: NDArray[Any] = table.column(name).to_numpy().astype(dtype)
    return array

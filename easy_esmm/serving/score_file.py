"""Writes scored rows to CSV or Parquet files, and reads them."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from easy_esmm import page_sums
from easy_esmm.atomic_file import atomic_write
from easy_esmm.errors import UserError
from easy_esmm.serving.csv_cells import csv_cells

_GROUP_ROWS = 1 << 16
"""Rows that are written at once: of each batch a row group of its own takes longer to read."""


class ScoreFile:
    """Writes batches of rows; the file appears under its name when it is whole.

    Use as a context manager. Columns keep the order of the first batch; text is UTF-8. What the
    system refuses, such as a byte more on a full disk, is a UserError that names the file.
    """

    def __init__(self, path: str) -> None:
        """Opens `path` for writing.

        Raises:
          UserError: the suffix is neither `.csv` nor `.parquet`, or the folder does not exist.
        """
        suffix = os.path.splitext(path)[1]
        if suffix not in (".csv", ".parquet"):
            raise UserError(f"output_path: must end in .csv or .parquet, got {path!r}")
        folder = os.path.dirname(os.path.abspath(path))
        if not os.path.isdir(folder):
            raise UserError(f"output_path: no folder {folder}")
        self._path = path
        self._open = ExitStack()
        self._is_parquet = suffix == ".parquet"
        self._writer: Optional[Any] = None
        self._waiting: List[pa.Table] = []
        self.rows = 0

    def __enter__(self) -> ScoreFile:
        return self

    def __exit__(self, *error: Any) -> None:
        with self._named():
            self._open.__exit__(*error)

    def write(self, batch: Mapping[str, Any]) -> None:
        """Appends rows: column -> array [rows], numpy's or Arrow's.

        In a CSV file a null is an empty cell, empty text is `""`, and lists are joined by `|`.
        """
        table = pa.table(dict(batch))
        if not self._is_parquet:
            table = pa.table({name: csv_cells(name, table[name]) for name in table.column_names})
        with self._named():
            if self._writer is None:
                unfinished = self._open.enter_context(atomic_write(self._path))
                self._writer = self._open.enter_context(self._opened(unfinished, table.schema))
                self._open.push(self._write_rest)
            self._waiting.append(table)
            self.rows += table.num_rows
            if sum(waiting.num_rows for waiting in self._waiting) >= _GROUP_ROWS:
                self._write()

    def _write(self) -> None:
        waiting, self._waiting = self._waiting, []
        if self._writer is not None and waiting:
            self._writer.write_table(pa.concat_tables(waiting))

    def _write_rest(self, error: Any, *_: Any) -> None:
        if error is None:
            self._write()

    def _opened(self, path: str, schema: pa.Schema) -> Any:
        if self._is_parquet:
            return pyarrow.parquet.ParquetWriter(path, schema, **_encoding(schema))
        return pyarrow.csv.CSVWriter(path, schema)

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            # (pyarrow's own text is about "bytes to file", without its name.)
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise UserError(f"output_path: {self._path}: cannot be written: {reason}") from error


def _encoding(schema: pa.Schema) -> Dict[str, Any]:
    """Scores, which hardly repeat, are written as they are: with dictionaries 5 times as slowly.

    Six columns of float32 take .3 us a row with them, and .05 without, in a third less space.
    """
    repeating = [field for field in schema if not pa.types.is_floating(field.type)]
    # The second and the third are names of what a list holds.
    names = [
        f"{f.name}{inside}" for f in repeating for inside in ("", ".list.element", ".list.item")
    ]
    return {"use_dictionary": names, **page_sums.WRITE}


def require_other_names(columns: Iterable[str], scores: Iterable[str]) -> None:
    """Raises UserError if a column that is copied has the name of one of the scores."""
    taken = sorted(set(columns) & set(scores))
    if taken:
        raise UserError(
            f"--reserved_cols: {', '.join(taken)}: the model's own scores have that name; rename "
            "the column in the input"
        )


def read_scores(path: str, name: str) -> NDArray[Any]:
    """Column `name` of a score file, float64 [rows].

    Raises:
      UserError: there is no such file or column, or a value is not a number.
    """
    if not os.path.isfile(path):
        raise UserError(f"{path}: no such file")
    is_parquet = path.endswith(".parquet")
    try:
        table = (
            pyarrow.parquet.read_table(path, **page_sums.READ)
            if is_parquet
            else pyarrow.csv.read_csv(path)
        )
    except (OSError, pa.ArrowInvalid) as error:
        raise UserError(f"{path}: cannot be read: {str(error).splitlines()[0]}") from error
    if name not in table.column_names:
        raise UserError(f"{path}: has no column {name}, only {', '.join(table.column_names)}")
    values: NDArray[Any] = table[name].to_numpy()
    if values.dtype.kind not in "fiu" or not np.isfinite(values).all():
        raise UserError(f"{path}: column {name} must hold finite numbers")
    return values.astype(np.float64)

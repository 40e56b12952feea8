"""Rows of a caller, whatever their form, as columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence

import pandas as pd

from easy_esmm.config.hints import did_you_mean
from easy_esmm.errors import UserError
from easy_esmm.serving.client.cells import Values, plain


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of one length."""

    columns: Mapping[str, Any]
    """By name, as they were given."""
    size: int
    index: Optional[pd.Index[Any]] = None
    """Of a DataFrame."""
    gaps: Mapping[str, int] = field(default_factory=dict)
    """Column that not every row has -> the first row without it; `columns` lacks it."""

    def values(self, name: str) -> Values:
        """A column as a numpy array or a list."""
        return plain(self.columns[name])


def table_of(rows: Any, name: str = "rows") -> Table:
    """The columns of a list of dicts, a dict of columns, or a DataFrame.

    Raises UserError for anything else, columns of several lengths, and rows of several columns.
    """
    if isinstance(rows, pd.DataFrame):
        return _of_frame(rows, name)
    if isinstance(rows, Mapping):
        return _of_columns(rows, name)
    if isinstance(rows, (str, bytes)) or not hasattr(rows, "__iter__"):
        raise _unknown(name, rows)
    return _of_rows(list(rows), name)


def require_columns(wanted: Sequence[str], table: Table, name: str = "rows") -> None:
    """Raises UserError with all columns that are missing."""
    missing = [column for column in wanted if column not in table.columns]
    if not missing:
        return
    unused = [column for column in table.columns if column not in wanted]
    told = []
    for column in missing:
        hint = did_you_mean(column, unused)
        if column in table.gaps:
            hint = f"row {table.gaps[column]} lacks it"
        told.append(f"'{column}'" + (f" ({hint})" if hint else ""))
    count = f"{len(told)} columns" if len(told) > 1 else "column"
    raise UserError(
        f"{name}: missing {count} of the model: {', '.join(told)}; None stands for a missing value"
    )


def _of_frame(frame: pd.DataFrame, name: str) -> Table:
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise UserError(f"{name}: column '{twice}' stands there twice")
    return Table({str(column): frame[column] for column in frame.columns}, len(frame), frame.index)


def _of_columns(columns: Mapping[str, Any], name: str) -> Table:
    sizes: Dict[str, int] = {}
    for column, values in columns.items():
        if isinstance(values, (str, bytes, Mapping)) or not hasattr(values, "__len__"):
            raise UserError(
                f"{name}: column '{column}' must be a list or an array with a value for each row, "
                f"got {values!r:.60}; one row is [{{...}}]"
            )
        sizes[column] = len(values)
    if len(set(sizes.values())) > 1:
        first, *others = sizes
        other = next(column for column in others if sizes[column] != sizes[first])
        raise UserError(
            f"{name}: all columns must have one length, got {sizes[first]:,} values of '{first}' "
            f"and {sizes[other]:,} of '{other}'"
        )
    return Table(columns, next(iter(sizes.values()), 0))


def _of_rows(rows: Sequence[Any], name: str) -> Table:
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise _unknown(f"{name}, row {number}", row, "must be a dict of column -> value")
    gaps: Dict[str, int] = {}
    columns: Dict[str, List[Any]] = {}
    for column in dict.fromkeys(column for row in rows for column in row):
        values = [row[column] for row in rows if column in row]
        if len(values) == len(rows):
            columns[column] = values
        else:
            gaps[column] = next(at for at, row in enumerate(rows) if column not in row)
    return Table(columns, len(rows), gaps=gaps)


def _unknown(
    name: str, rows: Any, rule: str = "must be a list of dicts, a dict of columns or a DataFrame"
) -> UserError:
    return UserError(f"{name}: {rule}, got {type(rows).__name__}")

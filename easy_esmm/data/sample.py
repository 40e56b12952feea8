"""A sample of the first rows of a file, for `init`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Tuple, Union

import pyarrow as pa


@dataclass(frozen=True, eq=False)
class Sample:
    """Some rows, column by column."""

    paths: Tuple[str, ...]
    description: str
    """The format of the files, in words."""
    input_type: str
    """Name of the format, as `data_config.input_type` has it."""
    settings: Dict[str, Union[str, bool]]
    """Other fields of `data_config` that these files need."""
    columns: Dict[str, List[Any]]
    """Values by column, None where there is none; text where the file has no types."""
    rows: int
    total: int
    """Rows of all files; of CSV files an estimate from the bytes of a line."""
    types: Dict[str, pa.DataType] = field(default_factory=dict)
    """Types of the columns, of a file that has some."""
    has_names: bool = True
    """Whether the files name their columns; else a config has to list all, in their order."""
    bad_rows: Tuple[str, ...] = ()
    """Rows that are no rows of the table, each with its place; left out of the sample."""

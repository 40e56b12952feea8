"""Columns that a prediction passes through from CSV and TFRecord files. No TensorFlow."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence

import pyarrow as pa
from numpy.typing import NDArray

from easy_esmm.data.csv_cells import split_line
from easy_esmm.data.csv_head import file_layout
from easy_esmm.data.examples import (
    BYTES,
    NUMBERS,
    WHOLE,
    common_head,
    find_value_fault,
    parse_example,
    read_head,
    value_count,
)
from easy_esmm.data.fields import Fields
from easy_esmm.data.passed import FILE, ROW, PassedColumns, no_utf8
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig

_TYPES = {BYTES: pa.string(), WHOLE: pa.int64(), NUMBERS: pa.float32()}


class CsvPassed(PassedColumns):
    """Columns of CSV files: text as it stands, whatever the declared type; null for empty cells."""

    def __init__(self, files: Sequence[str], data: DatasetConfig, fields: Fields) -> None:
        """Raises UserError if a file lacks a column."""
        layouts = [file_layout(path, data, fields) for path in files]
        self._places = [{n: layout.names.index(n) for n in fields.passed} for layout in layouts]
        self._names, self._separator = fields.passed, data.separator

    def read(self, batch: Mapping[str, NDArray[Any]]) -> Dict[str, pa.ChunkedArray]:
        texts: Dict[str, List[Any]] = {name: [] for name in self._names}
        for row, file in zip(batch[ROW].tolist(), batch[FILE].tolist()):
            cells = split_line(row.decode(), self._separator) or ()
            for name, place in self._places[file].items():
                texts[name].append(cells[place] or None)
        return {name: pa.chunked_array([cells], pa.string()) for name, cells in texts.items()}


class ExamplePassed(PassedColumns):
    """Columns of TFRecord files, of the kinds that the first rows show; null for absent values."""

    def __init__(self, files: Sequence[str], data: DatasetConfig, fields: Fields) -> None:
        """Reads the first rows of each file. Raises UserError where they cannot be read."""
        self._files, self._names = files, fields.passed
        self._head = common_head([read_head(path, data) for path in files])

    def read(self, batch: Mapping[str, NDArray[Any]]) -> Dict[str, pa.ChunkedArray]:
        found: Dict[str, List[Any]] = {name: [] for name in self._names}
        for row, file in zip(batch[ROW].tolist(), batch[FILE].tolist()):
            features = parse_example(row, self._files[file])
            for name, values in found.items():
                values.append(self._value(name, features, self._files[file]))
        return {name: self._array(name, values) for name, values in found.items()}

    def _value(self, name: str, features: Any, path: str) -> Any:
        """The value, or list of values, of a row; None where it has none."""
        feature = features.get(name)
        kind, is_list = self._head.kinds[name], name in self._head.lists
        if feature is None or not value_count(feature):
            return None if feature is None or not is_list else []
        fault = find_value_fault(feature, kind, is_list)
        if fault:
            raise UserError(f"--reserved_cols: {path}: column '{name}' {fault}; leave it out")
        values = list(getattr(feature, feature.WhichOneof("kind")).value)
        if kind == BYTES:
            values = [_decoded(name, value) for value in values]
        return values if is_list else values[0]

    def _array(self, name: str, values: List[Any]) -> pa.ChunkedArray:
        kind = _TYPES[self._head.kinds[name]]
        return pa.chunked_array([values], pa.list_(kind) if name in self._head.lists else kind)


def _decoded(name: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise no_utf8(name) from error

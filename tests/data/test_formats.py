"""The registry of input formats: what a new one has to bring."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, List, Optional, Sequence

import pytest
import tensorflow as tf

from easy_esmm.config import Problem
from easy_esmm.config.problems import Place
from easy_esmm.data import check_files, input_fn
from easy_esmm.data.decode import DTYPES, Decoded, assemble
from easy_esmm.data.fields import Fields
from easy_esmm.data.file_problems import FileProblems
from easy_esmm.data.formats import FORMATS, read_sample
from easy_esmm.data.input_format import InputFormat
from easy_esmm.data.row_errors import SkippedRows
from easy_esmm.data.sample import Sample
from easy_esmm.data.settings import Reading
from easy_esmm.protos.data_pb2 import DatasetConfig


class JsonLines(InputFormat):
    """An object of one value a column in each line."""

    def check(self, files: Sequence[str], problems: FileProblems) -> int:
        rows = 0
        for path in files:
            found = _rows([path])
            rows += len(found)
            for column in problems.fields.needed if found else ():
                if column.name not in found[0]:
                    problems.add_column(column, f"no '{column.name}'", list(found[0]), path)
        return rows

    def read(
        self,
        files: Sequence[str],
        data: DatasetConfig,
        fields: Fields,
        reading: Reading,
        skipped: SkippedRows,
        validator: Optional[Any] = None,
    ) -> tf.data.Dataset:
        rows = _rows(files)
        decoded = {}
        for column in fields.needed:
            cells = [row[column.name] for row in rows]
            is_missing = tf.constant([cell is None for cell in cells])
            filled = [column.default if cell is None else cell for cell in cells]
            values = tf.constant(filled, DTYPES[column.type])
            decoded[column.name] = Decoded(values, is_missing, tf.constant(True))
        _, element = assemble(fields, decoded)
        return tf.data.Dataset.from_tensor_slices(element).batch(reading.batch_size)

    def count_rows(self, files: Sequence[str]) -> int:
        return len(_rows(files))

    def recognizes(self, start: bytes) -> bool:
        return start.startswith(b"{")

    def sample(
        self,
        files: Sequence[str],
        rows: int,
        labels: Sequence[str],
        encoding: Optional[str] = None,
    ) -> Sample:
        found = _rows(files[:1])[:rows]
        columns = {name: [str(row[name]) for row in found] for name in found[0]}
        return Sample(tuple(files), "JSON", "DummyInput", {}, columns, len(found), len(found))


def _rows(files: Sequence[str]) -> List[Any]:
    return [json.loads(line) for path in files for line in Path(path).read_text().splitlines()]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file of the format, which is registered for as long as the test runs."""
    monkeypatch.setitem(FORMATS, DatasetConfig.DummyInput, JsonLines())
    file = tmp_path / "rows.json"
    rows = [
        {"buy": 0, "click": 1, "id": 5, "text": "a"},
        {"buy": None, "click": 0, "id": 6, "text": "b"},
    ]
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return str(file)


def test_rows_of_a_registered_format_come_through_the_input_function(
    path: str, make_config: Any
) -> None:
    config = make_config(data="input_type: DummyInput batch_size: 2")
    ((columns, labels),) = list(input_fn(config, "eval", path)())
    assert columns["id"].numpy().tolist() == [5, 6]
    assert columns["text"].numpy().tolist() == [b"a", b"b"]
    assert labels["buy"].value.numpy().tolist() == [0, 0]
    assert labels["buy"].is_missing.numpy().tolist() == [False, True]
    assert labels["click"].value.numpy().tolist() == [1, 0]


def test_files_of_a_registered_format_are_checked_before_they_are_read(
    path: str, make_config: Any
) -> None:
    class Pipeline:
        config = make_config(
            {"buy": "INT32", "click": "INT32", "idd": "INT64"}, data="input_type: DummyInput"
        )

        def problem(self, field: str, rule: str, value: Any = None, hint: Any = None) -> Problem:
            return Problem(Place("a.config", 1, 1), field, rule, value, hint)

    pipeline: Any = Pipeline()
    assert [str(problem) for problem in check_files(pipeline, "eval", path)] == [
        f"a.config:1:1: data_config.input_fields[2].input_name: {path}: no 'idd'; did you mean id?"
    ]


def test_a_config_is_drafted_from_the_format_that_recognizes_the_file(path: str) -> None:
    sample = read_sample(path, 1, ())
    assert (sample.input_type, sample.rows) == ("DummyInput", 1)
    assert sample.columns["id"] == ["5"]

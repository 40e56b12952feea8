"""Tests that a value means the same on every path that it can take to a model.

One model is trained; then the same rows are scored from CSV, gzip, Parquet, TFRecord and DataFrames
of several kinds, from its checkpoint and from its SavedModel. What one path refuses, all refuse.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from easy_esmm import config as configs
from easy_esmm import data, training
from easy_esmm.config.cells import cell_fault, is_empty, missing_mark, parse_cell
from easy_esmm.data import csv_fault
from easy_esmm.data.csv_check import csv_faults
from easy_esmm.data.csv_head import Layout
from easy_esmm.data.decode import decode_lines
from easy_esmm.data.fields import Column, Fields
from easy_esmm.data.lines import Line
from easy_esmm.errors import UserError
from easy_esmm.estimator.bad_cells import find_bad_cell
from easy_esmm.protos.data_pb2 import DatasetConfig

pytestmark = pytest.mark.versions

Row = Dict[str, Any]
"""Input column -> value: a number, a text, a boolean, a list of text; None is missing."""

SCALARS = {
    "price": "FLOAT",  # a number with an indicator
    "rate": "DOUBLE",  # a number in buckets
    "age": "INT32",  # a number, a missing one of which counts as 0
    "user": "INT64",  # an id
    "item": "STRING",  # an id
    "note": "STRING",  # text that is a number
    "vip": "BOOL",
}
LISTS = ("tags", "ids")
TYPES = {"ids": "INT64", "tags": "STRING", **SCALARS}
CONFIG = """
model_dir: "{folder}/model"
train_input_path: "{folder}/train.csv"
train_config {{ num_steps: 20 optimizer_config {{ adam_optimizer {{ learning_rate {{
  constant_learning_rate {{ learning_rate: 0.05 }} }} }} }} }}
data_config {{ input_type: {input_type} {extra} batch_size: 64 num_epochs: 0 {fields}
  label_fields: ["buy", "click"] }}
feature_config {{
  features {{ input_names: "price" feature_type: RawFeature missing_indicator: true }}
  features {{ input_names: "rate" feature_type: RawFeature missing_indicator: true
              boundaries: [-1, 0, 1] embedding_dim: 2 }}
  features {{ input_names: "age" feature_type: RawFeature min_val: -1 max_val: 9 }}
  features {{ input_names: "user" feature_type: IdFeature embedding_dim: 4 hash_bucket_size: 500 }}
  features {{ input_names: "item" feature_type: IdFeature embedding_dim: 4 hash_bucket_size: 500 }}
  features {{ input_names: "note" feature_type: RawFeature missing_indicator: true }}
  features {{ input_names: "vip" feature_type: IdFeature embedding_dim: 4 hash_bucket_size: 9 }}
  features {{ input_names: "tags" feature_type: TagFeature embedding_dim: 4 hash_bucket_size: 500 }}
  features {{ input_names: "ids" feature_type: TagFeature embedding_dim: 4 hash_bucket_size: 500 }}
}}
model_config {{ model_class: "ESMM"
  feature_groups {{ group_name: "all" feature_names: [{names}] }}
  esmm {{
    ctr_tower {{ tower_name: "ctr" label_name: "click" dnn {{ hidden_units: 8 use_bn: false }} }}
    cvr_tower {{ tower_name: "cvr" label_name: "buy" dnn {{ hidden_units: 8 use_bn: false }} }}
  }} }}
"""
BASE: Row = {
    "price": 2.5, "rate": 0.5, "age": 3, "user": 41, "item": "i7", "note": "1.25", "vip": True,
    "tags": ["a", "b"], "ids": ["5", "6"],
}  # fmt: skip
VALUES: Mapping[str, Sequence[Any]] = {
    "price": [0.0, 1.0, -3.0, 1e-30, 0.1, 16777217.0, None],
    "rate": [0.0, -1.0, 1.0, 0.1, 1e300, -5e-324, None],
    "age": [0, 1, -1, 2147483647, -2147483647, None],
    "user": [0, -1, 2**53 + 1, 2**53, 1577134800018164123, 2**63 - 1, -(2**63) + 1, None],
    "item": [
        "0",
        " i7",
        "i7 ",
        "上衣",
        "a,b",
        'say "yes"',
        "nan",
        "None",
        "1.0",
        "1",
        "\u00a0",
        None,
    ],
    "note": ["0", " 7 ", "-0", "007", "1e1", ".5", "7.", None],
    "vip": [False, None],
    "tags": [["a"], ["b", "a"], ["上衣", "a b"], ["nan"], ["0"], [], None],
    "ids": [["5"], ["0"], ["-1"], ["9223372036854775807", "5"], [], None],
}
ROWS: List[Row] = [BASE, *({**BASE, name: v} for name, values in VALUES.items() for v in values)]


def pipeline(folder: Path, kind: str = "CSV") -> configs.Pipeline:
    """The config that reads files of a kind; a list is text in CSV files."""
    types = {**TYPES, "ids": "STRING"} if kind == "CSV" else TYPES
    fields = "".join(
        f'input_fields {{ input_name: "{name}" input_type: {of_type} }} '
        for name, of_type in {"click": "INT32", "buy": "INT32", **types}.items()
    )
    text = CONFIG.format(
        folder=folder,
        input_type=f"{kind}Input",
        extra="with_header: true" if kind == "CSV" else "",
        fields=fields,
        names=", ".join(f'"{name}"' for name in TYPES),
    )
    path = folder / f"{kind}.config"
    path.write_text(text)
    return configs.load(str(path))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds a trained model and its SavedModel."""
    path = tmp_path_factory.mktemp("meaning")
    # (Without the largest numbers, of which training diverges.)
    mild = [row for row in ROWS if abs(row["price"] or 0) < 9 and abs(row["age"] or 0) < 9]
    rows = [{**row, "click": i % 2, "buy": i % 4 // 3} for i, row in enumerate(mild)]
    write_csv(rows, path / "train.csv")
    trained = pipeline(path)
    training.train(trained)
    training.export(trained, str(path / "export"))
    return path


def csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        value = "|".join(value)
    text = value if isinstance(value, str) else repr(value)
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\r') else text


def write_csv(rows: Sequence[Row], path: Path) -> None:
    lines = [",".join(rows[0]), *(",".join(map(csv_cell, row.values())) for row in rows)]
    (path.write_bytes if path.suffix != ".gz" else lambda b: path.write_bytes(gzip.compress(b)))(
        "".join(f"{line}\n" for line in lines).encode()
    )


ARROW = {
    "FLOAT": pa.float32(), "DOUBLE": pa.float64(), "INT32": pa.int32(), "INT64": pa.int64(),
    "STRING": pa.string(), "BOOL": pa.bool_(),
}  # fmt: skip


def table_of(rows: Sequence[Row], types: Optional[Mapping[str, Any]] = None) -> pa.Table:
    columns = {}
    for name, declared in TYPES.items():
        kind = (types or {}).get(name, ARROW[declared])
        values = [row[name] for row in rows]
        if name in LISTS:
            if name == "ids":
                values = [v if v is None else list(map(int, v)) for v in values]
            kind = pa.list_(kind)
        if pa.types.is_dictionary(kind):
            columns[name] = pa.array(values, kind.value_type).dictionary_encode().cast(kind)
        else:
            columns[name] = pa.array(values, kind)
    return pa.table(columns)


def write_parquet(rows: Sequence[Row], path: Path) -> None:
    pq.write_table(table_of(rows), path, row_group_size=7)


def write_other_parquet(rows: Sequence[Row], path: Path) -> None:
    """The same values in other types."""
    types = {
        "age": pa.int64(),
        "item": pa.dictionary(pa.int16(), pa.large_string()),
        "note": pa.large_binary(),
        "tags": pa.binary(),
    }
    pq.write_table(table_of(rows, types), path)


def write_records(rows: Sequence[Row], path: Path) -> None:
    with tf.io.TFRecordWriter(str(path), "GZIP" if path.suffix == ".gz" else "") as writer:
        for row in rows:
            features = {n: feature for n, v in row.items() if (feature := _feature(n, v))}
            example = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(example.SerializeToString())


def _feature(name: str, value: Any) -> Optional[tf.train.Feature]:
    if value is None:
        return None
    values = value if isinstance(value, list) else [value]
    if TYPES[name] in ("FLOAT", "DOUBLE"):
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))
    if TYPES[name] == "STRING":
        texts = [text.encode() for text in values]
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=texts))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=[int(v) for v in values]))


def objects(rows: Sequence[Row]) -> pd.DataFrame:
    """Python objects: what pandas makes of lists and None."""
    frame = pd.DataFrame({n: pd.Series([r[n] for r in rows], dtype=object) for n in TYPES})
    frame["ids"] = [v if v is None else list(map(int, v)) for v in frame["ids"]]
    return frame


def nullable(rows: Sequence[Row]) -> pd.DataFrame:
    """Types of pandas that know missing values."""
    frame = objects(rows)
    kinds = {"age": "Int32", "user": "Int64", "vip": "boolean", "item": "string", "note": "string"}
    for name, kind in kinds.items():
        frame[name] = pd.array(list(frame[name]), dtype=kind)
    frame["price"] = np.array([np.nan if v is None else v for v in frame["price"]], np.float32)
    frame["rate"] = np.array([np.nan if v is None else v for v in frame["rate"]], np.float64)
    return frame


def arrow(rows: Sequence[Row]) -> pd.DataFrame:
    """Columns of Arrow."""
    return table_of(rows).to_pandas(types_mapper=pd.ArrowDtype)


def categorical(rows: Sequence[Row]) -> pd.DataFrame:
    """Categories of text and of whole numbers."""
    frame = nullable(rows)
    for name in ("item", "note", "user"):
        frame[name] = pd.Categorical(list(objects(rows)[name]))
    return frame


FILES: Mapping[str, Any] = {
    "rows.csv": ("CSV", write_csv),
    "rows.csv.gz": ("CSV", write_csv),
    "rows.parquet": ("Parquet", write_parquet),
    "other.parquet": ("Parquet", write_other_parquet),
    "rows.tfrecord": ("TFRecord", write_records),
    "rows.tfrecord.gz": ("TFRecord", write_records),
}
FRAMES: Mapping[str, Callable[[Sequence[Row]], pd.DataFrame]] = {
    "objects": objects,
    "nullable": nullable,
    "arrow": arrow,
    "categorical": categorical,
}


def scores(
    folder: Path, path: Path, kind: str, saved_model: bool = False, ignore_error: bool = False
) -> Any:
    """float64 [rows, 2] of a file."""
    output = folder / "scores.parquet"
    model = str(folder / "export") if saved_model else ""
    scored = pipeline(folder, kind)
    scored.config.data_config.ignore_error = ignore_error
    training.score(scored, str(path), str(output), saved_model=model)
    table = pq.read_table(output, columns=["probs_ctr", "probs_cvr"])
    return np.stack([table[name].to_numpy() for name in table.column_names], 1)


@pytest.fixture(scope="module")
def expected(folder: Path) -> Any:
    """The scores of `ROWS` from a CSV file."""
    write_csv(ROWS, folder / "expected.csv")
    return scores(folder, folder / "expected.csv", "CSV")


def rows_of(name: str) -> List[Row]:
    """`ROWS` with values as a file of the name can hold them."""
    if "tfrecord" not in name:
        return ROWS
    # A tf.Example has 32-bit floats only.
    return [{**r, "rate": r["rate"] and float(np.clip(r["rate"], -3e38, 3e38))} for r in ROWS]


@pytest.mark.parametrize(
    ("name", "saved_model"),
    [*((name, False) for name in FILES), *((n, True) for n in FILES if not n.endswith(".gz"))],
)
def test_equal_rows_have_equal_scores(
    folder: Path, expected: Any, name: str, saved_model: bool
) -> None:
    kind, write = FILES[name]
    write(rows_of(name), folder / name)
    np.testing.assert_array_equal(scores(folder, folder / name, kind, saved_model), expected)


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_of_the_same_rows_has_the_same_scores(
    folder: Path, expected: Any, name: str
) -> None:
    found = training.score_frame(pipeline(folder, "Parquet"), FRAMES[name](ROWS))
    np.testing.assert_array_equal(found[["probs_ctr", "probs_cvr"]], expected)


def test_different_values_have_different_scores(expected: Any) -> None:
    """Without this, a reader that drops a column would pass."""
    same = {
        ("age", None): ("age", 0),  # a missing number without an indicator counts as 0
        ("vip", None): ("vip", False),
        ("tags", None): ("tags", []),
        ("ids", None): ("ids", []),
        ("note", "-0"): ("note", "0"),
    }
    place = {}
    numbered = ((name, value) for name, values in VALUES.items() for value in values)
    for number, (name, value) in enumerate(numbered, 1):
        place[name, str(value)] = tuple(expected[number])
    for (name, value), (other_name, other) in same.items():
        assert place[name, str(value)] == place[other_name, str(other)]
    distinct = {key: score for key, score in place.items() if key not in
                {(name, str(value)) for name, value in same}}  # fmt: skip
    for name in TYPES:
        of_column = [score for (column, _), score in distinct.items() if column == name]
        assert len(set(of_column)) >= len(of_column) - _few_alike(name), name


def _few_alike(name: str) -> int:
    """Values of a column that a feature takes for one: buckets, and float32 near each other.

    Or rates of 1, as of the largest and the smallest age.
    """
    return {"age": 1, "rate": 4, "price": 1, "note": 2}.get(name, 0)


PLACES = {"CSV": ":3: ", "Parquet": ": row 2: ", "TFRecord": ": record 2: "}


@pytest.mark.parametrize(
    ("name", "saved_model"),
    [*((name, False) for name in FILES if not name.endswith(".gz")), ("rows.csv", True)],
)
def test_text_that_is_no_number_is_a_bad_row_of_every_file(
    folder: Path, expected: Any, name: str, saved_model: bool
) -> None:
    kind, write = FILES[name]
    path = folder / f"bad_{name}"
    write([BASE, {**BASE, "note": "nan"}, BASE], path)
    with pytest.raises(UserError) as caught:
        scores(folder, path, kind, saved_model)
    message = str(caught.value)
    assert message.startswith(f"{path}{PLACES[kind]}")
    assert "note" in message
    assert "'nan'" in message
    found = scores(folder, path, kind, saved_model, ignore_error=True)
    # (A product of two rows is added up in another order than one of many.)
    np.testing.assert_allclose(found, expected[[0, 0]], rtol=1e-6)


def bad_row(read: configs.Pipeline, path: Path) -> Optional[UserError]:
    """The first row of a file that cannot be read, by decoding or by a feature."""
    input_fn = data.input_fn(read.config, "predict", str(path))
    try:
        list(input_fn.batches())
    except tf.errors.OpError as error:
        return data.row_error(error)
    return find_bad_cell(read.config, str(path), with_labels=False)


@pytest.mark.parametrize("text", ["inf", "-Infinity", "1e400", "0x10", "+2", "1_0", "2,5", "7 7"])
@pytest.mark.parametrize("column", ["price", "note"])
def test_a_bad_cell_is_named_with_its_line_its_column_and_its_value(
    folder: Path, column: str, text: str
) -> None:
    path = folder / "bad.csv"
    write_csv([BASE, {**BASE, column: text}, BASE], path)
    message = str(bad_row(pipeline(folder), path))
    assert message.startswith(f"{path}:3: ")
    assert f"column '{column}'" in message
    assert repr(text) in message


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_with_text_that_is_no_number_is_refused(folder: Path, name: str) -> None:
    frame = FRAMES[name]([BASE, {**BASE, "note": "nan"}])
    with pytest.raises(UserError, match=r"DataFrame: row 2: .*note.*'nan'"):
        training.score_frame(pipeline(folder, "Parquet"), frame)


TEXT = st.text(st.sampled_from("0123456789+-.eExX_, \tnaifNAIF\u0661\uff11\u00a0"), max_size=9)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(
    text=TEXT,
    name=st.sampled_from(("price", "rate", "age", "user", "vip")),
    other=st.sampled_from(("x", '"a,""b"', "")),
)
def test_the_check_of_first_rows_and_the_reader_agree_on_any_text(
    text: str, name: str, other: str
) -> None:
    kind, cell = DatasetConfig.FieldType.Value(TYPES[name]), text.encode()
    value, fault = parse_cell(kind, cell), cell_fault(kind, cell)
    assert bool(fault) == (value is None and not is_empty(kind, cell))
    column = Column(name, kind, missing_mark(kind))
    fields = Fields((column,), (), None, declared=("other", name))
    line = f"{other},{csv_cell(text or None)}"
    found = list(csv_faults([Line(1, line)], DatasetConfig(), fields))
    assert [one.column for one in found] == ([column] if fault else [])
    layout = Layout(("other", name), ",")
    try:
        is_legal, columns = decode_lines(tf.constant([line]), layout, fields)
    except tf.errors.InvalidArgumentError:  # an integer that does not fit
        is_legal = False
    assert bool(is_legal) == (not fault)
    if fault:
        message = f"column '{name}' ({TYPES[name]}): {fault}"
        assert csv_fault.fault(line.encode(), layout, fields).startswith(message)
        assert found[0].rule.startswith(message)
    else:
        dtype = columns[name].dtype.as_numpy_dtype
        expected = np.array([missing_mark(kind) if value is None else value], dtype)
        np.testing.assert_array_equal(columns[name].numpy(), expected)

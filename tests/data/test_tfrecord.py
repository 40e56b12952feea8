"""TFRecord input: the rows of CSV and Parquet, defaults, lists, damaged files and wrong rows."""

from __future__ import annotations

import gzip
import logging
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from easy_esmm.data import input_fn
from easy_esmm.data.records import masked_crc, read_chunk
from easy_esmm.errors import UserError
from easy_esmm.protos.feature_pb2 import FeatureConfig
from tests.data.messages import message_of

DATA = "input_type: TFRecordInput"
COLUMNS = {
    "buy": "INT32",
    "click": "STRING",
    "id": "INT64",
    "small": 'INT32 default_val: "-1"',
    "price": "FLOAT",
    "ratio": "DOUBLE",
    "is_new": "BOOL",
    "text": 'STRING default_val: "none"',
    "weight": "FLOAT",
}


def example(row: Dict[str, Any]) -> bytes:
    """A row as tf.train.Example; None is an absent column, [] one without values."""
    features = {}
    for name, value in row.items():
        values = value if isinstance(value, list) else [value]
        if value is None:
            continue
        if not values:
            kind = {}
        elif isinstance(values[0], (bool, int)):
            kind = {"int64_list": tf.train.Int64List(value=[int(v) for v in values])}
        elif isinstance(values[0], float):
            kind = {"float_list": tf.train.FloatList(value=values)}
        else:
            kind = {"bytes_list": tf.train.BytesList(value=[v.encode() for v in values])}
        features[name] = tf.train.Feature(**kind)
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def write(path: Path, records: Iterable[bytes], compression: str = "") -> str:
    with tf.io.TFRecordWriter(str(path), compression) as writer:
        for record in records:
            writer.write(record)
    return str(path)


def numbers(size: int, start: int = 0) -> List[bytes]:
    rows = range(start, start + size)
    return [example({"buy": 0, "click": 1, "id": i, "text": f"t{i}"}) for i in rows]


@pytest.fixture
def rows() -> Dict[str, List[Any]]:
    """Columns of 40 rows, exact in 32 bits, some of them absent."""
    index = range(40)
    return {
        "buy": [i % 5 // 4 for i in index],
        "click": [str(i % 2) for i in index],
        "id": [2**40 + i for i in index],
        "small": [None if i % 7 == 0 else i for i in index],
        "price": [i / 8 for i in index],
        "ratio": [None if i % 3 == 0 else i / 4 for i in index],
        "is_new": [i % 4 == 0 for i in index],
        "text": [None if i % 6 == 5 else f"a|b{i}" for i in index],
        "weight": [1.0 + i / 2 for i in index],
    }


def test_equal_rows_give_equal_tensors_from_all_three_formats(
    make_config: Any, read: Any, rows: Dict[str, List[Any]], tmp_path: Path
) -> None:
    table = pa.table(rows)
    pq.write_table(table, tmp_path / "rows.parquet")
    options = pa.csv.WriteOptions(include_header=False, quoting_style="none")
    pa.csv.write_csv(table, tmp_path / "rows.csv", options)
    write(tmp_path / "rows.tfrecord", [example(row) for row in table.to_pylist()])
    found = []
    for kind, suffix in (("CSV", "csv"), ("Parquet", "parquet"), ("TFRecord", "tfrecord")):
        config = make_config(COLUMNS, data=f'input_type: {kind}Input sample_weight: "weight"')
        make_dataset = input_fn(config, "eval", str(tmp_path / f"rows.{suffix}"))
        types = {name: spec.dtype for name, spec in make_dataset().element_spec[0].items()}
        found.append((read(make_dataset()), types))
    np.testing.assert_equal(found[1], found[0])  # a missing number is a NaN
    np.testing.assert_equal(found[2], found[0])
    assert found[0][0].columns["small"][:2] == [-1, 1]
    assert found[0][0].columns["text"][4:6] == [b"a|b4", b"none"]


def with_tags(config: Any, *names: str) -> Any:
    for feature in config.feature_config.features:
        if feature.input_names[0] in names:
            feature.feature_type = FeatureConfig.TagFeature
    return config


def test_lists_are_those_of_parquet(make_config: Any, read: Any, tmp_path: Path) -> None:
    cells = {
        "buy": [0, 1, 0, 1],
        "click": [1, 1, 1, 1],
        "ids": [[5], [], [7, 8, 9], [1]],
        "words": [["a"], ["b", "c|d"], [], ["e"]],
        "shares": [[0.5], [], [0.25, 1.0, 2.0], [4.0]],
        "joined": ["x|y", "z", "", "w"],
    }
    columns = {"buy": "INT32", "click": "INT32", "ids": "INT64", "words": "STRING",
               "shares": "FLOAT", "joined": "STRING"}  # fmt: skip
    table = pa.table(cells)
    pq.write_table(table, tmp_path / "a.parquet")
    write(tmp_path / "a.tfrecord", [example(row) for row in table.to_pylist()])
    found = []
    for kind in ("Parquet", "TFRecord"):
        config = with_tags(
            make_config(columns, data=f"input_type: {kind}Input batch_size: 3"),
            *("ids", "words", "shares", "joined"),
        )
        found.append(read(input_fn(config, "eval", str(tmp_path / f"a.{kind.lower()}"))()))
    assert found[0] == found[1]
    assert found[1].columns["ids"] == cells["ids"]
    assert found[1].sizes == [3, 1]


@pytest.mark.parametrize("compression", ["", "GZIP"])
def test_every_row_is_read_once_in_order_and_in_training_once_an_epoch(
    make_config: Any, read: Any, tmp_path: Path, compression: str
) -> None:
    suffix = ".gz" if compression else ""
    for part, (start, size) in enumerate(((0, 2500), (2500, 0), (2500, 700))):
        write(tmp_path / f"{part}.tfrecord{suffix}", numbers(size, start), compression)
    pattern = str(tmp_path / "*.tfrecord*")
    config = make_config(data=f"{DATA} num_epochs: 2")
    rows = read(input_fn(config, "eval", pattern, batch_size=1000)())
    assert rows.columns["id"] == list(range(3200))
    assert rows.columns["text"] == [b"t%d" % i for i in range(3200)]
    assert rows.sizes == [1000, 1000, 1000, 200]
    epochs = read(input_fn(config, "train", pattern, batch_size=50)()).columns["id"]
    assert sorted(epochs[:3200]) == sorted(epochs[3200:]) == list(range(3200))
    assert epochs[:3200] != list(range(3200))
    shards = [
        read(input_fn(config, "eval", pattern, shard=(i, 3))()).columns["id"] for i in range(3)
    ]
    for i, shard in enumerate(shards):  # rows i, i + 3, ... of each file
        assert shard == [*range(i, 2500, 3), *range(2500 + i, 3200, 3)]


def test_compression_can_be_declared_where_the_suffix_does_not_tell(
    make_config: Any, read: Any, tmp_path: Path
) -> None:
    path = write(tmp_path / "rows", numbers(5), "GZIP")
    config = make_config(data=f'{DATA} data_compression_type: "GZIP"')
    assert read(input_fn(config, "eval", path)()).columns["id"] == list(range(5))


def damaged(path: Path, size: int, record: int, byte: int, mode: str) -> str:
    """A file of `numbers`, with one byte of a record's data flipped or all from there cut off."""
    records = numbers(size)
    write(path, records)
    at = sum(len(r) + 16 for r in records[: record - 1]) + byte
    content = bytearray(path.read_bytes())
    if mode == "cut":
        del content[at:]
    else:
        content[at] ^= 1
    path.write_bytes(content)
    return str(path)


@pytest.mark.parametrize(
    ("mode", "byte", "fault"),
    [
        ("flip", 14, "its data are damaged (check sum)"),
        ("flip", 2, "its length is damaged, so that nothing behind it can be read"),
        ("cut", 20, "the file ends inside the record"),
        ("cut", 5, "the file ends inside the record"),
    ],
)
def test_damage_is_named_with_file_record_and_byte(
    make_config: Any, tmp_path: Path, mode: str, byte: int, fault: str
) -> None:
    path = damaged(tmp_path / "a.tfrecord", 3000, 1500, byte, mode)
    at = sum(len(record) + 16 for record in numbers(1499))
    assert message_of(input_fn(make_config(data=DATA), "eval", path)) == (
        f"{path}: record 1500 (byte {at}): {fault}; write the file anew or set "
        "data_config.ignore_error"
    )


@pytest.mark.parametrize(
    ("mode", "byte", "kept"),
    [
        ("flip", 14, [i for i in range(3000) if i != 1499]),
        ("flip", 2, list(range(1499))),
        ("cut", 20, list(range(1499))),
    ],
)
def test_ignore_error_leaves_just_the_damage_out_and_counts_it(
    make_config: Any, read: Any, tmp_path: Path, mode: str, byte: int, kept: List[int]
) -> None:
    path = damaged(tmp_path / "a.tfrecord", 3000, 1500, byte, mode)
    make_dataset = input_fn(make_config(data=f"{DATA} ignore_error: true"), "eval", path)
    assert read(make_dataset()).columns["id"] == kept
    assert make_dataset.skipped.by_file == {path: 1}


def test_a_cut_gzip_file_is_named(make_config: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord.gz"
    write(path, numbers(3000), "GZIP")
    path.write_bytes(path.read_bytes()[:-2000])
    message = message_of(input_fn(make_config(data=DATA), "eval", str(path)))
    assert message.startswith(f"{path}: record ")
    assert "the file cannot be read on (Compressed file ended" in message


BAD = [
    ({"id": "seven"}, "column 'id' (INT64): holds text, the first rows hold whole numbers"),
    ({"id": [1, 2]}, "column 'id' (INT64): holds 2 values, the first rows hold one"),
    ({"small": 2**31}, "column 'small' (INT32): must fit its type, got 2147483648"),
    ({"price": float("nan")}, "column 'price' (FLOAT): must be finite, got nan"),
    ({"is_new": 2}, "column 'is_new' (BOOL): must be 0 or 1, got 2"),
    ({"weight": -1.0}, "column 'weight' (FLOAT): must not be negative, got -1.0"),
    ({"buy": 5}, "column 'buy' (INT32): must be in [0, 1], got 5"),
    ({"click": "no"}, "column 'click' (STRING): must be a number, got 'no'"),
    (None, "not a tf.Example"),
]


@pytest.mark.parametrize(("change", "fault"), BAD)
def test_a_bad_row_is_named(
    make_config: Any,
    read: Any,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    change: Optional[Dict[str, Any]],
    fault: str,
) -> None:
    good = {"buy": 0, "click": "1", "id": 3, "small": 4, "price": 1.5, "ratio": 1.0,
            "is_new": 1, "text": "t", "weight": 1.0}  # fmt: skip
    bad = b"\xff\xff" if change is None else example({**good, **change})
    path = write(tmp_path / "a.tfrecord", [example(good)] * 150 + [bad, example(good)])
    data = f'{DATA} sample_weight: "weight"'
    message = message_of(input_fn(make_config(COLUMNS, data=data), "eval", path))
    expected = f"{path}: record 151: {fault}"
    assert message == f"{expected}; fix the row or set data_config.ignore_error"
    lenient = input_fn(make_config(COLUMNS, data=f"{data} ignore_error: true"), "eval", path)
    with caplog.at_level(logging.WARNING):
        assert len(read(lenient()).columns["id"]) == 151
    assert caplog.messages == [f"row skipped: {expected}"]


def test_a_list_without_values_is_an_absent_value(
    make_config: Any, read: Any, tmp_path: Path
) -> None:
    empty = tf.train.Feature(int64_list=tf.train.Int64List(value=[]))
    row = tf.train.Example.FromString(numbers(1)[0])
    row.features.feature["id"].CopyFrom(empty)
    records = [*numbers(2), row.SerializeToString()]
    columns = {"buy": "INT32", "click": "INT32", "id": 'INT64 default_val: "-7"', "text": "STRING"}
    rows = read(input_fn(make_config(columns, data=DATA), "eval", write(tmp_path / "a", records))())
    assert rows.columns["id"] == [0, 1, -7]


def test_the_lowest_integer_is_a_missing_value_in_lists_too(
    make_config: Any, read: Any, tmp_path: Path
) -> None:
    lowest = -(2**63)
    records = [example({"id": lowest, "ids": [1, lowest]}), example({"id": 5, "ids": [lowest, 2]})]
    path = write(tmp_path / "a", records)
    for default, missing in (("", lowest), ('default_val: "-7"', -7)):
        columns = {"id": f"INT64 {default}", "ids": f"INT64 {default}"}
        rows = read(input_fn(make_config(columns, labels=(), data=DATA), "predict", path)())
        assert rows.columns["id"] == [missing, 5]
        assert [list(ids) for ids in rows.columns["ids"]] == [[1, missing], [missing, 2]]


def test_columns_are_passed_through_with_the_types_that_they_have(
    make_config: Any, read: Any, tmp_path: Path
) -> None:
    path = write(tmp_path / "a", [example({"id": 1, "text": "a", "key": 7, "note": "n"})] * 3)
    make_dataset = input_fn(make_config(data=DATA), "predict", path, extra_columns=["key", "note"])
    rows = read(make_dataset())
    assert (rows.columns["key"], rows.columns["note"]) == ([7] * 3, [b"n"] * 3)


def test_the_position_in_a_damaged_file_can_be_saved(make_config: Any, tmp_path: Path) -> None:
    path = damaged(tmp_path / "a.tfrecord", 3000, 100, 14, "flip")
    config = make_config(data=f"{DATA} ignore_error: true num_epochs: 1")
    iterator = iter(input_fn(config, "train", path, batch_size=500)())
    saved = tf.train.Checkpoint(iterator=iterator)
    first = next(iterator)[0]["id"].numpy().tolist()
    place = saved.save(str(tmp_path / "position"))
    rest = [columns["id"].numpy().tolist() for columns, _ in iterator]
    again = iter(input_fn(config, "train", path, batch_size=500)())
    tf.train.Checkpoint(iterator=again).restore(place)
    assert [columns["id"].numpy().tolist() for columns, _ in again] == rest
    assert sorted([*first, *(i for ids in rest for i in ids)]) == [
        i for i in range(3000) if i != 99
    ]


def test_check_sums_are_those_of_the_format(tmp_path: Path) -> None:
    # RFC 3720 B.4: CRC-32C of 32 zero bytes is 0x8A9136AA, of 32 bytes of ones 0x62A8AB43.
    crcs = np.array([0x8A9136AA, 0x62A8AB43], np.uint64)
    masked = ((crcs >> 15 | crcs << 17) + 0xA282EAD8) % 2**32
    assert [masked_crc(b"\0" * 32), masked_crc(b"\xff" * 32)] == masked.tolist()
    records = [b"", b"a", b"b" * 1000, b"", bytes(range(256))]
    with open(write(tmp_path / "a", records), "rb") as file:
        chunk = read_chunk(file, 0, 0, 4)
        assert (chunk.records, chunk.faults, chunk.is_end) == (records[:4], [], False)
        assert read_chunk(file, chunk.offset, chunk.number, 4).records == records[4:]


def test_something_else_than_tfrecord_is_refused_before_it_is_read(
    make_config: Any, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(gzip.compress(b"0,1,5,a\n"))
    with pytest.raises(UserError, match=r"record 1 \(byte 0\): .*is it a TFRecord file, compr"):
        input_fn(make_config(data=DATA), "eval", str(path))()

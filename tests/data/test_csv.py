"""CSV input: no row lost or doubled, rows in the promised order, cells as declared."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.data import input_fn
from easy_esmm.errors import UserError

SIZES = (2500, 1, 1024, 0, 3001)
TOTAL = sum(SIZES)


@pytest.mark.parametrize("batch", [100, 1500])
def test_evaluation_reads_every_row_once_in_the_order_of_the_files(
    make_config: Any, read: Any, numbered: Any, batch: int
) -> None:
    rows = read(input_fn(make_config(), "eval", numbered(SIZES), batch_size=batch)())
    assert rows.columns["id"] == list(range(TOTAL))
    assert rows.columns["text"] == [b"t%d" % number for number in range(TOTAL)]
    assert rows.labels["buy"] == [number % 2 for number in range(TOTAL)]
    assert rows.labels["click"] == [number % 3 % 2 for number in range(TOTAL)]
    assert rows.sizes == [batch] * (TOTAL // batch) + [TOTAL % batch]


@pytest.mark.parametrize("batch", [100, 1500])
def test_training_reads_every_row_once_in_each_epoch(
    make_config: Any, read: Any, numbered: Any, batch: int
) -> None:
    config = make_config(data="num_epochs: 3")
    rows = read(input_fn(config, "train", numbered(SIZES), batch_size=batch)())
    ids = rows.columns["id"]
    epochs = [ids[start : start + TOTAL] for start in range(0, 3 * TOTAL, TOTAL)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(TOTAL))] * 3
    assert epochs[0] != epochs[1] != epochs[2]
    assert rows.sizes[:-1] == [batch] * (3 * TOTAL // batch)


def test_windows_smaller_than_an_epoch_neither_lose_nor_double_rows(
    make_config: Any, read: Any, numbered: Any
) -> None:
    pattern, total = numbered((25000, 17001)), 42001
    config = make_config(data="num_epochs: 2")
    ids = read(input_fn(config, "train", pattern, batch_size=700)()).columns["id"]
    assert sorted(ids[:total]) == list(range(total))
    assert sorted(ids[total:]) == list(range(total))


def test_training_order_is_made_by_the_seed(make_config: Any, read: Any, numbered: Any) -> None:
    pattern, config = numbered(SIZES), make_config(data="num_epochs: 2")

    def order(seed: int) -> Any:
        return read(input_fn(config, "train", pattern, seed=seed)()).columns["id"]

    assert order(3) == order(3)
    assert order(3) != order(4)


def test_shuffling_mixes_files_and_neighbours(make_config: Any, read: Any, numbered: Any) -> None:
    pattern = numbered([6000] * 4)
    ids = np.array(read(input_fn(make_config(), "train", pattern)(), batches=40).columns["id"])
    assert len(ids) == 40 * 32
    # A window takes 16 blocks, about 4 of each of the four files: 80 of 1280 rows are one block's.
    assert np.bincount(ids // 6000, minlength=4).min() >= 80
    assert np.mean(np.diff(ids) == 1) < 0.01
    assert len(set(ids)) == len(ids)


def test_unshuffled_training_repeats_the_order_of_the_files(
    make_config: Any, read: Any, numbered: Any
) -> None:
    config = make_config(data="num_epochs: 2 shuffle: false")
    rows = read(input_fn(config, "train", numbered((1500, 700)), batch_size=1000)())
    assert rows.columns["id"] == [*range(2200), *range(2200)]
    assert rows.sizes == [1000, 1000, 1000, 1000, 400]


def test_training_without_an_end_goes_on(make_config: Any, read: Any, numbered: Any) -> None:
    rows = read(input_fn(make_config(), "train", numbered((40, 3)))(), batches=50)
    assert rows.sizes == [32] * 50
    assert sorted(Counter(rows.columns["id"]).values())[0] >= 36  # 1600 rows of 43: 37 epochs


@pytest.mark.parametrize("data", ["", "shuffle: false"])
def test_endless_training_on_blank_lines_ends(
    make_config: Any, read: Any, tmp_path: Path, data: str
) -> None:
    (tmp_path / "a.csv").write_text("\n\n\n")
    assert read(input_fn(make_config(data=data), "train", str(tmp_path / "a.csv"))()).sizes == []


@pytest.mark.parametrize("split", ["train", "eval"])
def test_shards_share_the_rows_out_exactly(
    make_config: Any, read: Any, numbered: Any, split: str
) -> None:
    pattern, config = numbered(SIZES), make_config(data="num_epochs: 1")
    parts = [
        read(input_fn(config, split, pattern, shard=(index, 3))()).columns["id"]
        for index in range(3)
    ]
    assert sorted(number for part in parts for number in part) == list(range(TOTAL))
    assert max(map(len, parts)) - min(map(len, parts)) <= len(SIZES)


def test_blank_lines_and_line_ends_of_windows_change_nothing(
    make_config: Any, read: Any, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\r\n1,0,7,a\r\n\r\n\n0,1,8,b\r\n0,0,9,c")
    rows = read(input_fn(make_config(), "eval", str(path))())
    assert rows.columns == {"id": [7, 8, 9], "text": [b"a", b"b", b"c"]}


def test_compressed_files_are_read_by_their_suffix(
    make_config: Any, read: Any, tmp_path: Path
) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"0,0,1,a\n0,0,2,b\n"))
    (tmp_path / "b.csv").write_text("0,0,3,c\n")
    rows = read(input_fn(make_config(), "eval", str(tmp_path / "*"))())
    assert rows.columns["id"] == [1, 2, 3]


TYPES = {
    "i": "INT32",
    "l": "INT64 default_val:'-5'",
    "f": "FLOAT default_val:'2.5'",
    "d": "DOUBLE",
    "b": "BOOL",
    "c": "BOOL default_val:'true'",
    "s": "STRING default_val:'none'",
    "t": "STRING",
}


def test_cells_have_their_declared_types_and_empty_cells_their_defaults(
    make_config: Any, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text('7,9000000000,0.1,0.1,TRUE,0,"x,y",z\n,,,,,,,\n')
    columns = next(iter(input_fn(make_config(TYPES, labels=()), "predict", str(path))()))
    expected: Dict[str, Any] = {
        "i": np.array([7, -(2**31)], np.int32),
        "l": np.array([9000000000, -5], np.int64),
        "f": np.array([0.1, 2.5], np.float32),
        "d": np.array([0.1, np.nan], np.float64),
        "b": np.array([True, False]),
        "c": np.array([False, True]),
        "s": np.array([b"x,y", b"none"], object),
        "t": np.array([b"z", b""], object),
    }
    assert columns.keys() == expected.keys()
    for name, values in expected.items():
        assert columns[name].numpy().dtype == values.dtype, name
        np.testing.assert_array_equal(columns[name].numpy(), values, name)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("", [b" a", b"b ", b" ", b""]),
        ("strip_text: true", [b"a", b"b", b"none", b"none"]),
    ],
)
def test_blanks_around_text_are_dropped_where_that_is_asked(
    make_config: Any, tmp_path: Path, data: str, text: List[bytes]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1, a\n 2,b \n3, \n4,\n")
    types = {"i": "INT32", "s": "STRING default_val:'none'" if data else "STRING"}
    config = make_config(types, labels=(), data=data)
    columns = next(iter(input_fn(config, "predict", str(path))()))
    assert columns["i"].numpy().tolist() == [1, 2, 3, 4]
    assert columns["s"].numpy().tolist() == text


def test_labels_and_weight_of_any_type_become_floats(
    make_config: Any, read: Any, tmp_path: Path
) -> None:
    types = {"buy": "STRING", "click": "BOOL", "id": "INT64", "weight": "DOUBLE default_val:'1'"}
    path = tmp_path / "a.csv"
    path.write_text("1.0,true,1,0.5\n,0,2,\n")
    config = make_config(types, data='sample_weight: "weight"')
    (columns, labels), *rest = input_fn(config, "eval", str(path))()
    assert not rest
    assert columns.keys() == {"id"}
    assert labels.keys() == {"buy", "click", "weight"}
    dtypes = [labels["buy"].value.dtype, labels["click"].value.dtype]
    assert [*dtypes, labels["weight"].value.dtype] == [tf.float32] * 3
    assert labels["buy"].value.numpy().tolist() == [1.0, 0.0]
    assert labels["click"].value.numpy().tolist() == [1.0, 0.0]
    assert labels["weight"].value.numpy().tolist() == [0.5, 1.0]


def test_separators_may_be_control_characters(make_config: Any, read: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("1\x010\x015\x01a,b\n")
    config = make_config(data=r"separator: '\001'")
    assert read(input_fn(config, "eval", str(path))()).columns == {"id": [5], "text": [b"a,b"]}


def test_header_finds_columns_by_name_in_each_file(
    make_config: Any, read: Any, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("id,buy,click,text\n1,1,0,a\n2,0,1,b\n")
    (tmp_path / "b.csv").write_text("\ufefftext,more,click,buy,id\r\nc,9,0,1,3\r\n")
    (tmp_path / "c.csv").write_text("id,buy,click,text\n")
    config = make_config(data="with_header: true")
    rows = read(input_fn(config, "eval", str(tmp_path / "*.csv"))())
    assert rows.columns == {"id": [1, 2, 3], "text": [b"a", b"b", b"c"]}
    assert rows.labels == {"buy": [1, 0, 1], "click": [0, 1, 0]}


def test_prediction_needs_no_labels_and_passes_extra_columns_through(
    make_config: Any, read: Any, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,text,session\n1,a,x\n2,b,y\n")
    make_dataset = input_fn(
        make_config(data="with_header: true"), "predict", str(path), extra_columns=["session", "id"]
    )
    assert read(make_dataset()).columns == {
        "id": [1, 2],
        "text": [b"a", b"b"],
        "session": [b"x", b"y"],
    }


def test_missing_column_is_an_error_before_the_graph(make_config: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,text,click\n1,a,0\n")
    with pytest.raises(UserError, match=r"a.csv: column 'buy' is not in the header \(id, text"):
        input_fn(make_config(data="with_header: true"), "eval", str(path))()


def test_strategies_do_not_share_rows_out_again(make_config: Any, numbered: Any) -> None:
    dataset: Any = input_fn(make_config(), "eval", numbered((3,)))()
    policy = dataset.options().experimental_distribute.auto_shard_policy
    assert policy == tf.data.experimental.AutoShardPolicy.OFF

"""Negatives that training drops: the same rows of every format, in every epoch, after a resume."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any, Callable, Dict, List

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from easy_esmm.data import input_fn
from easy_esmm.data.fields import FLOATS, Column
from easy_esmm.data.negatives import NegativeRows
from easy_esmm.data.row_errors import row_error
from easy_esmm.errors import UserError
from easy_esmm.estimator.length import expected_steps
from tests.data.test_tfrecord import example
from tests.data.test_tfrecord import write as write_records
from tests.data.user_rows import COLUMNS, USER_ROWS
from tests.data.user_rows import write as write_users

SIZES = (800, 1, 1199)
ROWS = sum(SIZES)
SAMPLING = "negative_sampling { rate: 0.25 seed: 7 }"
FORMATS = {
    "csv": "",
    "csv.gz": "",
    "header.csv": "with_header: true",
    "quoted.csv": "",
    "parquet": "input_type: ParquetInput",
    "tfrecord": "input_type: TFRecordInput",
}


def table(part: int) -> pd.DataFrame:
    """Every 16th row is clicked, every 32nd converts, every 50th lacks the click."""
    ids = sum(SIZES[:part]) + np.arange(SIZES[part])
    click = pd.array(np.where(ids % 16 == 0, 1, 0), "Int32")
    click[ids % 50 == 3] = pd.NA
    buy = pd.array(np.where(ids % 32 == 0, 1, 0), "Int32")
    return pd.DataFrame({"buy": buy, "click": click, "id": ids, "text": [f"t{i}" for i in ids]})


def write(folder: Path, kind: str) -> str:
    for part in range(len(SIZES)):
        rows, path = table(part), folder / f"{part}.{kind}"
        if kind == "parquet":
            pq.write_table(pa.Table.from_pandas(rows), path, row_group_size=300)
        elif kind == "tfrecord":
            records = rows.astype(object).where(rows.notna(), None).to_dict("records")
            write_records(path, map(example, records))
        else:
            text = rows.to_csv(None, index=False, header="header" in kind)
            if "quoted" in kind:
                text = text.replace(",t", ',"t').replace("\n", '"\n')
            data = text.encode()
            path.write_bytes(gzip.compress(data) if kind.endswith("gz") else data)
    return str(folder / f"?.{kind}")


def ids_of(dataset: Any) -> List[int]:
    return [int(i) for columns, _ in dataset for i in np.asarray(columns["id"])]


@pytest.fixture
def sample_of(make_config: Any, tmp_path: Path) -> Callable[..., Any]:
    def make(kind: str, data: str = "", epochs: int = 1, **arguments: Any) -> Any:
        glob = write(tmp_path, kind)
        data = f"num_epochs: {epochs} {SAMPLING} {FORMATS[kind]} {data}"
        config = make_config(data=data)
        return input_fn(config, "train", glob, **arguments)

    return make


@pytest.fixture(scope="module")
def expected() -> List[int]:
    """Ids of the rows that are read, by the definition of the draw, in float64 numpy."""
    ids: List[int] = []
    for part in range(len(SIZES)):
        rows = table(part)
        draw = NegativeRows(Column("click", FLOATS[0], b""), 0.25, 7)
        kept = draw.is_drawn(part, np.arange(len(rows))) | (rows["click"].fillna(0) > 0).to_numpy()
        ids += rows["id"][kept].tolist()
    return ids


@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_reads_all_clicked_rows_and_the_same_share_of_the_others(
    kind: str, sample_of: Any, expected: List[int]
) -> None:
    clicked = set(range(0, ROWS, 16))
    assert clicked <= set(expected)
    unclicked = ROWS - len(clicked)
    spread = np.sqrt(unclicked * 0.25 * 0.75)
    assert abs(len(expected) - len(clicked) - 0.25 * unclicked) < 4 * spread
    assert ids_of(sample_of(kind, "shuffle: false batch_size: 90")()) == expected
    shuffled = ids_of(sample_of(kind, "batch_size: 90")())
    assert sorted(shuffled) == expected
    assert shuffled != expected


def test_a_dataframe_is_sampled_as_the_file_of_its_rows(
    make_config: Any, expected: List[int]
) -> None:
    frame = table(0)
    config = make_config(data=f"num_epochs: 1 shuffle: false batch_size: 64 {SAMPLING}")
    kept = ids_of(input_fn(config, "train", frame)())
    assert kept == [i for i in expected if i < SIZES[0]]
    assert expected_steps(config, frame) == -(-len(kept) // 64)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_epochs_and_shards_share_one_sample(kind: str, sample_of: Any, expected: List[int]) -> None:
    twice = ids_of(sample_of(kind, "batch_size: 100", epochs=2)())
    assert sorted(twice) == sorted([*expected, *expected])
    parts = [ids_of(sample_of(kind, "batch_size: 100", shard=(i, 2))()) for i in range(2)]
    assert sorted([*parts[0], *parts[1]]) == expected
    # A shard of Parquet is every other window of rows, and there is one.
    assert kind == "parquet" or min(map(len, parts)) > 200


@pytest.mark.parametrize("kind", ["csv", "parquet", "tfrecord"])
def test_a_resumed_sample_goes_on_with_identical_batches(
    kind: str, sample_of: Any, tmp_path: Path
) -> None:
    make = sample_of(kind, "batch_size: 50", epochs=3)
    whole = [np.asarray(columns["id"]).tolist() for columns, _ in make()]
    iterator = iter(make())
    for _ in range(15):
        next(iterator)
    path = tf.train.Checkpoint(iterator=iterator).save(str(tmp_path / "state"))
    resumed = iter(make())
    tf.train.Checkpoint(iterator=resumed).restore(path)
    assert [np.asarray(columns["id"]).tolist() for columns, _ in resumed] == whole[15:]


def test_batches_of_users_are_full_and_hold_the_users_of_the_rows_that_are_left(
    make_config: Any, tmp_path: Path
) -> None:
    _, glob = write_users(tmp_path, (300, 3, 200))
    config = make_config(COLUMNS, data=f"batch_size: 128 num_epochs: 1 {SAMPLING} {USER_ROWS}")
    found: Dict[str, List[Any]] = {"id": [], "user": [], "click": []}
    sizes = []
    for columns, labels in input_fn(config, "train", glob).batches():
        sizes.append(len(columns["id"]))
        for name, values in (*columns.items(), ("click", labels["click"].value)):
            if name in found:
                found[name] += np.asarray(values).tolist()
    assert sizes[:-1] == [128] * (len(sizes) - 1)
    every = input_fn(make_config(COLUMNS, data=USER_ROWS), "eval", glob).batches()
    of_id = {
        int(i): int(user)
        for columns, _ in every
        for i, user in zip(np.asarray(columns["id"]), np.asarray(columns["user"]))
    }
    clicked = [i for i in of_id if i % 3 % 2]
    assert set(clicked) <= set(found["id"])
    assert len(found["id"]) == len(set(found["id"]))
    unclicked = len(of_id) - len(clicked)
    share = (len(found["id"]) - len(clicked)) / unclicked
    assert share == pytest.approx(0.25, abs=4 * np.sqrt(0.25 * 0.75 / unclicked))
    assert found["click"] == [float(i % 3 % 2) for i in found["id"]]
    assert [of_id[i] for i in found["id"]] == found["user"]
    assert expected_steps(config, glob) == len(sizes)


def test_a_label_or_a_seed_of_its_own_makes_another_input(make_config: Any, tmp_path: Path) -> None:
    glob = write(tmp_path, "csv")
    samplings = ("", "negative_sampling {}", SAMPLING, SAMPLING.replace("7", "8"))
    inputs = [input_fn(make_config(data=f"num_epochs: 1 {s}"), "train", glob) for s in samplings]
    assert len({one.identity() for one in inputs}) == 4
    found = [set(ids_of(one())) for one in inputs]
    assert found[0] == found[1] == set(range(ROWS))
    assert 100 < len(found[2] - found[3]) < 700


def test_evaluations_and_predictions_read_all_rows(make_config: Any, tmp_path: Path) -> None:
    glob = write(tmp_path, "csv")
    assert len(ids_of(input_fn(make_config(data=SAMPLING), "eval", glob)())) == ROWS


@pytest.mark.parametrize("kind", ["csv", "parquet", "tfrecord"])
def test_a_row_whose_label_cannot_be_read_is_told_and_not_dropped(
    kind: str, make_config: Any, tmp_path: Path
) -> None:
    labels = [0.0] * 400 + [2.5] + [0.0] * 9
    frame = pd.DataFrame({"buy": [0] * 410, "click": labels, "id": range(410), "text": "t"})
    path = tmp_path / f"rows.{kind}"
    if kind == "parquet":
        frame.to_parquet(path)
    elif kind == "tfrecord":
        write_records(path, map(example, frame.to_dict("records")))
    else:
        frame.to_csv(path, index=False, header=False)
    columns = {"buy": "INT32", "click": "FLOAT", "id": "INT64", "text": "STRING"}
    config = make_config(columns, data=f"num_epochs: 1 {FORMATS[kind]} {SAMPLING}")
    with pytest.raises(tf.errors.OpError) as caught:
        list(input_fn(config, "train", str(path))())
    told = str(row_error(caught.value))
    place = {"csv": ":401", "parquet": ": row 401", "tfrecord": ": record 401"}[kind]
    assert f"{path}{place}: " in told
    assert "click" in told


def test_an_input_of_which_nothing_is_left_is_an_error(make_config: Any) -> None:
    frame = pd.DataFrame({"buy": 0, "click": 0, "id": range(20), "text": "t"})
    config = make_config(data="negative_sampling { rate: 0.001 }")
    with pytest.raises(UserError) as caught:
        next(iter(input_fn(config, "train", frame)()))
    assert str(caught.value) == (
        "data_config.negative_sampling.rate: 0.001 keeps none of the 20 rows, all of them with "
        "'click' 0; see label_fields, or raise it"
    )

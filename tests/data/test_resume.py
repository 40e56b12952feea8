"""The position of the training input is saved with a checkpoint: resumed batches are identical."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any, List

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.data import input_fn
from tests.data.user_rows import COLUMNS, USER_ROWS, write


@pytest.fixture(params=["csv", "csv with a bad row", "csv.gz with header", "parquet", "users"])
def make_dataset(request: pytest.FixtureRequest, make_config: Any, tmp_path: Path) -> Any:
    """Training input of 5000 rows in three files, endless, batches of 700."""
    kind, data = str(request.param), "batch_size: 700 "
    if kind == "users":
        _, glob = write(tmp_path, (500, 3, 400), row_group_size=300)
        return input_fn(make_config(COLUMNS, data=data + USER_ROWS), "train", glob)
    for part, size in enumerate((2000, 999, 2001)):
        ids = [part * 10000 + i for i in range(size)]
        lines = [f"0,1,{i},t{i}\n" for i in ids]
        path = tmp_path / f"{part}.{kind.split()[0]}"
        if kind == "parquet":
            columns = {"buy": [0] * size, "click": [1] * size, "id": ids}
            table = pa.table({**columns, "text": [f"t{i}" for i in ids]})
            pq.write_table(table, path, row_group_size=300)
        elif kind.startswith("csv.gz"):
            path.write_bytes(gzip.compress("".join(["buy,click,id,text\n", *lines]).encode()))
        else:
            if "bad" in kind:
                lines[part * 100] = "0,0,x,t\n"
            path.write_text("".join(lines))
    data += "input_type: ParquetInput " if kind == "parquet" else ""
    data += "ignore_error: true " if "bad" in kind else ""
    data += "with_header: true " if "header" in kind else ""
    return input_fn(make_config(data=data), "train", str(tmp_path / "?.*"))


@pytest.mark.parametrize("before", [0, 3, 9, 16])  # an epoch is 7.1 batches
def test_a_resumed_iterator_goes_on_with_identical_batches(
    make_dataset: Any, tmp_path: Path, before: int
) -> None:
    iterator = iter(make_dataset())
    for _ in range(before):
        next(iterator)
    path = tf.train.Checkpoint(iterator=iterator).save(str(tmp_path / "state"))
    expected = [ids_of(next(iterator)) for _ in range(12)]
    resumed = iter(make_dataset())
    tf.train.Checkpoint(iterator=resumed).restore(path)
    assert [ids_of(next(resumed)) for _ in range(12)] == expected
    assert len({tuple(batch) for batch in expected}) == 12


def test_the_iterator_of_a_session_can_be_saved(make_dataset: Any, tmp_path: Path) -> None:
    def run(restore: bool) -> List[List[int]]:
        with tf.Graph().as_default():
            iterator = v1.data.make_initializable_iterator(make_dataset())
            batch = iterator.get_next()[0]["id"]
            state = tf.data.experimental.make_saveable_from_iterator(iterator)
            v1.add_to_collection(v1.GraphKeys.SAVEABLE_OBJECTS, state)
            saver = v1.train.Saver()
            with v1.Session() as session:
                session.run(iterator.initializer)
                if restore:
                    saver.restore(session, str(tmp_path / "model"))
                else:
                    for _ in range(9):
                        session.run(batch)
                    saver.save(session, str(tmp_path / "model"))
                return [session.run(batch).tolist() for _ in range(6)]

    assert run(restore=False) == run(restore=True)


def ids_of(element: Any) -> List[int]:
    """The ids of a batch."""
    ids: List[int] = element[0]["id"].numpy().tolist()
    return ids

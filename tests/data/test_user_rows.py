"""Parquet input with users in files of their own: the same rows as flat files, each user once."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from easy_esmm.data import input_fn
from easy_esmm.data.passed import ROW
from easy_esmm.data.row_columns import row_columns
from easy_esmm.data.row_groups import RowGroup
from easy_esmm.errors import UserError
from tests.data.messages import message_of
from tests.data.user_rows import COLUMNS, OF_USERS, USER_ROWS, user_cells, write

USERS = (700, 1, 0, 350, 600)


@pytest.fixture(scope="module")
def globs(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """(flat files, impressions files) of the same rows."""
    return write(tmp_path_factory.mktemp("rows"), USERS)


@pytest.fixture
def config(make_config: Any) -> Any:
    return lambda data="": make_config(COLUMNS, data=f"{USER_ROWS} {data}")


@pytest.fixture
def flat_config(make_config: Any) -> Any:
    return lambda data="": make_config(COLUMNS, data=f"input_type: ParquetInput {data}")


def as_flat(config: Any, dataset: Any) -> Any:
    """The batches as the flat layout has them."""
    for element in dataset:
        if isinstance(element, tuple):
            yield dict(row_columns(config, element[0])), element[1]
        else:
            yield dict(row_columns(config, element))


def rows_of_all(globs: Any) -> int:
    folder = Path(globs[0]).parent
    return sum(pq.read_metadata(path).num_rows for path in folder.glob("flat-*"))


@pytest.mark.parametrize("batch", [100, 5000])
def test_evaluation_reads_what_the_flat_files_hold_in_their_order(
    config: Any, flat_config: Any, read: Any, globs: Any, batch: int
) -> None:
    flat = read(input_fn(flat_config(), "eval", globs[0], batch_size=batch)())
    dataset = input_fn(config(), "eval", globs[1], batch_size=batch)()
    grouped = read(as_flat(config(), dataset))
    assert flat.columns["id"] == list(range(rows_of_all(globs)))
    assert grouped.columns == flat.columns
    assert grouped.labels == flat.labels
    assert grouped.sizes == flat.sizes


def test_a_batch_holds_each_user_once_in_the_order_of_the_rows(config: Any, globs: Any) -> None:
    for columns, labels in input_fn(config(), "eval", globs[1], batch_size=300)():
        index = columns["user_row"].numpy()
        assert index.dtype == np.int32
        assert len(index) == len(labels["buy"].value)
        users = columns["user"].numpy().tolist()
        assert np.unique(index).tolist() == list(range(len(users)))
        assert (np.diff(index) >= 0).all()
        assert len(set(users)) == len(users)
        assert {columns[name].shape[0] for name in OF_USERS} == {len(users)}
        assert columns["history"].to_list() == [user_cells(u)["history"] or [] for u in users]
    # The border between two batches lies inside a user's impressions, whom both then hold.
    first, second = input_fn(config(), "eval", globs[1], batch_size=300)().take(2)
    assert first[0]["user"].numpy()[-1] == second[0]["user"].numpy()[0]


@pytest.mark.parametrize("batch", [100, 5000])
def test_training_reads_every_row_once_in_each_epoch(
    config: Any, read: Any, globs: Any, batch: int
) -> None:
    total = rows_of_all(globs)
    dataset = input_fn(config("num_epochs: 3"), "train", globs[1], batch_size=batch)()
    rows = read(as_flat(config(), dataset))
    ids = rows.columns["id"]
    # A batch on the border of two epochs holds the last rows of one and the first of the next.
    inside = [slice(-(-start // batch) * batch, (start + total) // batch * batch)
              for start in range(0, 3 * total, total)]  # fmt: skip
    epochs = [ids[part] for part in inside]
    assert [len(set(epoch)) for epoch in epochs] == [len(epoch) for epoch in epochs]
    assert sorted(ids) == np.repeat(np.arange(total), 3).tolist()
    assert epochs[0] != epochs[1] != epochs[2]
    assert rows.sizes == [batch] * (3 * total // batch) + [3 * total % batch]
    assert rows.columns["text"] == [f"t{i % 50}".encode() for i in ids]
    assert rows.labels["click"] == [i % 3 % 2 for i in ids]
    user_of = np.repeat(np.arange(sum(USERS)), np.bincount(user_of_ids(globs)))
    assert rows.columns["user"] == user_of[ids].tolist()
    cells = [user_cells(user) for user in range(sum(USERS))]
    for name in ("history", "history_weight"):
        assert rows.columns[name] == [cells[u][name] or [] for u in rows.columns["user"]]
    assert rows.columns["city"] == [(cells[u]["city"] or "").encode() for u in rows.columns["user"]]


def user_of_ids(globs: Any) -> np.ndarray:
    """The user of each id, from the flat files."""
    files = sorted(Path(globs[0]).parent.glob("flat-*"))
    return np.concatenate([pq.read_table(path)["user"].to_numpy() for path in files])


def test_a_training_batch_holds_each_user_once(config: Any, globs: Any) -> None:
    first_user_of_file = np.append(0, np.cumsum(USERS))
    files_of_batch = []
    for columns, _ in input_fn(config("num_epochs: 2"), "train", globs[1], batch_size=1000)():
        users, index = columns["user"].numpy(), columns["user_row"].numpy()
        assert len(np.unique(users)) == len(users)
        assert index.tolist() == np.repeat(np.arange(len(users)), np.bincount(index)).tolist()
        files = np.searchsorted(first_user_of_file, users, side="right")
        files_of_batch.append(len(np.unique(files)))
    assert np.median(files_of_batch) == 3  # of which one holds one user, and another none


@pytest.mark.parametrize(("rows_together", "pieces"), [(1, 1500), (8, 188), (10000, 1)])
def test_training_shuffles_pieces_of_a_users_impressions(
    make_config: Any, globs: Any, rows_together: int, pieces: int
) -> None:
    user_rows = USER_ROWS.replace("user_rows {", f"user_rows {{ rows_together: {rows_together}")
    # one window holds the whole epoch
    config = make_config(COLUMNS, data=f"{user_rows} num_epochs: 1 shuffle_buffer_size: 100000")
    found = []
    for columns, _ in input_fn(config, "train", globs[1], batch_size=100)():
        flat = row_columns(config, columns)
        found.append(flat["id"].numpy()[flat["user"].numpy() == 3])
    ids = np.concatenate(found)  # of a user with 1500 impressions
    assert sorted(ids) == list(range(min(ids), min(ids) + 1500))
    # The border of a batch, and one of 1024 rows where the order is made, may cut a piece; of
    # single rows, two neighbours meet by chance.
    batches = sum(1 for own in found if len(own))
    runs = 1 + np.count_nonzero(np.diff(ids) != 1)
    assert pieces - 30 <= runs <= pieces + batches + 3


def test_training_order_is_made_by_the_seed(config: Any, read: Any, globs: Any) -> None:
    def order(seed: int) -> Any:
        dataset = input_fn(config(), "train", globs[1], seed=seed)()
        return read(as_flat(config(), dataset), batches=40).columns["id"]

    assert order(3) == order(3)
    assert order(3) != order(4)


def test_unshuffled_training_repeats_the_order_of_the_files(
    config: Any, read: Any, globs: Any
) -> None:
    dataset = input_fn(config("num_epochs: 2 shuffle: false"), "train", globs[1])()
    rows = read(as_flat(config(), dataset))
    total = rows_of_all(globs)
    assert rows.columns["id"] == [*range(total), *range(total)]


@pytest.mark.parametrize("split", ["train", "eval"])
def test_workers_share_the_rows_out_exactly(
    config: Any, read: Any, tmp_path: Path, split: str
) -> None:
    _, glob = write(tmp_path, (6000, 3000), 9000)  # five windows
    data = "num_epochs: 1 batch_size: 512"
    parts = [
        read(as_flat(config(), input_fn(config(data), split, glob, shard=(i, 3))())).columns["id"]
        for i in range(3)
    ]
    total = sum(map(len, parts))
    assert total > 60000
    assert sorted(number for part in parts for number in part) == list(range(total))
    assert min(map(len, parts)) > 0


def test_reserved_columns_come_for_each_row_wherever_they_stand(config: Any, globs: Any) -> None:
    extra = ["key", "city", "buy", "user_row"]
    with pytest.raises(UserError, match=r"'user_row' \(user_rows.row_column\) is not"):
        input_fn(config(), "predict", globs[1], extra_columns=extra)()
    dataset = input_fn(config(), "predict", globs[1], batch_size=50, extra_columns=extra[:3])()
    columns = next(iter(dataset))
    flat = row_columns(config(), columns)
    users = flat["user"].numpy().tolist()
    assert columns["key"].numpy().tolist() == [f"k{u}".encode() for u in users]
    assert flat["city"].numpy().tolist() == [(user_cells(u)["city"] or "").encode() for u in users]
    assert flat["buy"].numpy().tolist() == [i % 2 for i in range(50)]
    assert "user_row" not in flat


def change(glob: str, name: str, values: Any, side: str = "impressions", file: int = 3) -> str:
    """Replaces a column of one file, or drops it where `values` is None; returns its path."""
    path = Path(glob).parent / f"{side}-{file}.parquet"
    table = pq.read_table(path)
    if name in table.column_names:
        table = table.drop_columns([name])
    if values is not None:
        table = table.append_column(name, values)
    pq.write_table(table, path)
    return str(path)


@pytest.mark.parametrize(("value", "shown"), [(350, "350"), (-1, "-1"), (None, "null")])
def test_a_row_that_points_to_no_user_is_named_or_skipped(
    config: Any, read: Any, tmp_path: Path, value: Any, shown: str
) -> None:
    _, glob = write(tmp_path, USERS)
    rows = pq.read_table(tmp_path / "impressions-3.parquet")["user_row"].to_pylist()
    rows[499] = value
    path = change(glob, "user_row", pa.array(rows, pa.int64()))
    message = message_of(input_fn(config(), "eval", glob))
    expected = f"column 'user_row': must be a row of the users file, 0 to 349, got {shown}"
    assert message.startswith(f"{path}: row 500: {expected}; fix the row")
    make_dataset = input_fn(config("ignore_error: true"), "eval", glob)
    ids = read(as_flat(config(), make_dataset())).columns["id"]
    before = sum(pq.read_metadata(tmp_path / f"flat-{i}.parquet").num_rows for i in range(3))
    assert ids == [i for i in range(rows_of_all((glob,))) if i != before + 499]
    assert make_dataset.skipped.by_file == {path: 1}


def test_a_bad_user_is_named_or_his_rows_are_skipped(
    config: Any, read: Any, tmp_path: Path
) -> None:
    _, glob = write(tmp_path, USERS)
    weights = pq.read_table(tmp_path / "users-3.parquet")["history_weight"].to_pylist()
    weights[8] = [1.0, float("inf"), 1.0, 1.0]  # user 709, who has 4 + 1 * 5 % 7 impressions
    path = change(glob, "history_weight", pa.array(weights, pa.list_(pa.float32())), "users")
    expected = f"{path}: row 9: column 'history_weight' (FLOAT): must be finite, got inf; fix"
    assert message_of(input_fn(config(), "train", glob)).startswith(expected)
    make_dataset = input_fn(config("ignore_error: true"), "eval", glob)
    users = read(as_flat(config(), make_dataset())).columns["user"]
    assert 709 not in users
    assert {708, 710} <= set(users)
    assert make_dataset.skipped.by_file == {path: 1 + 709 * 5 % 7}


def test_passed_columns_are_those_of_the_rows_that_are_left(config: Any, tmp_path: Path) -> None:
    _, glob = write(tmp_path, USERS)
    weights = pq.read_table(tmp_path / "users-3.parquet")["history_weight"].to_pylist()
    weights[8] = [1.0, float("inf"), 1.0, 1.0]  # user 709
    change(glob, "history_weight", pa.array(weights, pa.list_(pa.float32())), "users")
    rows = pq.read_table(tmp_path / "impressions-1.parquet")["user_row"].to_pylist()
    change(glob, "user_row", pa.array([None, *rows[1:]], pa.int64()), file=1)  # user 700's first
    names = ["key", "history", "id", "buy"]
    make_dataset = input_fn(
        config("ignore_error: true"), "predict", glob, batch_size=900, passed_columns=names
    )
    assert make_dataset.passed is not None
    found: Dict[str, List[Any]] = {name: [] for name in names}
    users: List[int] = []
    for columns in make_dataset():
        batch = {ROW: columns[ROW].numpy()}
        for name, values in make_dataset.passed.read(batch).items():
            found[name] += values.to_pylist()
        users += row_columns(config(), columns)["user"].numpy().tolist()
    flat = pa.concat_tables([pq.read_table(tmp_path / f"flat-{i}.parquet") for i in range(5)])
    is_left = [u != 709 for u in flat["user"].to_pylist()]
    is_left[flat["user"].to_pylist().index(700)] = False
    assert users == flat["user"].filter(pa.array(is_left)).to_pylist()
    for name in names:
        assert found[name] == flat[name].filter(pa.array(is_left)).to_pylist()


def test_a_window_without_a_good_row_is_left_out(config: Any, read: Any, tmp_path: Path) -> None:
    _, glob = write(tmp_path, (3,))
    change(glob, "user_row", pa.array([7] * rows_of_all((glob,))), file=0)
    dataset = input_fn(config("ignore_error: true"), "eval", glob)()
    assert list(dataset) == []


def test_files_that_do_not_fit_are_errors(config: Any, tmp_path: Path) -> None:
    _, glob = write(tmp_path, USERS)

    def message(pattern: str = glob) -> str:
        with pytest.raises(UserError) as caught:
            input_fn(config(), "eval", pattern)()
        return str(caught.value).replace(f"{tmp_path}/", "")

    assert message(str(tmp_path / "*")) == (
        "flat-0.parquet: the name of an impressions file must begin with 'impressions'"
    )
    users = pq.read_table(tmp_path / "users-3.parquet")
    change(glob, "city", None, "users")
    assert message() == (
        "users-3.parquet: no column 'city' (there are unread, user, history, history_weight, key)"
    )
    pq.write_table(users, tmp_path / "users-3.parquet")
    (tmp_path / "users-4.parquet").rename(tmp_path / "elsewhere.parquet")
    assert message() == (
        "impressions-4.parquet: no users file stands beside it ('users' in place of 'impressions')"
    )


def test_a_cut_users_file_is_an_error(config: Any, tmp_path: Path) -> None:
    _, glob = write(tmp_path, USERS)
    path = tmp_path / "users-0.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"users-0\.parquet: not a whole Parquet file"):
        input_fn(config(), "eval", glob)()


def test_flat_columns_come_back_as_they_are(config: Any, flat_config: Any) -> None:
    columns: Any = {"id": tf.constant([1, 2]), "user": tf.constant([3, 4])}
    assert row_columns(config(), columns) == columns
    columns["user_row"] = columns["id"]
    assert row_columns(flat_config(), columns) == columns


def test_a_pass_that_has_ended_keeps_no_users_in_memory(config: Any, globs: Any) -> None:
    def groups() -> set[int]:
        gc.collect()
        return {id(found) for found in gc.get_objects() if isinstance(found, RowGroup)}

    before = groups()
    dataset = input_fn(config("num_epochs: 1"), "train", globs[1])()
    assert sum(1 for _ in dataset) > 1
    assert groups() <= before

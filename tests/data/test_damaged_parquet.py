"""Damage inside Parquet files: found by the sums of pages, named, or skipped with its row group."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from easy_esmm import page_sums
from easy_esmm.data import input_fn
from easy_esmm.errors import UserError
from easy_esmm.serving.score_file import ScoreFile, read_scores
from easy_esmm.simulation.truth import Truth, read_truth, write_truth
from tests.data.messages import message_of

ROWS, GROUP = 3000, 1000
DAMAGE = "(could not verify page integrity, CRC checksum verification failed for page_ordinal 0)"


def flip(path: Path, column: str, group: int) -> None:
    """Flips a bit in the middle of a column's pages."""
    metadata = pq.read_metadata(path).row_group(group)
    chunks = [metadata.column(place) for place in range(metadata.num_columns)]
    chunk = next(chunk for chunk in chunks if chunk.path_in_schema.split(".")[0] == column)
    content = bytearray(path.read_bytes())
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    content[start + chunk.total_compressed_size // 2] ^= 4
    path.write_bytes(content)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file of three row groups whose ids count the rows."""

    def run(**settings: Any) -> Path:
        numbers = list(range(ROWS))
        table = pa.table(
            {
                "buy": pa.array([0] * ROWS, pa.int32()),
                "click": pa.array([n % 2 for n in numbers], pa.int32()),
                "id": pa.array(numbers, pa.int64()),
                "text": [f"t{n}" for n in numbers],
            }
        )
        path = tmp_path / "a.parquet"
        # Plain and uncompressed values: whatever the flipped bit, they can be read.
        settings = {"compression": "none", "use_dictionary": False, **settings}
        pq.write_table(table, path, row_group_size=GROUP, **settings)
        return path

    return run


@pytest.fixture
def config(make_config: Any) -> Callable[..., Any]:
    return lambda data="": make_config(data=f"input_type: ParquetInput {data}")


def test_a_flipped_bit_is_told_with_file_row_group_and_column(config: Any, write: Any) -> None:
    path = write(**page_sums.WRITE)
    flip(path, "id", 1)
    expected = (
        f"{path}: row group 1, column 'id' is damaged {DAMAGE}; "
        "write the file anew or set data_config.ignore_error"
    )
    for split in ("train", "eval"):
        assert message_of(input_fn(config(), split, str(path))) == expected


def test_without_sums_a_flipped_bit_is_a_value(config: Any, write: Any, read: Any) -> None:
    path = write()
    flip(path, "id", 1)
    ids = read(input_fn(config(), "eval", str(path))()).columns["id"]
    wrong = [(found, row) for row, found in enumerate(ids) if found != row]
    assert len(ids) == ROWS
    assert len(wrong) == 1


def test_the_rows_of_a_damaged_group_are_skipped_and_counted(
    config: Any, write: Any, read: Any
) -> None:
    path = write(**page_sums.WRITE)
    flip(path, "text", 1)
    inputs = input_fn(config("ignore_error: true"), "eval", str(path))
    ids = read(inputs()).columns["id"]
    assert ids == [*range(GROUP), *range(2 * GROUP, ROWS)]
    assert inputs.skipped.by_file == {str(path): GROUP}
    assert inputs.skipped.places == (
        f"{path}: row group 1, column 'text' is damaged {DAMAGE}: its {GROUP} rows",
    )
    trained = input_fn(config("ignore_error: true num_epochs: 2"), "train", str(path))
    ids = read(trained()).columns["id"]
    assert sorted(ids) == sorted(2 * [*range(GROUP), *range(2 * GROUP, ROWS)])
    assert trained.skipped.total == 2 * GROUP


def test_rows_of_several_damaged_groups_count_against_the_limit(config: Any, write: Any) -> None:
    path = write(**page_sums.WRITE)
    flip(path, "text", 0)
    flip(path, "text", 2)
    data = f"ignore_error: true max_errors: {2 * GROUP - 1}"
    message = message_of(input_fn(config(data), "eval", str(path)))
    assert f"2,000 rows could not be read ({path}: 2,000)" in message


def test_a_bad_row_is_named_by_its_number_in_the_file(config: Any, write: Any) -> None:
    path = write()
    table = pq.read_table(path)
    clicks = table["click"].to_numpy().copy()
    clicks[GROUP + 500] = 5
    table = table.set_column(1, "click", pa.array(clicks, pa.int32()))
    pq.write_table(table, path, row_group_size=GROUP)
    message = message_of(input_fn(config(), "eval", str(path)))
    assert message.startswith(f"{path}: row {GROUP + 501}: column 'click' (INT32): ")


def test_an_endless_training_on_damaged_groups_only_ends(config: Any, write: Any) -> None:
    path = write(**page_sums.WRITE)
    for group in range(3):
        flip(path, "click", group)
    message = message_of(input_fn(config("ignore_error: true"), "train", str(path)))
    assert message.startswith(f"none of {ROWS} rows can be read: {path}: row group ")


def test_users_of_a_damaged_file_are_skipped_with_their_impressions(
    make_config: Any, read: Any, tmp_path: Path
) -> None:
    for part in (0, 1):
        rows = {
            "buy": pa.array([0] * 4, pa.int32()),
            "click": pa.array([1] * 4, pa.int32()),
            "user_row": [0, 0, 1, 1],
        }
        users = {"id": [10 * part + n for n in range(2)], "text": ["a", "b"]}
        pq.write_table(pa.table(rows), tmp_path / f"impressions-{part}.parquet")
        pq.write_table(
            pa.table(users),
            tmp_path / f"users-{part}.parquet",
            compression="none",
            use_dictionary=False,
            **page_sums.WRITE,
        )
    flip(tmp_path / "users-0.parquet", "id", 0)
    settings = 'user_rows { columns: "id" columns: "text" }'
    for shuffle in ("false", "true"):
        data = f"input_type: ParquetInput ignore_error: true num_epochs: 1 shuffle: {shuffle}"
        inputs = input_fn(
            make_config(data=f"{data} {settings}"), "train", str(tmp_path / "impressions-*")
        )
        assert sorted(read(inputs.batches()).columns["id"]) == [10, 10, 11, 11]
        assert inputs.skipped.by_file == {str(tmp_path / "users-0.parquet"): 4}


def test_a_file_that_is_written_anew_while_it_is_read_is_an_error(
    config: Any, write: Any, tmp_path: Path
) -> None:
    path = write()
    inputs = input_fn(config("ignore_error: true num_epochs: 1 shuffle: false"), "train", str(path))
    dataset = inputs()
    pq.write_table(pq.read_table(path), path, row_group_size=GROUP // 2)
    changed = "files must stay as they are while they are read"
    assert message_of(lambda: dataset) == f"{path}: is another file than at the start; {changed}"
    path.unlink()
    message = message_of(lambda: dataset)
    assert message.startswith(f"{path}: cannot be read any more (")
    assert message.endswith(changed)


def test_scores_and_truths_hold_sums(tmp_path: Path) -> None:
    scores = tmp_path / "scores.parquet"
    with ScoreFile(str(scores)) as file:
        file.write({"probs_ctr": pa.array([number / 7 for number in range(500)])})
    flip(scores, "probs_ctr", 0)
    with pytest.raises(UserError, match=f"^{scores}: cannot be read: .*CRC"):
        read_scores(str(scores), "probs_ctr")
    truth = tmp_path / "a.truth.parquet"
    values = {one.name: np.linspace(0, 1, 500) for one in dataclasses.fields(Truth)}
    write_truth(truth, Truth(**values))
    flip(truth, "pctr", 0)
    with pytest.raises(UserError, match=f"^{truth}: cannot be read .*CRC.*; write it anew"):
        read_truth(truth)


def test_a_column_whose_name_is_no_text_is_told(config: Any, write: Any) -> None:
    path = write()
    path.write_bytes(path.read_bytes().replace(b"text", b"te\xe5t"))
    with pytest.raises(UserError, match=f"^{path}: not a whole Parquet file .*can't decode"):
        input_fn(config(), "eval", str(path))()

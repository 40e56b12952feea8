"""Files of scored rows."""

from __future__ import annotations

import resource
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from easy_esmm.errors import UserError
from easy_esmm.serving.score_file import ScoreFile, read_scores

BATCHES = [
    {"id": pa.chunked_array([["a", "ü,\n"]]), "probs_ctr": np.array([0.5, 1e-30], "f4")},
    {"id": pa.chunked_array([[""]]), "probs_ctr": np.array([0.25], "f4")},
]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_rows_come_back_in_order_with_their_text(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"scores.{suffix}"
    with ScoreFile(str(path)) as scores:
        for batch in BATCHES:
            scores.write(batch)
        assert not path.exists()  # appears when it is whole
    assert scores.rows == 3
    read = pd.read_parquet(path) if suffix == "parquet" else pd.read_csv(path, na_filter=False)
    assert list(read["id"]) == ["a", "ü,\n", ""]
    np.testing.assert_allclose(read["probs_ctr"], [0.5, 1e-30, 0.25], rtol=1e-6)


def test_small_batches_share_row_groups_and_scores_have_no_dictionary(tmp_path: Path) -> None:
    path = str(tmp_path / "scores.parquet")
    random = np.random.default_rng(1)
    batches = [
        {
            "user": pa.array(["a", "b"] * 5_000),
            "tags": pa.array([["x"], ["x", "y"]] * 5_000),
            "probs_ctr": random.random(10_000).astype("f4"),
        }
        for _ in range(8)
    ]
    with ScoreFile(path) as scores:
        for batch in batches:
            scores.write(batch)
    with pq.ParquetFile(path) as file:
        groups = [file.metadata.row_group(n) for n in range(file.metadata.num_row_groups)]
        assert [group.num_rows for group in groups] == [70_000, 10_000]  # the first 65,536 or more
        has_dictionary = [groups[0].column(n).has_dictionary_page for n in range(3)]
        assert has_dictionary == [True, True, False]
        read = file.read()
    assert read["user"].to_pylist() == ["a", "b"] * 40_000
    expected = np.concatenate([batch["probs_ctr"] for batch in batches])
    np.testing.assert_array_equal(read["probs_ctr"].to_numpy(), expected)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_file_that_cannot_grow_is_named(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"scores.{suffix}"
    batch = {"probs_ctr": np.random.default_rng(1).random(100_000)}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, limits[1]))
    try:
        match = f"^output_path: {path}: cannot be written: File too large$"
        with pytest.raises(UserError, match=match), ScoreFile(str(path)) as scores:
            scores.write(batch)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_no_file_behind(tmp_path: Path) -> None:
    def interrupted() -> None:
        with ScoreFile(str(tmp_path / "scores.csv")) as scores:
            scores.write(BATCHES[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not list(tmp_path.iterdir())


def test_an_unknown_suffix_and_a_missing_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"output_path: must end in \.csv or \.parquet, got 'x\.txt'"
    ):
        ScoreFile("x.txt")
    with pytest.raises(UserError, match=r"output_path: no folder .*/missing"):
        ScoreFile(str(tmp_path / "missing" / "x.csv"))


def test_scores_are_read_back_by_column_and_wrong_files_are_named(tmp_path: Path) -> None:
    for suffix in ("csv", "parquet"):
        path = str(tmp_path / f"scores.{suffix}")
        with ScoreFile(path) as scores:
            scores.write(BATCHES[0])
        np.testing.assert_allclose(read_scores(path, "probs_ctr"), [0.5, 1e-30], rtol=1e-6)
        with pytest.raises(UserError, match=r"has no column probs_cvr, only id, probs_ctr"):
            read_scores(path, "probs_cvr")
        with pytest.raises(UserError, match="column id must hold finite numbers"):
            read_scores(path, "id")
    with pytest.raises(UserError, match="no such file"):
        read_scores(str(tmp_path / "missing.csv"), "probs_ctr")

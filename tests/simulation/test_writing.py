"""The files of a simulation."""

from __future__ import annotations

import hashlib
import json
import math

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from easy_esmm.aliccp.fields import BY_NAME, FIELDS
from easy_esmm.errors import UserError
from easy_esmm.simulation import writing
from easy_esmm.simulation.generator import simulate
from easy_esmm.simulation.settings import Settings
from easy_esmm.simulation.summary import describe, format_summary
from easy_esmm.simulation.truth import is_truth_file, read_truth
from easy_esmm.simulation.writing import check_output, write_simulation

SETTINGS = Settings(rows=4000, click_rate=0.2, conv_rate=0.2, seed=11)


@pytest.fixture(scope="module")
def simulation():
    return simulate(SETTINGS)


@pytest.fixture(scope="module")
def folder(simulation, tmp_path_factory):
    output = tmp_path_factory.mktemp("simulated") / "data"
    write_simulation(simulation, describe(simulation), output)
    return output


def _csv(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def _hashes(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.csv"))
    }


def test_the_columns_are_sample_id_labels_and_the_23_fields(folder):
    header = (folder / "train/part-0000.csv").read_text().splitlines()[0]
    assert header.split(",") == [
        "sample_id",
        "click",
        "conversion",
        *(field.name for field in FIELDS),
    ]


@pytest.mark.parametrize("part", ["train", "test"])
def test_csv_and_parquet_hold_the_same_values(folder, part):
    text = _csv(folder / part / "part-0000.csv")
    table = pq.read_table(folder / part / "part-0000.parquet").to_pydict()
    assert len(text) == len(table["click"])
    for name in ("sample_id", "click", "conversion"):
        assert text[name].astype(int).tolist() == table[name]
    for field in FIELDS:
        cells, values = text[field.name], table[field.name]
        if field.weighted:
            weights = table[field.name + "_weight"]
            for cell, ids, own in zip(cells, values, weights):
                pairs = [piece.split(":") for piece in cell.split("|") if piece]
                assert [int(i) for i, _ in pairs] == ids
                assert [np.float32(w) for _, w in pairs] == own
        elif field.is_list:
            assert [[int(i) for i in cell.split("|")] for cell in cells] == values
        else:
            assert [int(cell) if cell else None for cell in cells] == values


def test_a_cell_is_what_the_impression_holds(folder, simulation):
    first, _ = simulation.bounds("test")
    text = _csv(folder / "test/part-0000.csv")
    impressions = simulation.impressions
    for row in range(50):
        user, item = impressions.user[first + row], impressions.item[first + row]
        assert int(text["205"][row]) == BY_NAME["205"].first_id + item
        history = impressions.values["109_14"]
        own = slice(history.offsets[user], history.offsets[user + 1])
        expected = "|".join(
            f"{100_000 + category}:{math.log(1 + round(math.expm1(weight))):.5f}"
            for category, weight in zip(history.ids[own], history.weights[own])
        )
        assert text["109_14"][row] == expected


def test_a_missing_profile_is_an_empty_cell_and_a_null(folder, simulation):
    first, last = simulation.bounds("train")
    impressions = simulation.impressions
    is_missing = impressions.values["121"][impressions.user[first:last]] < 0
    assert 0 < is_missing.sum() < last - first
    text = _csv(folder / "train/part-0000.csv")["121"]
    np.testing.assert_array_equal(text == "", is_missing)
    column = pq.read_table(folder / "train/part-0000.parquet")["121"]
    np.testing.assert_array_equal(column.is_null().to_numpy(), is_missing)


def test_crosses_in_the_file_repeat_the_historys_weight(folder):
    text = _csv(folder / "train/part-0000.csv")
    matched = text[text["508"] != ""]
    assert 0.3 < len(matched) / len(text) < 0.9
    for history, category, cross in zip(matched["109_14"], matched["206"], matched["508"]):
        offset = int(category) - BY_NAME["206"].first_id
        past = dict(piece.split(":") for piece in history.split("|"))
        assert cross == f"{600_000 + offset}:{past[str(100_000 + offset)]}"


def test_the_truth_lies_apart_and_is_aligned_with_the_data(folder):
    assert sorted(path.name for path in (folder / "truth").iterdir()) == [
        "test.truth.parquet",
        "train.truth.parquet",
    ]
    for part, rows in (("train", 3000), ("test", 1000)):
        data = _csv(folder / part / "part-0000.csv").astype({"click": int, "conversion": int})
        truth = read_truth(folder / "truth" / f"{part}.truth.parquet")
        assert len(truth) == rows
        np.testing.assert_array_equal(truth.sample_id, data["sample_id"].astype(int))
        np.testing.assert_array_equal(truth.click, data["click"])
        np.testing.assert_array_equal(truth.conversion, data["conversion"])
    found = {path.name for path in folder.rglob("*.parquet") if is_truth_file(path)}
    assert found == {"test.truth.parquet", "train.truth.parquet"}


def test_the_same_seed_writes_the_same_bytes_and_another_seed_does_not(folder, tmp_path):
    for name, seed in (("again", 11), ("other", 12)):
        settings = Settings(rows=4000, click_rate=0.2, conv_rate=0.2, seed=seed)
        again = simulate(settings)
        write_simulation(again, describe(again), tmp_path / name, ["csv"])
    assert _hashes(tmp_path / "again") == _hashes(folder)
    other = _hashes(tmp_path / "other")
    assert all(other[name] != value for name, value in _hashes(folder).items())


def test_shards_hold_all_rows_once_and_never_split_a_user(simulation, folder, tmp_path):
    write_simulation(simulation, {}, tmp_path / "sharded", ["csv"], shards=5)
    for part in ("train", "test"):
        shards = [_csv(path) for path in sorted((tmp_path / "sharded" / part).glob("*.csv"))]
        assert len(shards) == 5
        pd.testing.assert_frame_equal(
            pd.concat(shards, ignore_index=True), _csv(folder / part / "part-0000.csv")
        )
        for left, right in zip(shards, shards[1:]):
            assert left["101"].iloc[-1] != right["101"].iloc[0]
        if part == "train":
            assert max(map(len, shards)) < 2 * 3000 / 5


def test_more_shards_than_users_are_refused(simulation, tmp_path):
    with pytest.raises(UserError, match=r"^--shards: must be in \[1, \d+\] .*got 1000$"):
        write_simulation(simulation, {}, tmp_path / "many", shards=1000)
    with pytest.raises(UserError, match=r"--shards.*got 0$"):
        write_simulation(simulation, {}, tmp_path / "none", shards=0)
    assert list(tmp_path.iterdir()) == []


def test_rows_beyond_a_chunk_are_neither_lost_nor_doubled(
    simulation, folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(writing, "CHUNK", 700)
    write_simulation(simulation, {}, tmp_path / "chunked")
    assert _hashes(tmp_path / "chunked") == _hashes(folder)
    chunked = pq.read_table(tmp_path / "chunked/train/part-0000.parquet")
    assert chunked.equals(pq.read_table(folder / "train/part-0000.parquet"))


def test_a_folder_that_holds_anything_is_refused(folder, tmp_path):
    with pytest.raises(UserError, match=r"must be empty, holds 'simulation.json', 'test', 'train'"):
        check_output(folder, overwrite=False)
    check_output(tmp_path / "absent", overwrite=False)
    check_output(tmp_path, overwrite=False)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="is a file"):
        check_output(tmp_path / "file", overwrite=False)


def test_overwriting_replaces_a_simulation_and_nothing_else(simulation, tmp_path):
    output = tmp_path / "data"
    write_simulation(simulation, {}, output, ["csv"], shards=3)
    write_simulation(simulation, {}, output, ["parquet"], overwrite=True)
    assert [path.name for path in (output / "train").iterdir()] == ["part-0000.parquet"]
    (output / "model").mkdir()
    with pytest.raises(UserError, match=r"only what a simulation wrote, .* holds 'model'"):
        write_simulation(simulation, {}, output, overwrite=True)
    foreign = tmp_path / "foreign"
    (foreign / "train").mkdir(parents=True)
    with pytest.raises(UserError, match="holds 'train'"):
        check_output(foreign, overwrite=True)


def test_a_failure_half_way_leaves_nothing_behind(simulation, tmp_path, monkeypatch):
    def full(path, truth):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "write_truth", full)
    with pytest.raises(UserError, match="cannot be written: No space left on device"):
        write_simulation(simulation, {}, tmp_path / "data")
    assert list(tmp_path.iterdir()) == []


def test_the_summary_counts_what_is_in_the_files(folder, simulation):
    summary = json.loads((folder / "simulation.json").read_text())
    data = _csv(folder / "train/part-0000.csv").astype({"click": int, "conversion": int})
    clicks, conversions = data["click"].sum(), data["conversion"].sum()
    assert summary["parts"]["train"] == {
        "rows": 3000,
        "clicks": clicks,
        "conversions": conversions,
        "clicks_per_impression": clicks / 3000,
        "conversions_per_click": conversions / clicks,
    }
    assert summary["label_prior"] == {"ctr": clicks / 3000, "cvr": conversions / clicks}
    text = format_summary(summary, [])
    assert f"label_prior    CTR tower {clicks / 3000:.5f}" in text
    assert f"(per click) {conversions / clicks:.5f}" in text
    assert f"{summary['planted']['truth/cvr_auc_all_optimum']:.4f}" in text

"""DataFrames: the tensors of the Parquet file that pandas writes, and clear errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List

import numpy as np
import pandas as pd
import pytest

from easy_esmm.config import Problem
from easy_esmm.config.problems import Place
from easy_esmm.data import check_files, frames, input_fn
from easy_esmm.errors import UserError
from easy_esmm.protos.feature_pb2 import FeatureConfig
from tests.data.messages import message_of

COLUMNS = {
    "buy": "INT64",
    "click": "BOOL",
    "id": 'INT32 default_val: "-1"',
    "price": 'FLOAT default_val: "7"',
    "text": 'STRING default_val: "none"',
    "city": "STRING",
    "viewed": "INT64",
}


@pytest.fixture
def frame() -> pd.DataFrame:
    """300 rows of every kind, with missing values and an index that is no count."""
    index = np.arange(300)
    return pd.DataFrame(
        {
            "unused": [object()] * 300,
            "buy": index % 5 // 4,
            "click": index % 2 == 0,
            "id": pd.array([None if i % 7 == 0 else i for i in index], "Int64"),
            "price": np.where(index % 3 == 0, np.nan, index / 4),
            "text": [None if i % 4 == 0 else f"t{i}" for i in index],
            "city": pd.Categorical([f"c{i % 3}" for i in index]),
            "viewed": [list(range(i % 4)) for i in index],
        },
        index=index[::-1],
    )


@pytest.fixture
def config(make_config: Any) -> Any:
    made = make_config(COLUMNS, data="num_epochs: 2 batch_size: 64 input_type: ParquetInput")
    for feature in made.feature_config.features:
        if feature.input_names[0] == "viewed":
            feature.feature_type = FeatureConfig.TagFeature
    return made


def test_a_frame_gives_the_tensors_of_its_parquet_file(
    config: Any, read: Any, frame: pd.DataFrame, tmp_path: Path
) -> None:
    path = str(tmp_path / "rows.parquet")
    frame.drop(columns="unused").to_parquet(path)
    for split in ("train", "eval", "predict"):
        assert read(input_fn(config, split, frame)()) == read(input_fn(config, split, path)())
    rows = read(input_fn(config, "eval", frame)())
    assert rows.columns["id"][:2] == [-1, 1]
    assert rows.columns["price"][:2] == [7.0, 0.25]
    assert rows.columns["text"][:2] == [b"none", b"t1"]
    assert rows.columns["viewed"][:3] == [[], [0], [0, 1]]


def test_a_slice_of_lists_is_read_where_it_begins(
    config: Any, read: Any, frame: pd.DataFrame
) -> None:
    rows = read(input_fn(config, "eval", frame[7:])())
    assert rows.columns["viewed"][0] == [0, 1, 2]
    assert rows.columns["id"][:2] == [-1, 8]


def test_a_long_frame_is_read_in_groups_whose_rows_are_counted_through(
    config: Any, read: Any, frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = read(input_fn(config, "eval", frame)())
    monkeypatch.setattr(frames, "_GROUP_ROWS", 128)  # 128 + 128 + 44 rows
    assert read(input_fn(config, "eval", frame)()) == whole
    trained = read(input_fn(config, "train", frame)())
    assert sorted(trained.columns["price"]) == sorted(2 * whole.columns["price"])
    frame.iloc[259, frame.columns.get_loc("price")] = np.inf  # row 260, the 4th of the last group
    assert message_of(input_fn(config, "eval", frame)).startswith(
        "DataFrame: row 260: column 'price' (FLOAT): must be finite, got inf"
    )


@pytest.fixture
def check(config: Any) -> Any:
    class FakePipeline:
        def __init__(self) -> None:
            self.config = config

        def problem(self, field: str, rule: str, value: Any = None, hint: Any = None) -> Problem:
            return Problem(Place("a.config", 1, 1), field, rule, value, hint)

    def run(frame: pd.DataFrame) -> List[str]:
        pipeline: Any = FakePipeline()
        problems = check_files(pipeline, "train", frame)
        return [str(problem)[len("a.config:1:1: ") :] for problem in problems]

    return run


def test_what_does_not_fit_is_told_at_its_field(check: Any, frame: pd.DataFrame) -> None:
    assert check(frame) == []
    assert check(frame.rename(columns={"text": "Text"})) == [
        "data_config.input_fields[4].input_name: DataFrame: no column 'text' (there are unused, "
        "buy, click, id, price, Text, city, viewed); did you mean Text?"
    ]
    assert check(frame.assign(id=frame["id"].astype("float64"))) == [
        "data_config.input_fields[2].input_type: DataFrame: column 'id' is declared INT32, found "
        "double (pandas makes floats of whole numbers beside NaN: .astype('Int64'))"
    ]
    assert check(frame.assign(city=1.5)) == [
        "data_config.input_fields[5].input_type: DataFrame: column 'city' is declared STRING, "
        "found double (declare DOUBLE)"
    ]
    assert check(frame[:0].astype({"text": str})) == ["data_config: the DataFrame holds no row"]
    (mixed,) = check(frame.assign(text=["a", 1] * 150))
    assert mixed.startswith("data_config: DataFrame: column 'text' mixes types: ")
    for value, kind in ((1j, complex), (2**300, object), ("\ud800", object)):
        (unread,) = check(frame.assign(text=pd.Series([value] * 300, frame.index, kind)))
        assert unread.startswith("data_config: DataFrame: column 'text' cannot be read: ")
    twice = pd.concat([frame, frame["text"]], axis=1)
    assert check(twice) == ["data_config: DataFrame: column 'text' is there twice"]


def test_an_empty_frame_is_an_error_of_the_input(config: Any, frame: pd.DataFrame) -> None:
    with pytest.raises(UserError, match="the DataFrame holds no row"):
        input_fn(config, "train", frame[:0].astype({"text": str}))()

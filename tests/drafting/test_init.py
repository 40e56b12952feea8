"""`init` on files of three other tools: the draft passes `check` and trains at once."""

from __future__ import annotations

import csv
import gzip
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from easy_esmm import config as configs
from easy_esmm.config import Edit, Pipeline
from easy_esmm.data.csv_cells import UNBALANCED
from easy_esmm.data.formats import read_sample
from easy_esmm.data.sample import Sample
from easy_esmm.drafting import Draft, draft
from easy_esmm.drafting.profile import profiles
from easy_esmm.errors import UserError

ROWS = 3000


@pytest.fixture(scope="module")
def log() -> Dict[str, Any]:
    """Columns of a log: labels, things to learn from, and things that must be left out."""
    random = np.random.default_rng(1)
    item = random.integers(0, 300, ROWS)
    click = random.random(ROWS) < 0.1 + 0.2 * (item % 3)
    buy = click & (random.random(ROWS) < 0.3)
    return {
        "click": click.astype(int),
        "buy": buy.astype(int),
        "item_id": item,
        "city": random.choice(["Oslo", "Rome", "Lima"], ROWS),
        "price": np.round(random.lognormal(3, 1, ROWS), 2),
        "session": [f"s{n:06d}" for n in random.permutation(ROWS)],
        "constant": ["x"] * ROWS,
        "label_copy": click.astype(int),
        "cart": (click & (random.random(ROWS) < 0.5)).astype(int),
        "paid_amount": np.where(buy, random.uniform(5, 50, ROWS).round(2), 0.0),
    }


LEFT_OUT = {
    "session": "looks like a name of the row: 3,000 different values in 3,000 rows",
    "constant": "constant: one value in all rows",
    "label_copy": "knows the label click: a copy of it",
    "paid_amount": "knows the label buy: one threshold tells its 0 from its 1",
}


@pytest.fixture(scope="module")
def by_pandas(log: Dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Commas, a header, numbers as pandas writes them, NaN as an empty cell."""
    path = tmp_path_factory.mktemp("pandas") / "log.csv"
    frame = pd.DataFrame(log)
    frame.loc[frame.index % 11 == 0, "price"] = np.nan
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def by_csv_module(log: Dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tabs, no header, tags and weighted tags in text, Windows' line ends."""
    path = tmp_path_factory.mktemp("csv") / "log.tsv"
    random = np.random.default_rng(2)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\r\n")
        for row in range(ROWS):
            tags = random.integers(0, 30, random.integers(0, 4))
            tastes = [f"t{t}:{random.random():.2f}" for t in random.integers(0, 30, 2)]
            cells = [log[name][row] for name in ("click", "buy", "item_id", "city", "session")]
            writer.writerow([*cells, "|".join(f"w{t}" for t in tags), ",".join(tastes)])
    return path


@pytest.fixture(scope="module")
def by_pyarrow(log: Dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Parquet with lists, lists of weights, vectors, booleans, a dictionary and a timestamp."""
    path = tmp_path_factory.mktemp("pyarrow") / "log.parquet"
    random = np.random.default_rng(3)
    sizes = random.integers(0, 5, ROWS)
    lists = [random.integers(0, 200, n).tolist() for n in sizes]
    table = pa.table(
        {
            "click": pa.array(log["click"].astype(bool)),
            "buy": pa.array(log["buy"], pa.int8()),
            "item id": log["item_id"],
            "city": pa.array(log["city"]).dictionary_encode(),
            "viewed": lists,
            "viewed_weight": [random.random(n).tolist() for n in sizes],
            "words": [[f"w{i % 50}" for i in cells] for cells in lists],
            "vector": pa.array(random.normal(size=[ROWS, 4]).tolist(), pa.list_(pa.float32(), 4)),
            "is_new": random.random(ROWS) < 0.5,
            "at": pa.array(range(ROWS), pa.timestamp("s")),
        }
    )
    pq.write_table(table, path, row_group_size=1000)
    return path


def loaded(made: Draft, folder: Path) -> Pipeline:
    path = folder / "first.config"
    path.write_text(made.text, encoding="utf-8")
    edits = {
        "model_dir": str(folder / "model"),
        "train_config.num_steps": "3",
        "model_config.esmm.ctr_tower.dnn.hidden_units": "4",
        "model_config.esmm.cvr_tower.dnn.hidden_units": "4",
    }
    return configs.load(
        str(path), [Edit("test", p, v, is_text=True) for p, v in edits.items()], "train"
    )


def features_of(pipeline: Pipeline) -> Dict[str, Any]:
    return {f.feature_name: f for f in pipeline.config.feature_config.features}


def trained(pipeline: Pipeline) -> int:
    from easy_esmm import training

    return training.train(pipeline).step


def test_commas_by_pandas(by_pandas: Path, tmp_path: Path) -> None:
    made = draft(str(by_pandas), "click", "buy")
    pipeline = loaded(made, tmp_path)
    data = pipeline.config.data_config
    assert (data.separator, data.with_header, list(data.label_fields)) == (
        ",",
        True,
        ["buy", "click"],
    )
    features = features_of(pipeline)
    assert sorted(features) == ["city", "item_id", "price"]
    assert features["item_id"].hash_bucket_size == 2000  # 300 ids in 3000 rows, times 4
    assert len(features["price"].boundaries) == 9
    for name, reason in LEFT_OUT.items():
        assert f"left out {name}: {reason}" in made.notes
        assert f"# left out {name}: {reason}\n" in made.text
    (cart,) = (note for note in made.notes if note.startswith("left out cart"))
    assert "knows the label click: all" in cart
    assert "rows with the value 1 have it" in cart
    assert [note for note in pipeline.notes if "eval_input_path: is not set" not in note] == []
    assert trained(pipeline) == 3


def test_tabs_by_the_csv_module(by_csv_module: Path, tmp_path: Path) -> None:
    made = draft(str(by_csv_module), "column1", "column2")
    pipeline = loaded(made, tmp_path)
    data = pipeline.config.data_config
    assert (data.separator, data.with_header) == ("\t", False)
    assert [f.input_name for f in data.input_fields] == [f"column{i}" for i in range(1, 8)]
    features = features_of(pipeline)
    assert sorted(features) == ["column3", "column4", "column6", "column7"]
    assert (features["column6"].separator, features["column6"].kv_separator) == ("|", "")
    assert (features["column7"].separator, features["column7"].kv_separator) == (",", ":")
    assert [note for note in pipeline.notes if "eval_input_path: is not set" not in note] == []
    assert trained(pipeline) == 3


def test_lists_by_pyarrow(by_pyarrow: Path, tmp_path: Path) -> None:
    made = draft(str(by_pyarrow))
    assert "click: click (guessed by its name), " in "\n".join(made.notes)
    pipeline = loaded(made, tmp_path)
    features = features_of(pipeline)
    assert sorted(features) == ["city", "column_1", "is_new", "vector", "viewed", "words"]
    assert list(features["column_1"].input_names) == ["item id"]
    assert list(features["viewed"].input_names) == ["viewed", "viewed_weight"]
    assert features["vector"].raw_input_dim == 4
    reason = "looks like a time, which later rows do not share; derive the hour or the weekday"
    assert f"left out at: {reason}" in made.notes
    assert trained(pipeline) == 3


def test_labels_are_guessed_where_one_happens_only_inside_the_other(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    rows = [f"{i % 2},{i % 6 // 5},{i % 7}" for i in range(70)]
    path.write_text("\n".join(["a,b,thing", *rows]))
    notes = draft(str(path)).notes
    assert notes[1].startswith("click: a (guessed: a conversion happens in clicked rows only), 0.5")
    assert notes[2].startswith("conversion: b (guessed: a conversion happens in clicked rows only)")


@pytest.mark.parametrize(
    ("cells", "separators"),
    [
        (["a|b", "b|c|a", "c", ""], ("|", "")),
        (["a:1|b:2", "b:0.5"], ("|", ":")),
        (["k:0.5", "l:1.5", "k:2"], ("|", ":")),
        (["12:30", "12:45", "13:00"], ("", "")),
        (["a nice day", "some other words", "never again here"], ("", "")),
        (["x=1;y=2", "y=3"], (";", "=")),
    ],
)
def test_sets_and_weights_in_text_are_found(cells: List[str], separators: Tuple[str, str]) -> None:
    sample = Sample((), "CSV", "CSVInput", {}, {"a": [*cells]}, len(cells), len(cells))
    (profile,) = profiles(sample)
    assert (profile.separator, profile.kv_separator) == separators


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (["buy,click,101,102", "0,1,7,a"], ["buy", "click", "101", "102"]),
        (["0,1,7,a", "0,1,8,b"], ["column1", "column2", "column3", "column4"]),
        (["one,two", "a,b", "c,d"], ["column1", "column2"]),
        (["\ufeffclick|x", "0|", "1|NULL"], ["click", "x"]),
        ([",click,x", "0,1,a", "1,0,b"], ["", "click", "x"]),  # as pandas writes its index
        (["NULL,a,7", "1,b,8", "2,c,9"], ["column1", "column2", "column3"]),
        (["a,7", ",8", ",9"], ["column1", "column2"]),
    ],
)
def test_a_header_has_names_where_the_lines_below_have_numbers(
    tmp_path: Path, lines: List[str], names: List[str]
) -> None:
    path = tmp_path / "log.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert list(read_sample(str(path), 100, []).columns) == names


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"click": "clik"},
            "--click: no column 'clik' (there are click, buy, thing); did you mean click?",
        ),
        ({"click": "thing"}, "--click: column 'thing' must hold 0 and 1, got 2"),
        ({"click": "buy", "conversion": "buy"}, "must be two columns, got 'buy' twice"),
        ({"data": "none*.csv"}, "matches no file"),
        (
            {"data": "text.txt"},
            "not a table: neither a Parquet file, nor lines that one of '\\x01'",
        ),
        ({"data": "labels.csv"}, "no column is left to learn from (constant: constant: one value"),
        ({"data": "empty.csv"}, "holds no row"),
        (
            {"data": "broken.csv.gz"},
            "broken.csv.gz: the compressed file is not whole (Error -3 while decompressing",
        ),
        (
            {"data": "twice.csv", "click": "click"},
            "the header has column 'a' twice; name the columns apart",
        ),
        (
            {"data": "unnamed.csv"},
            "--click: cannot be guessed; name the column (columns of 0 and 1: ",
        ),
    ],
)
def test_what_cannot_be_drafted_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: Dict[str, str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    files = {
        "log.csv": ["click,buy,thing", *(f"{i % 2},0,{i % 3}" for i in range(9))],
        "text.txt": ["some words", "and, more"],
        "labels.csv": ["click,buy,constant", "1,1,a", "1,0,a", "0,0,a"],
        "empty.csv": [],
        "twice.csv": ["click,a,a", "0,1,2"],
        "unnamed.csv": [f"{i % 2},{i % 3 // 2},{i}" for i in range(9)],
    }  # fmt: skip
    for name, lines in files.items():
        Path(name).write_text("\n".join(lines))
    head_of_gzip = gzip.compress(b"")[:10]
    Path("broken.csv.gz").write_bytes(head_of_gzip + b"\xff" * 50)
    with pytest.raises(UserError) as caught:
        draft(**{"data": "log.csv", **arguments})
    assert message in str(caught.value)


def labels(rows: int) -> Dict[str, Any]:
    """Every second row is clicked, every sixth converts."""
    return {"click": [1, 0] * (rows // 2), "buy": [1, 0, 0, 0, 0, 0] * (rows // 6)}


def test_a_line_with_an_open_quote_takes_no_other_line_along(tmp_path: Path) -> None:
    # 400 cells of 900 characters: more than Python's reader takes as one cell.
    path = tmp_path / "log.csv"
    words = ["x" * 900, "x" * 900, "y" * 900] * 200
    words[300] = '"' + words[300]
    rows = zip(labels(600)["click"], labels(600)["buy"], words)
    path.write_text("click,buy,word\n" + "".join(f"{c},{b},{w}\n" for c, b, w in rows))
    sample = read_sample(str(path), 1000, [])
    assert sample.rows == 599
    assert sample.bad_rows == (f"{path}:302: {UNBALANCED}",)
    assert sample.columns["word"] == words[:300] + words[301:]
    text = draft(str(path)).text
    assert f"# 1 bad rows in the sample, the first: {path}:302: the quotes are not" in text
    assert "\n  ignore_error: true\n" in text


def test_numbers_that_training_refuses_are_counted_and_make_no_boundaries(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    prices = [n / 8 for n in range(600)]
    prices[3], prices[5] = float("nan"), float("inf")
    columns = {
        "price": prices,
        "nans": [float("nan")] * 600,
    }
    pq.write_table(pa.table({**labels(600), **columns}), path)
    made = draft(str(path))
    refused = "hold NaN, an infinity, or a null in a list"
    assert f"# price: 2 of 600 sampled rows (0.33%) {refused}; ignore_error leaves" in made.text
    assert "\n  ignore_error: true\n" in made.text
    assert f"left out nans: 600 of 600 sampled rows (100.00%) {refused}, which" in str(made.notes)
    boundaries = features_of(loaded(made, tmp_path))["price"].boundaries
    # 598 values, without n = 3 and n = 5: at place 59 stands n = 61, at place 538 n = 540.
    assert (boundaries[0], boundaries[-1]) == (61 / 8, 540 / 8)


@pytest.mark.parametrize(
    ("click", "buy", "expected"),
    [
        ([0, 1], [0, 0], "no sampled row has a conversion: column 'buy' is 0 or empty in all 400"),
        ([0, 1], [1, 1], "a conversion without a click, 50.0% of 400 conversions; they are not"),
        ([0, 0, 1, 0], [1, 1, 1, 0], "as conversions; are the two labels swapped? --click and"),
    ],
)
def test_labels_that_can_hardly_be_meant_are_told(
    tmp_path: Path, click: List[int], buy: List[int], expected: str
) -> None:
    path = tmp_path / "log.csv"
    times = 400 // len(click)
    item = np.arange(400) % 7
    pd.DataFrame({"click": click * times, "buy": buy * times, "item": item}).to_csv(path)
    assert expected in "\n".join(draft(str(path), "click", "buy").notes)


def test_columns_without_a_name_are_left_out_and_odd_names_replaced(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    letters = ["a", "b", "c"] * 200
    names = ["", "column_1", "a b", "größe", "a.b"]
    pq.write_table(pa.table({**labels(600), **dict.fromkeys(names, letters)}), path)
    made = draft(str(path))
    assert "left out : it has no name to read it by" in made.notes
    features = features_of(loaded(made, tmp_path))
    assert {name: list(feature.input_names) for name, feature in features.items()} == {
        "column_1": ["column_1"],
        "column_2": ["a b"],
        "column_3": ["größe"],
        "a.b": ["a.b"],
    }


def test_times_written_as_text_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    times = [f"2024-03-{1 + n % 28:02d} {n % 24:02d}:30:00" for n in range(600)]
    dates = [f"2024/3/{1 + n % 28}" for n in range(600)]
    frame = pd.DataFrame({**labels(600), "at": times, "date": dates, "city": ["x", "y", "z"] * 200})
    frame.to_csv(path, index=False)
    notes = draft(str(path)).notes
    assert [note.partition(",")[0] for note in notes if note[:8] == "left out"] == [
        "left out at: looks like a time",
        "left out date: looks like a time",
    ]


def run(arguments: List[str], folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "easy_esmm.init", *arguments]
    environment = {"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "PATH": ""}
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=environment
    )


def test_the_program_writes_the_config_once_and_says_what_it_guessed(
    by_pandas: Path, tmp_path: Path
) -> None:
    arguments = ["--data", str(by_pandas), "--output", "first.config"]
    done = run(arguments, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "conversion: buy (guessed by its name), " in done.stderr
    assert "written: first.config; next: python -m easy_esmm.train" in done.stdout
    assert configs.load(str(tmp_path / "first.config")).config.model_dir == "runs/first"
    again = run(arguments, tmp_path)
    assert (again.returncode, again.stderr) == (
        2,
        "--output: first.config is there already; name another\n",
    )


def test_drafting_does_not_import_tensorflow(by_pandas: Path) -> None:
    code = (
        "import sys; from easy_esmm import init; from easy_esmm.drafting import draft; "
        f"draft({str(by_pandas)!r}); print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_files_after_the_first_are_looked_at_too(tmp_path: Path) -> None:
    frame = pd.DataFrame({**labels(60), "item": [n % 7 for n in range(60)]})
    frame.to_csv(tmp_path / "log-1.csv", index=False)
    frame.rename(columns={"item": "items"}).to_csv(tmp_path / "log-2.csv", index=False)
    with pytest.raises(UserError) as caught:
        draft(str(tmp_path / "log-*.csv"))
    there = "(it has click, buy, items); did you mean items?"
    assert str(caught.value) == f"{tmp_path}/log-2.csv: the header has no column 'item' {there}"

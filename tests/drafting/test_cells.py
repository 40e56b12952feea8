"""`init` declares the cells of CSV files so that no value becomes another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

import pandas as pd
import pytest

from easy_esmm.data.sample import Sample
from easy_esmm.drafting import Draft, draft
from easy_esmm.drafting.profile import Profile, profiles
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig


def profile_of(cells: List[Any], name: str = "a") -> Profile:
    sample = Sample((), "CSV", "CSVInput", {}, {name: cells}, len(cells), len(cells))
    (profile,) = profiles(sample)
    return profile


@pytest.mark.parametrize(
    ("cells", "declared", "values"),
    [
        (["1", "-2", None], "INT64", [1, -2, None]),
        ([" 1", "2 ", "  "], "INT64", [1, 2, None]),
        (["1577134800018164000", "5"], "INT64", [1577134800018164000, 5]),
        (["9223372036854775807", "1"], "INT64", [2**63 - 1, 1]),
        (["9223372036854775808", "1"], "STRING", ["9223372036854775808", "1"]),  # a uint64
        (["18446744073709551615", "1"], "STRING", ["18446744073709551615", "1"]),
        (["12345678901234567890123", "1"], "STRING", ["12345678901234567890123", "1"]),
        (["-9223372036854775809", "1"], "STRING", ["-9223372036854775809", "1"]),
        (["0x1F", "0xA0"], "STRING", ["0x1F", "0xA0"]),
        (["a3f", "123"], "STRING", ["a3f", "123"]),
        (["007", "7"], "STRING", ["007", "7"]),
        (["1.5", ".5", "2", "1e3"], "FLOAT", [1.5, 0.5, 2.0, 1000.0]),
        (["16777216.5", "1.5"], "DOUBLE", [16777216.5, 1.5]),
        (["1e39", "1.5"], "DOUBLE", [1e39, 1.5]),
        (["1e-40", "1.5"], "DOUBLE", [1e-40, 1.5]),
        (["1e400", "1.5"], "STRING", ["1e400", "1.5"]),
        (["nan", "1.5"], "STRING", ["nan", "1.5"]),
        (["+2.5", "1.5"], "STRING", ["+2.5", "1.5"]),
        (["1_000", "1"], "STRING", ["1_000", "1"]),
        (["\uff11\uff12", "1"], "STRING", ["\uff11\uff12", "1"]),
        ([" True", "false", "1"], "BOOL", [True, False, True]),
    ],
)
def test_cells_are_declared_so_that_each_is_read_whole(
    cells: List[Any], declared: str, values: List[Any]
) -> None:
    profile = profile_of(cells)
    assert (DatasetConfig.FieldType.Name(profile.declared), profile.values) == (declared, values)


@pytest.mark.parametrize(
    ("cells", "remark"),
    [
        (["18446744073709551615"], "holds '18446744073709551615', which INT64 does not, "),
        (["01", "2"], "holds '01', whose first zeros a number would lose, so it is read as text"),
        (["1", "NA"], "holds 'NA' besides numbers, so it is read as text; an empty cell in its "),
        ([*map(str, range(20)), "abc"], "holds 'abc' besides numbers, so it is read as text"),
        (["abc", "1"], ""),
        (["35,50", "7"], "holds '35,50', so it is read as text; if it is a number, write nothing "),
        (["1,650,907", "7"], "holds '1,650,907', so it is read as text; if it is a number, write "),
        (["1.650.907,5"], "holds '1.650.907,5', so it is read as text; if it is a number, write "),
        (["3,5", "1,2,4"], ""),
        (
            ["+0.5", "-0.5", "NA"],
            "holds '+0.5', so it is read as text; a number is written without a plus sign",
        ),
        (["7.5%", "12 %"], "holds '12 %', so it is read as text; a number is written without a "),
        (
            ["0." + "1" * 30, "2"],
            "holds '0." + "1" * 30 + "', so it is read as text; a number has ",
        ),
    ],
)
def test_the_reason_of_text_where_numbers_stand_is_told(cells: List[str], remark: str) -> None:
    assert profile_of(cells).remark.startswith(remark)
    assert bool(profile_of(cells).remark) == bool(remark)


def test_ids_that_pandas_wrote_as_decimal_numbers_are_text() -> None:
    cells = ["12.0", None, "7.0"]
    assert profile_of(cells, "user_id").values == cells
    assert "decimal numbers ('12.0')" in profile_of(cells, "user_id").remark
    assert profile_of(cells, "price").values == [12.0, None, 7.0]


def write_log(path: Path, columns: Dict[str, List[Any]], gap: str = "") -> Path:
    """A CSV file of these columns and of labels, with `gap` behind each comma."""
    rows = len(next(iter(columns.values())))
    table = {
        **columns,
        "click": [n % 3 // 2 for n in range(rows)],
        "buy": [n % 6 // 5 for n in range(rows)],
    }
    lines = [list(table), *(map(str, row) for row in zip(*table.values()))]
    path.write_text("".join(f",{gap}".join(line) + "\n" for line in lines), encoding="utf-8")
    return path


def feature_lines(text: str) -> List[str]:
    return [line for line in text.splitlines() if line.startswith("  features {")]


def test_long_ids_make_a_feature_of_ids(tmp_path: Path) -> None:
    columns: Dict[str, List[Any]] = {
        "user_id": [1577134800018164000 + 7919 * (n % 60) for n in range(400)],
        "session_key": [2**63 + 104729 * (n % 50) for n in range(400)],
        "device": [hex(n % 40 + 2**40) for n in range(400)],
        "fingerprint": [2**60 + 7919 * n for n in range(400)],  # all different
    }
    text = draft(str(write_log(tmp_path / "log.csv", columns))).text
    for name, declared in (
        ("user_id", "INT64"),
        ("session_key", "STRING"),
        ("device", "STRING"),
        ("fingerprint", "INT64"),
    ):
        assert f'input_name: "{name}" input_type: {declared}' in text
        assert f'input_names: ["{name}"] feature_type: IdFeature' in text


def test_a_label_that_one_cell_spoils_is_named(tmp_path: Path) -> None:
    path = write_log(tmp_path / "log.csv", {"item": [n % 7 for n in range(90)]})
    text = path.read_text().replace("\n3,0,0\n", "\n3,NA,0\n", 1)
    assert text != path.read_text()
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        draft(str(path))
    assert str(caught.value).endswith("; 'click' does not hold 0 and 1 only, but 'NA' too")


def test_missing_numbers_are_told_and_no_zeros(tmp_path: Path) -> None:
    from easy_esmm import training

    rows = range(400)
    prices = ["" if n % 4 == 0 else " " if n % 40 == 1 else n % 50 / 8 for n in rows]
    columns: Dict[str, List[Any]] = {"price": prices, "item": [n % 7 for n in rows]}
    path = write_log(tmp_path / "log.csv", columns)
    made = draft(str(path))
    share = "110 of 400 sampled rows (27.50%) have no value"
    assert f"price: {share}" in made.notes
    assert f"cut at tenths of the rows; {share}\n" in made.text
    assert not [note for note in made.notes if note.startswith("item") and "no value" in note]
    (line,) = (line for line in feature_lines(made.text) if '"price"' in line)
    assert line.endswith("missing_indicator: true }")

    pipeline = trained(made, tmp_path / "of_log")
    asked = pd.DataFrame({"price": [None, 0.0, 1.0], "item": [3, 3, 3]})
    missing, zero, one = training.score_frame(pipeline, asked)["probs_ctcvr"]
    assert len({missing, zero, one}) == 3


def trained(made: Draft, folder: Path) -> Any:
    """A draft, after ten steps of its model."""
    from easy_esmm import config, training
    from easy_esmm.config import Edit

    folder.mkdir()
    config_path = folder / "first.config"
    config_path.write_text(made.text, encoding="utf-8")
    edits = {
        "model_dir": str(folder / "model"),
        "train_config.num_steps": "10",
        "data_config.num_epochs": "0",
        "export_config.exporter_type": "none",
    }
    edited = [Edit("test", field, value, is_text=True) for field, value in edits.items()]
    pipeline = config.load(str(config_path), edited, "train")
    training.train(pipeline)
    return pipeline


def scores_of_a_training(path: Path, folder: Path) -> List[float]:
    """What the draft's model says of each row."""
    from easy_esmm import training

    pipeline = trained(draft(str(path)), folder)
    scores = training.score_frame(pipeline, pd.read_csv(path, skipinitialspace=True))
    return list(scores["probs_ctcvr"])


def test_blanks_behind_commas_train_the_same_model(tmp_path: Path) -> None:
    rows = range(400)
    columns: Dict[str, List[Any]] = {
        "user_id": [n * 37 % 60 for n in rows],
        "price": [n * 31 % 97 / 8 for n in rows],
        "shop": [f"s{n * 7 % 11}" for n in rows],
        "city": [("New York", "Lima")[n * 13 % 5 % 2] for n in rows],
        "tags": ["|".join(f"t{n * k % 9}" for k in (1, 2, 5)) for n in rows],
    }
    tight = write_log(tmp_path / "tight.csv", columns)
    gaps = write_log(tmp_path / "gaps.csv", columns, gap="  ")
    # The first column has no blanks in front; here the text in it gets some in every other row.
    lines = gaps.read_text().splitlines()
    gaps.write_text("".join(f"{' ' * (n % 2 * (n > 0))}{line}\n" for n, line in enumerate(lines)))
    drafts = [draft(str(path)) for path in (tight, gaps)]
    assert "\n  strip_text: true\n" in drafts[1].text
    assert "blanks stand around text in shop, city, tags; strip_text drops them" in drafts[1].notes
    assert feature_lines(drafts[0].text) == feature_lines(drafts[1].text)
    first = scores_of_a_training(tight, tmp_path / "of_tight")
    second = scores_of_a_training(gaps, tmp_path / "of_gaps")
    assert len(set(first)) > 100
    assert first == second


def test_ids_that_a_spreadsheet_rounded_are_text_and_told() -> None:
    cells = ["1.577141E+18", "7", "1.577142E+18"]
    profile = profile_of(cells, "user_id")
    assert profile.values == cells
    assert profile.remark.startswith(
        "holds ids as '1.577141E+18', so it is read as text; a program"
    )
    assert profile_of(cells, "amount").declared == DatasetConfig.DOUBLE
    assert profile_of(["12", "12.0"], "user_id").declared == DatasetConfig.FLOAT  # one id

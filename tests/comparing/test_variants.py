"""What may be compared, and the errors of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from easy_esmm import compare, flags
from easy_esmm.comparing.configs import read_variants
from easy_esmm.comparing.job import parse_seeds
from easy_esmm.comparing.simulated import parse_settings
from easy_esmm.comparing.variants import (
    data_format,
    notes_of,
    require_comparable,
    require_same_data,
    require_same_tasks,
)
from easy_esmm.config import Edit
from easy_esmm.errors import UserError

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "esmm_quickstart.config"


def edited(path: str, value: object) -> Edit:
    return Edit(f"--{path}", path, value)


def test_names_are_those_of_the_files_unless_given(tmp_path: Path) -> None:
    other = tmp_path / "other.config"
    other.write_text(SAMPLE.read_text())
    found = read_variants(f"{SAMPLE}, mine={SAMPLE},{other}", [])
    assert [variant.name for variant in found] == ["esmm_quickstart", "mine", "other"]


def test_two_configs_of_one_name_are_refused_with_a_way_out() -> None:
    with pytest.raises(UserError) as caught:
        read_variants(f"{SAMPLE},{SAMPLE}", [])
    assert str(caught.value) == (
        f"--configs: {SAMPLE} and {SAMPLE} are both named esmm_quickstart; name one of them, such "
        f"as --configs {SAMPLE},esmm_quickstart2={SAMPLE}"
    )


def test_no_config_is_an_error_of_the_command_line() -> None:
    with pytest.raises(UserError, match="--configs: must name one config or several, with commas"):
        read_variants(" , ", [])


def test_configs_with_a_space_are_refused_with_a_hint() -> None:
    with pytest.raises(UserError) as caught:
        flags.parse(compare.FLAGS, ["compare", "--configs", "a.config", "b.config"])
    assert str(caught.value) == (
        "b.config: not a flag; all arguments are --flags, and configs are joined by commas "
        "(see --help)"
    )


def test_early_stopping_would_choose_the_step_on_the_evaluated_rows() -> None:
    stop = edited("export_config.enable_early_stop", True)
    rule = "export_config.enable_early_stop: must be false in a comparison"
    with pytest.raises(UserError, match=rule):
        require_comparable(read_variants(str(SAMPLE), [stop]))


def test_models_of_values_are_refused() -> None:
    value = edited("model_config.esmm.cvr_tower.loss_type", "L2_LOSS")
    with pytest.raises(UserError, match=r"esmm\.cvr_tower\.loss_type: must be that of a probab"):
        require_comparable(read_variants(str(SAMPLE), [value]))


def test_configs_on_different_files_or_labels_are_refused(tmp_path: Path) -> None:
    text = SAMPLE.read_text()
    other = tmp_path / "other.config"
    other.write_text(text.replace("data/train/*.csv", "elsewhere/*.csv"))
    with pytest.raises(UserError) as caught:
        require_same_data(read_variants(f"{SAMPLE},{other}", []))
    assert str(caught.value) == (
        f'--configs: train_input_path must be the same in all configs: "data/train/*.csv" in '
        f'{SAMPLE}, "elsewhere/*.csv" in {other}; set it for all by a flag, or compare on '
        "simulated rows (--simulate)"
    )
    same = [edited("train_input_path", "x.csv")]
    require_same_data(read_variants(f"{SAMPLE},{other}", same))


def test_tasks_of_one_name_are_about_the_same_labels_and_rows(tmp_path: Path) -> None:
    sample = SAMPLE.with_name("mmoe.config")
    require_same_tasks(read_variants(f"{SAMPLE},{sample}", []))
    swapped, elsewhere = tmp_path / "swapped.config", tmp_path / "elsewhere.config"
    text = sample.read_text()
    swapped.write_text(text.replace('tower_name: "ctr"', 'tower_name: "x"').replace("ctcvr", "ctr"))
    indicator = 'task_space_indicator_label: "click"'
    elsewhere.write_text(text.replace(indicator, indicator.replace("click", "conversion")))
    for other, expected in (
        (
            swapped,
            "task ctr must be the same in all configs: 'click' of all rows in {}, "
            "'conversion' of all rows in {}; give the towers different names",
        ),
        (
            elsewhere,
            "task cvr_clicked must be the same in all configs: 'conversion' of rows with "
            "'click' in {}, 'conversion' of rows with 'conversion' in {}; give the towers "
            "different names",
        ),
    ):
        with pytest.raises(UserError) as caught:
            require_same_tasks(read_variants(f"{SAMPLE},{other}", []))
        assert str(caught.value) == f"--configs: {expected.format(SAMPLE, other)}"


def test_notes_of_the_configs_are_listed_once_each(tmp_path: Path) -> None:
    idle = tmp_path / "idle.config"
    text = SAMPLE.read_text().replace("data_config {", "data_config { separator: ';'", 1)
    idle.write_text(text)
    edits = [
        edited("data_config.input_type", "ParquetInput"),
        edited("data_config.with_header", False),
        edited("data_config.shuffle", False),
        edited("data_config.shuffle_buffer_size", 9),
    ]
    notes = notes_of(read_variants(f"{idle},again={idle}", edits))
    line = text[: text.index("separator: ';'")].count("\n") + 1
    assert notes == (
        "--data_config.shuffle_buffer_size: has no effect here: shuffle is false",
        f"{idle}:{line}:15: data_config.separator: has no effect here: only CSV files have a "
        "separator",
    )


def test_simulated_rows_come_as_csv_or_parquet() -> None:
    (csv,) = read_variants(str(SAMPLE), [])
    parquet_input = edited("data_config.input_type", "ParquetInput")
    (parquet,) = read_variants(str(SAMPLE), [parquet_input])
    assert (data_format(csv), data_format(parquet)) == ("csv", "parquet")
    (records,) = read_variants(
        str(SAMPLE),
        [
            edited("data_config.input_type", "TFRecordInput"),
            edited("data_config.with_header", False),
        ],
    )
    with pytest.raises(UserError, match="must be CSVInput or ParquetInput for --simulate, got TFR"):
        data_format(records)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rhoo=.7", "--simulate: unknown key 'rhoo'; did you mean rho?; known: rows, test_share,"),
        ("rho", "--simulate: rho: must be a number, got ''"),
        ("rho=high", "--simulate: rho: must be a number, got 'high'"),
        ("rows=1e5", "--simulate: rows: must be a whole number, got '1e5'"),
        ("rho=2", "--simulate: rho: must be in [-1, 1], got 2.0"),
        ("seed=3", "--simulate: seed: is not set here: --seeds names the seeds of the data"),
    ],
)
def test_wrong_settings_are_named(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_settings(text)
    assert str(caught.value).startswith(message)


def test_settings_are_those_of_the_simulation() -> None:
    found = parse_settings("rho=-.5, rows=10_000,conv_rate=.01")
    assert (found.rho, found.rows, found.conv_rate, found.click_rate) == (-0.5, 10000, 0.01, 0.04)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0,x", "--seeds: must be whole numbers from 0 on, with commas, got 'x'"),
        ("\N{SUPERSCRIPT TWO}", "--seeds: must be whole numbers from 0 on"),
        ("-1", "got '-1'"),
        ("1,1", "--seeds: must be different, got 1 twice"),
        ("", "--seeds: must name a seed or several"),
    ],
)
def test_wrong_seeds_are_named(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse_seeds(text)

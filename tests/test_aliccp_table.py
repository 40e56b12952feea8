"""The paper's table from raw files, on simulated ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from easy_esmm import aliccp_table, flags
from easy_esmm.aliccp import simulate
from easy_esmm.config.paper_models import NAMES
from easy_esmm.errors import UserError

CLONE = Path(__file__).resolve().parents[1]


def call(*arguments: str) -> None:
    aliccp_table.main(flags.parse(aliccp_table.FLAGS, ["aliccp_table", *arguments]))


@pytest.mark.slow
def test_the_table_is_made_and_goes_on_where_it_was_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw, output = tmp_path / "raw", tmp_path / "run"
    rates = ["--click_rate=.2", "--conv_rate=.2"]
    simulate.main(
        flags.parse(
            simulate.FLAGS,
            ["simulate", f"--output={raw}", "--rows=8000", "--format=raw", *rates],
        )
    )
    run = [
        f"--data={raw}/raw",
        f"--output_dir={output}",
        f"--pipeline_config={CLONE}/samples/esmm_aliccp.config",
        "--min_count=3",
        "--train_config.num_steps=20",
        "--model_config.esmm.ctr_tower.dnn.hidden_units=[8]",
        "--model_config.esmm.cvr_tower.dnn.hidden_units=[8]",
    ]
    capsys.readouterr()
    call(*run, "--runs=1")
    printed = capsys.readouterr()
    content = json.loads((output / "table.json").read_text())
    assert list(content["models"]) == list(NAMES)
    assert content["is_official"] is False
    clicked = {name: row["auc_cvr_clicked"]["mean"] for name, row in content["models"].items()}
    common = {name: row["auc_ctcvr_common_pctr"]["mean"] for name, row in content["models"].items()}
    assert len({(clicked[name], common[name]) for name in NAMES}) == len(NAMES)
    assert all(0.3 < value < 1 for value in (*clicked.values(), *common.values()))
    for name in NAMES:
        assert f"{name} " in printed.out
        assert f" {name}, seed 0: CTR" in printed.err
    assert "not comparable" in printed.out
    # Folders of trained models are gone, but for that of the common pCTR.
    assert list((output / "models").iterdir()) == []
    # The second seed of one model; what is finished is read.
    call(*run, "--runs=2", "--models=ESMM")
    again = capsys.readouterr()
    assert again.out.count("converted before") == 2
    assert again.out.count("trained before") == 1
    assert "[1/2] ESMM, seed 0: done before" in again.err
    content = json.loads((output / "table.json").read_text())
    row = content["models"]["ESMM"]["auc_cvr_clicked"]
    assert row["by_seed"]["0"] == clicked["ESMM"]
    assert row["by_seed"]["1"] != clicked["ESMM"]
    assert row["deviation"] > 0


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(UserError) as caught:
        call("--data=none", "--models=BASE,ESCM2")
    assert str(caught.value) == (
        "--models: must be of BASE, AMAN, OVERSAMPLING, UNBIAS, DIVISION, ESMM-NS, ESMM, "
        "got 'ESCM2'"
    )

"""Evaluation results as a line and as a file."""

from __future__ import annotations

import json
from pathlib import Path

from easy_esmm.evaluation import result


def test_the_line_holds_loss_and_aucs_but_no_errors_or_counts() -> None:
    values = {
        "loss": 0.25,
        "global_step": 1200,
        "auc_ctr": 0.71234,
        "auc_ctr_se": 0.01,
        "gauc_ctr": 0.6,
        "gauc_ctr_groups": 12.0,
        "session_auc_ctr": 0.55,
        "session_auc_ctr_groups": 7.0,
        "count/clicks": 3.0,
    }
    assert result.one_line(values) == (
        "evaluation at step 1,200: loss 0.250000, auc_ctr 0.7123, gauc_ctr 0.6000, "
        "session_auc_ctr 0.5500"
    )


def test_the_file_is_sorted_json_with_null_for_what_could_not_be_measured(tmp_path: Path) -> None:
    path = tmp_path / "eval_result.txt"
    result.write({"loss": 0.5, "auc_cvr_masked": float("nan")}, str(path))
    assert path.read_text() == '{\n "auc_cvr_masked": null,\n "loss": 0.5\n}\n'
    assert json.loads(path.read_text())["auc_cvr_masked"] is None
    assert [p.name for p in tmp_path.iterdir()] == ["eval_result.txt"]


def test_a_tower_whose_name_holds_se_keeps_its_auc() -> None:
    values = {"loss": 1, "global_step": 1, "auc_ctr_search": 0.5, "auc_ctr_search_se": 0.1}
    assert result.one_line(values) == "evaluation at step 1: loss 1.000000, auc_ctr_search 0.5000"

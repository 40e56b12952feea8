"""The table of published results."""

from __future__ import annotations

from easy_esmm.reporting.published import beside_published

METRICS = {
    "auc_ctr": 0.5975,
    "auc_ctr_se": 0.0003,
    "auc_cvr_masked": 0.68412,
    "auc_cvr_masked_se": 0.0031,
    "auc_ctcvr_common_pctr": 0.6502,
    "auc_ctcvr_common_pctr_se": 0.0125,
}


def test_the_run_stands_on_top_in_the_papers_unit() -> None:
    lines = beside_published(METRICS, is_official=True).splitlines()
    assert lines[1].split("  ")[0] == "this run"
    assert lines[1].split()[2:] == [
        "59.75",
        "+-",
        ".03",
        "68.41",
        "+-",
        ".31",
        "65.02",
        "+-",
        "1.25",
    ]
    paper = next(line for line in lines if line.startswith("ESMM paper, ESMM "))
    assert paper.split()[3:] == ["-", "68.56", "+-", ".37", "65.32", "+-", ".49"]
    assert "not comparable" not in lines[-1]


def test_rows_that_are_not_the_official_ones_are_not_compared() -> None:
    assert beside_published(METRICS, is_official=False).endswith("its figures are not comparable.")

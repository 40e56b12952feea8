"""What a person and a program read: text, page and files, of a comparison made by hand."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Dict, List

import pytest

from easy_esmm.comparing.comparison import Comparison, compare
from easy_esmm.comparing.files import write_files
from easy_esmm.comparing.page import comparison_page
from easy_esmm.comparing.runs import Result
from easy_esmm.comparing.text import comparison_text

SUFFIXES = {"ctr": "ctr", "cvr_clicked": "cvr_masked", "ctcvr": "ctcvr"}

AUCS = {"esmm": (0.60, 0.70, 0.80), "better": (0.61, 0.711, 0.812), "same <b>": (0.61, 0.69, 0.80)}


def metrics_of(auc: float) -> Dict[str, float]:
    return {"auc_ctr": auc, "log_loss_ctr": 1 - auc, "gradient_cosine": 0.25}


def results_of(seeds: int = 3) -> List[Result]:
    return [
        Result(name, seed, SUFFIXES, metrics_of(auc), 1.0, 10, 1.0)
        for name, aucs in AUCS.items()
        for seed, auc in enumerate(aucs[:seeds])
    ]


def comparison(seeds: int = 3) -> Comparison:
    facts = {"simulation": {"rho": 0.7, "rows": 400_000, "delay": "weibull"}}
    return compare(
        list(AUCS), "esmm", results_of(seeds), {}, facts, ["a note & more"], ["of a config"]
    )


def test_text_shows_means_spreads_and_marks_noise() -> None:
    lines = [re.sub(r"  +", "  ", line) for line in comparison_text(comparison()).splitlines()]
    # .61, .711, .812: mean .711, deviation .101; differences .010, .011, .012: mean .011,
    # error .001 / sqrt(3), times 4.3027: .0025
    assert "esmm  0.7000 (.1000)  0.3000 (.1000)" in lines
    assert "better  0.7110 (.1010)  0.2890 (.1010)" in lines
    assert "  - esmm  +.0110 +-.0025  -.0110 +-.0025" in lines
    # differences .01, -.01, 0: mean 0
    assert any(line.startswith("  - esmm  ~+.0000 +-.0248  ~") for line in lines)
    assert lines[-1] == "a note & more"
    assert not any(line.startswith("CVR over all impressions") for line in lines)


def test_a_seesaw_is_held_against_0_and_not_against_the_reference() -> None:
    found = compare(list(AUCS), "same <b>", results_of(), {"ctr": "esmm"}, {})
    text = comparison_text(found)
    lines = [re.sub(r"  +", "  ", line) for line in text[text.index("Seesaw") :].splitlines()]
    # better - esmm: .010, .011, .012; same - esmm: .01, -.01, 0; esmm measures it and has none
    assert [line.rstrip() for line in lines[2:]] == [
        "esmm  -  0.2500 (.0000)",
        "better  0.0110 (.0010)  0.2500 (.0000)",
        "  mean  +.0110 +-.0025",
        "same <b>  0.0000 (.0100)  0.2500 (.0000)",
        "  mean  ~+.0000 +-.0248",
    ]


def test_one_seed_comes_with_a_line_that_nothing_is_known() -> None:
    text = comparison_text(comparison(seeds=1))
    assert "one seed: no spread, no interval" in text
    assert "+-" not in text


def test_page_stands_alone_and_escapes_names() -> None:
    page = comparison_page(comparison())
    assert "<li>a note &amp; more</li><li>of a config</li>" in page
    assert not re.search(r"https?://|<script|<link|@import", page)
    assert "prefers-color-scheme: dark" in page
    assert "Simulated rows: rho 0.7; rows 400,000; delay weibull. " in page
    assert "same <b>" not in page
    assert "same &lt;b&gt;" in page
    assert "a note &amp; more" in page
    better = re.findall(r'<small class="(\w+)">([^<]*)</small>', page)
    assert better[:2] == [("better", "+.0110 &plusmn;.0025"), ("better", "-.0110 &plusmn;.0025")]
    assert better[2][0] == "noise"


def test_files_hold_the_numbers(tmp_path: Path) -> None:
    write_files(comparison(), tmp_path)
    content = json.loads((tmp_path / "comparison.json").read_text())
    (row,) = [
        row
        for row in content["summary"]
        if (row["config"], row["measure"]) == ("better", "auc_ctr")
    ]
    assert row["mean"] == pytest.approx(0.711)
    assert row["difference"] == pytest.approx(0.011)
    assert row["standard_error"] == pytest.approx(0.001 / 3**0.5)
    assert (row["is_noise"], row["pairs"], row["better"]) == (False, 3, "higher")
    with (tmp_path / "runs.csv").open(newline="") as file:
        runs = list(csv.DictReader(file))
    assert [(r["config"], r["seed"], float(r["auc_ctr"])) for r in runs[:2]] == [
        ("esmm", "0", 0.60),
        ("esmm", "1", 0.70),
    ]
    assert content["simulation"] == {"rho": 0.7, "rows": 400_000, "delay": "weibull"}

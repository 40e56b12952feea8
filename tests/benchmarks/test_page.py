"""docs/performance.md, the goals and the ledger say what the benchmarks have found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict

import pytest

from benchmarks import goals, ledger, page, page_tables, results
from benchmarks.results import Case, Run

CASE: Dict[str, Any] = {
    "workload": "W1",
    "batch": 4096,
    "dtype": "FP32",
    "optimizer": "lazy_adam_optimizer",
    "cpu_us": [4.0, 4.0, 8.0],
    "wall_us": [2.5, 4.0, 5.0],
    "limit_us": [2.0, 4.0, 6.0, 2.0],
    "utilisation": [0.8, 0.5, 0.9],
    "passes_us": {"scores": 6.0, "scores_to_file": 7.5, "evaluation": 8.0},
    "forward_limit_us": 5.0,
}


def run_of(*cases: Dict[str, Any]) -> Run:
    machine = {
        "processor": "P",
        "cores": 2,
        "flags": ["avx2", "avx512f"],
        "versions": {"tensorflow": "2.15.1"},
        "load": 0.5,
    }
    return Run({"date": "2026-01-02", "commit": "abc", "machine": machine, "cases": list(cases)})


def test_the_page_is_up_to_date() -> None:
    assert page.PAGE.read_text() == page.render(), "run `make docs`"


def test_every_picture_of_the_page_is_there() -> None:
    text = page.PAGE.read_text()
    pictures = [part.split(")")[0] for part in text.split("](images/")[1:]]
    assert len(pictures) == 2
    assert all((page.IMAGES / picture).is_file() for picture in pictures)


def test_a_window_is_compared_with_the_limits_around_it() -> None:
    # 3 / 4, 5 / 4 and 4 / 8: a window beside a slow limit is no faster for it.
    case = Case(CASE)
    assert case.shares == [0.75, 1.25, 0.5]
    assert case.share == 0.75
    assert (case.cpu, case.limit, case.rest) == (4.0, 3.0, 1.0)
    assert case.per_second == 250_000
    assert case.utilisation == 0.8
    assert case.metrics == 0.25


def test_cases_have_names_of_what_differs() -> None:
    others = {**CASE, "optimizer": "adam_optimizer"}, {**CASE, "input": "csv", "batch": 1024}
    assert list(run_of(CASE, *others).cases) == [
        "W1 FP32 4096",
        "W1 FP32 4096 adam_optimizer",
        "W1 FP32 1024 csv",
    ]


def test_goals_are_met_missed_or_not_measured() -> None:
    small = {**CASE, "batch": 1024, "cpu_us": [5.0]}
    found = {o.goal.name: (o.is_met, o.text) for o in goals.outcomes(run_of(CASE, small))}
    assert found["W1, FP32, batch 4096: of the limit"] == (False, "75%, missed by 13%")
    assert found["W1, FP32: an example at batch 1024 beside one at 4096"] == (
        False,
        "1.25 x, missed by 0.10 x",
    )
    assert found["W1, BF16, batch 4096: of the limit"] == (False, "not measured")
    (metrics,) = (o for o in goals.outcomes(run_of(CASE)) if "metrics' share" in o.goal.name)
    assert metrics.text == "25%, missed by 15%"
    better = {**CASE, "cpu_us": [3.0, 5.0, 4.0]}
    (outcome,) = (o for o in goals.outcomes(run_of(better)) if o.goal.bound == 0.88)
    assert (outcome.is_met, outcome.text, outcome.bound_text) == (True, "100%, met", "at least 88%")


def test_a_run_is_one_line_of_the_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger.append(run_of(CASE), path)
    ledger.append(run_of(), path)
    first, second = ledger.entries(path)
    assert first["cases"] == {"W1 FP32 4096": {"cpu_us": 4.0, "limit_us": 3.0, "share": 0.75}}
    assert (first["date"], first["commit"], first["machine"]) == (
        "2026-01-02",
        "abc",
        "P, 2 cores, avx512f",
    )
    assert second["cases"] == {}


def test_pairs_of_seeds_are_compared() -> None:
    runs = {"a": [{"m": 0.5}, {"m": 0.7}], "b": [{"m": 0.6}, {"m": 0.6}]}
    *_, spread, apart = page_tables.parity({"runs": runs}, ["m"], "a").splitlines()
    assert spread == "| deviation between these seeds | 0.1414 |"
    assert apart == "| **b** - a, mean and deviation of the pairs | +0.0000 +- 0.1414 |"


@pytest.mark.parametrize("path", sorted(results.CHOICES.glob("*.json")), ids=lambda p: p.stem)
def test_every_choice_says_what_was_measured(path: Path) -> None:
    choice = json.loads(path.read_text())
    assert {"choice", "topic", "kept", "unit", "with", "without", "command", "date"} <= set(choice)
    assert choice["topic"] in page.TOPICS
    assert choice["machine"]["processor"]
    assert all(value > 0 for value in (*choice["with"], *choice["without"]))

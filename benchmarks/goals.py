"""The goals of speed, and whether a run of the benchmarks meets them."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Any, Callable, List, Optional, Sequence

from benchmarks.results import Run, cpu_of_a_million


@dataclass(frozen=True)
class Goal:
    """A figure of a run, and its bound."""

    name: str
    bound: float
    value: Callable[[Run], Any]
    form: str
    """Format of bound and value."""
    is_most: bool = True
    """Whether the bound is the most that the figure may be; else the least."""


@dataclass(frozen=True)
class Outcome:
    """A goal beside what was found."""

    goal: Goal
    value: Optional[float]
    """None: this run has not measured it."""

    @property
    def is_met(self) -> bool:
        """Whether the figure keeps the bound."""
        if self.value is None:
            return False
        goal = self.goal
        return self.value <= goal.bound if goal.is_most else self.value >= goal.bound

    @property
    def bound_text(self) -> str:
        """The bound in words."""
        goal = self.goal
        return ("at most " if goal.is_most else "at least ") + goal.form.format(goal.bound)

    @property
    def text(self) -> str:
        """The figure, and by how much it misses the bound, if it does."""
        goal, value = self.goal, self.value
        if value is None:
            return "not measured"
        found = goal.form.format(value)
        if self.is_met:
            return f"{found}, met"
        return f"{found}, missed by {goal.form.format(abs(value - goal.bound))}"


_FIRST = "first_step_cpu_s"
_FLAT, _SMALL, _BF16 = "W1 FP32 4096", "W1 FP32 1024", "W1 BF16 4096"


def _startup(case: str, figure: str) -> Callable[[Run], Any]:
    """Median of the repeats."""
    return lambda run: median([repeat[figure] for repeat in run.figures["startup"]["cases"][case]])


def _conversion(run: Run) -> Any:
    return run.figures["aliccp_conversion"]["whole"]


GOALS: Sequence[Goal] = (
    Goal(
        "CPU s from the command to the first step, W1", 6, _startup("W1, fresh", _FIRST), "{:.1f}"
    ),
    Goal("the same with --continue_train", 6, _startup("W1, --continue_train", _FIRST), "{:.1f}"),
    Goal(
        "the same with 16 million rows of tables",
        9,
        _startup("W1-vocabulary-x10, fresh", _FIRST),
        "{:.1f}",
    ),
    Goal(
        "CPU s until a pattern without files is refused", 1, _startup("refused", "cpu_s"), "{:.2f}"
    ),
    Goal(
        "W1, FP32, batch 4096: of the limit", 0.88, lambda r: r.cases[_FLAT].share, "{:.0%}", False
    ),
    Goal(
        "W1, FP32, batch 1024: of the limit", 0.85, lambda r: r.cases[_SMALL].share, "{:.0%}", False
    ),
    Goal(
        "W1, FP32: an example at batch 1024 beside one at 4096",
        1.15,
        lambda r: r.cases[_SMALL].cpu / r.cases[_FLAT].cpu,
        "{:.2f} x",
    ),
    Goal(
        "W1, BF16, batch 4096: of the limit", 0.60, lambda r: r.cases[_BF16].share, "{:.0%}", False
    ),
    Goal(
        "W2, FP32, batch 4096: of the limit",
        0.75,
        lambda r: r.cases["W2 FP32 4096"].share,
        "{:.0%}",
        False,
    ),
    Goal(
        "ten times the vocabulary",
        1.1,
        lambda r: r.cases["W1-vocabulary-x10 FP32 4096"].cpu / r.cases[_FLAT].cpu,
        "{:.2f} x",
    ),
    Goal(
        "both cores of a training busy, W1, FP32, batch 4096",
        0.95,
        lambda r: r.cases[_FLAT].utilisation,
        "{:.0%}",
        False,
    ),
    Goal(
        "a training from CSV beside one from Parquet",
        1.3,
        lambda r: r.cases[f"{_FLAT} csv"].cpu / r.cases[_FLAT].cpu,
        "{:.2f} x",
    ),
    Goal(
        "a training from gzip CSV: both cores busy",
        0.95,
        lambda r: r.cases[f"{_FLAT} csv.gz"].utilisation,
        "{:.0%}",
        False,
    ),
    Goal(
        "metrics' share of an evaluation, the largest of the cases",
        0.10,
        lambda r: max(case.metrics for case in r.cases.values() if case.has_passes),
        "{:.0%}",
    ),
    Goal(
        "scores written to Parquet beside the forward products, W1, FP32",
        1.15,
        lambda r: r.cases[_FLAT].scores_to_file / r.cases[_FLAT].forward,
        "{:.2f} x",
    ),
    Goal(
        "or: CPU us of a row scored to Parquet",
        7.0,
        lambda r: r.cases[_FLAT].scores_to_file,
        "{:.1f}",
    ),
    Goal(
        "Ali-CCP conversion, one worker: CPU s a million impressions",
        3,
        lambda r: cpu_of_a_million(_conversion(r)[0]),
        "{:.2f}",
    ),
    Goal(
        "Ali-CCP conversion, a worker a core: MB of memory",
        600,
        lambda r: _conversion(r)[1]["memory_mb"],
        "{:.0f}",
    ),
)
"""In the order of the page."""


def outcomes(run: Run) -> List[Outcome]:
    """Each goal beside the figure of the run."""
    found = []
    for goal in GOALS:
        try:
            value: Optional[float] = float(goal.value(run))
        except (KeyError, ValueError):  # a quick run has few cases, and no passes
            value = None
        found.append(Outcome(goal, value))
    return found


def lines(run: Run) -> List[str]:
    """The goals as lines of text."""
    rows = [(o.goal.name, o.bound_text, o.text) for o in outcomes(run)]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    return [f"{name:<{widths[0]}}  {bound:<{widths[1]}}  {text}" for name, bound, text in rows]

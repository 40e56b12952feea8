"""Figures of cases as lines of text."""

from __future__ import annotations

from statistics import median
from typing import Iterable, Sequence

from benchmarks.results import Case

_COLUMNS = (
    ("case", 38),
    ("CPU us/example", 22),
    ("limit", 7),
    ("of limit", 9),
    ("examples/s", 11),
    ("both cores", 11),
    ("reading", 8),
    ("peak GB", 8),
    ("1st step s", 11),
    ("load", 6),
)


def head() -> str:
    """Titles; `1st step` is in CPU seconds, with the imports."""
    return "".join(f"{title:>{width}}" for title, width in _COLUMNS)


def line(case: Case) -> str:
    """Medians of the windows, with the least and the largest in brackets."""
    figures = case.figures
    cells = (
        case.name,
        brackets(figures["cpu_us"]),
        f"{case.limit:.1f}",
        f"{case.share:.0%}",
        f"{case.per_second:,.0f}",
        f"{case.utilisation:.0%}",
        f"{figures['reading_us']:.2f}",
        f"{figures['peak_gb']:.2f}",
        f"{figures['first_step_cpu_seconds']:.1f}",
        f"{figures['load']:.1f}",
    )
    return "".join(f"{cell:>{width}}" for cell, (_, width) in zip(cells, _COLUMNS))


def passes(cases: Iterable[Case]) -> str:
    """CPU microseconds a row of evaluation and prediction, where they were measured."""
    lines = []
    for case in cases:
        if not case.has_passes:
            continue
        cells = "".join(f"   {name} {us:.1f}" for name, us in case.figures["passes_us"].items())
        lines.append(f"{case.name:<14} CPU us/row:{cells}   forward products {case.forward:.1f}")
    return "\n".join(lines)


def brackets(figures: Sequence[float], form: str = "{:.1f}") -> str:
    """The median, with the least and the largest in brackets."""
    low, middle, high = map(form.format, (min(figures), median(figures), max(figures)))
    return middle if len(figures) == 1 else f"{middle} ({low} - {high})"

"""Figures of cases as lines of text."""

from __future__ import annotations

from statistics import median
from typing import Any, Mapping, Sequence

_COLUMNS = (
    ("workload", 18),
    ("batch", 6),
    ("dtype", 6),
    ("CPU us/example", 22),
    ("limit", 7),
    ("of limit", 9),
    ("examples/s", 11),
    ("reading", 8),
    ("peak GB", 8),
    ("1st step s", 11),
    ("load", 6),
)


def head() -> str:
    """Titles: `of limit` is `share`; `1st step` is in CPU seconds, with the imports."""
    return "".join(f"{title:>{width}}" for title, width in _COLUMNS)


def share(figures: Mapping[str, Any]) -> float:
    """Limit / training, each window against the mean of the limits before and after it: median."""
    around = zip(figures["limit_us"], figures["limit_us"][1:])
    limits = [(before + after) / 2 for before, after in around]
    return float(median(limit / cpu for limit, cpu in zip(limits, figures["cpu_us"])))


def line(figures: Mapping[str, Any]) -> str:
    """Medians of the windows, with the least and the largest in brackets."""
    cpu, limit = figures["cpu_us"], median(figures["limit_us"])
    is_lazy = figures["optimizer"] == "lazy_adam_optimizer"
    cells = (
        figures["workload"] + ("" if is_lazy else ", adam"),
        figures["batch"],
        figures["dtype"],
        f"{median(cpu):.1f} ({min(cpu):.1f}-{max(cpu):.1f})",
        f"{limit:.1f}",
        f"{share(figures):.0%}",
        f"{1e6 / median(figures['wall_us']):,.0f}",
        f"{figures['reading_us']:.2f}",
        f"{figures['peak_gb']:.2f}",
        f"{figures['first_step_cpu_seconds']:.1f}",
        f"{figures['load']:.1f}",
    )
    return "".join(f"{cell:>{width}}" for cell, (_, width) in zip(cells, _COLUMNS))


def passes(cases: Sequence[Mapping[str, Any]]) -> str:
    """CPU microseconds a row of evaluation and prediction, where they were measured."""
    lines = []
    for figures in cases:
        if "passes_us" not in figures:
            continue
        cells = "".join(f"   {name} {us:.1f}" for name, us in figures["passes_us"].items())
        limit = figures["forward_limit_us"]
        name = f"{figures['workload']} {figures['dtype']}"
        lines.append(f"{name:<10} CPU us/row:{cells}   forward products {limit:.1f}")
    return "\n".join(lines)

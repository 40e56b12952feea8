"""The plots of docs/performance.md, by matplotlib."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Dict, Mapping, Sequence

import matplotlib
from matplotlib.figure import Figure

from benchmarks.results import Case, Run

_WIDTH, _ROW = 8.0, 0.32
_ATTENDED = 60
"""CPU us of products that only attended histories have."""
_COLORS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb", "#000000")
_LIMIT, _REST = "#4477aa", "#ccbb44"  # apart for the colour-blind, too


def drawn(run: Run, entries: Sequence[Mapping[str, Any]]) -> Dict[str, Figure]:
    """The figures, by name."""
    return {"training": training(run), "ledger": shares(entries)}


def training(run: Run) -> Figure:
    """Of each case the limit and the rest of a training; attentions have a scale of theirs."""
    cases = list(run.cases.values())[::-1]
    attended = [case for case in cases if case.limit > _ATTENDED]
    others = [case for case in cases if case.limit <= _ATTENDED]
    parts = [part for part in (others, attended) if part]
    figure = Figure((_WIDTH, 1.6 + _ROW * len(cases)), layout="constrained")
    heights = [len(part) + 1 for part in parts]
    for axes, part in zip(
        figure.subplots(len(parts), height_ratios=heights, squeeze=False)[:, 0], parts
    ):
        _bars(axes, part)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=2, fontsize=8)
    axes.set_xlabel("CPU us an example; behind each bar the share of the limit")
    return figure


def _bars(axes: Any, cases: Sequence[Case]) -> None:
    places, limits = range(len(cases)), [case.limit for case in cases]
    axes.barh(places, limits, color=_LIMIT, label="matrix products alone")
    rest = [case.rest for case in cases]
    axes.barh(places, rest, left=limits, color=_REST, label="everything else")
    for place, case in zip(places, cases):
        axes.text(case.cpu, place, f" {case.share:.0%}", va="center", fontsize=8)
    axes.set_yticks(places, [case.name for case in cases], fontsize=8)
    axes.margins(x=0.08)


def shares(entries: Sequence[Mapping[str, Any]]) -> Figure:
    """Shares of the limit by run, of the cases that every second run has at least.

    Runs on one processor are joined by a line.
    """
    counts = Counter(name for entry in entries for name in entry["cases"])
    names = [name for name, count in counts.items() if count > 1 and count >= len(entries) / 2]
    figure = Figure((_WIDTH, 3.6), layout="constrained")
    axes = figure.subplots()
    for name, marker, color in zip(names, "os^Dv<>PX", _COLORS):
        for machine in dict.fromkeys(entry["machine"] for entry in entries):
            found = [
                (number, entry["cases"][name]["share"])
                for number, entry in enumerate(entries)
                if name in entry["cases"] and entry["machine"] == machine
            ]
            if found:
                axes.plot(*zip(*found), marker=marker, color=color, label=name)
    ticks = [f"{entry['commit']}\n{entry['machine'].split(',')[0]}" for entry in entries]
    axes.set_xticks(range(len(entries)), ticks, fontsize=7)
    axes.set_ylim(0, 1)
    axes.set_ylabel("share of the limit")
    handles = dict(zip(*axes.get_legend_handles_labels()[::-1]))
    figure.legend(handles.values(), handles, loc="outside right upper", fontsize=8)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Writes SVG that is the same for the same figures."""
    settings = {"svg.fonttype": "none", "svg.hashsalt": path.stem}
    with matplotlib.rc_context(settings):
        figure.savefig(path, metadata={"Date": None})

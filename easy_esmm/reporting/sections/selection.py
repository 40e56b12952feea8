"""Selection bias: CVR by decile of pCTR, and pCVR on clicked and unclicked rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional

import numpy as np

from easy_esmm.contract import Kind
from easy_esmm.reporting.drawing import html
from easy_esmm.reporting.drawing.axis import Axis, linear, log, numbered
from easy_esmm.reporting.drawing.formats import percent, percent_tick, significant
from easy_esmm.reporting.drawing.xy import Series, chart
from easy_esmm.reporting.evaluated import Evaluated
from easy_esmm.reporting.measures.grouping import equal_count
from easy_esmm.reporting.measures.rates import rates
from easy_esmm.reporting.measures.spread import edges, spread
from easy_esmm.reporting.measures.task_rows import Array, TaskRows
from easy_esmm.reporting.sections.calibration import notes_of, numbers_of
from easy_esmm.simulation.truth import Truth

DECILES = 10
_CELLS = 40
_AXIS = "decile of pCTR, the lowest first"


def selection(of: Evaluated) -> str:
    """CVR by decile of pCTR, and the distribution of pCVR, of an entire-space model with a pCVR."""
    family = of.rows.tasks.entire_space
    if family is None or family.conversion.kind is not Kind.BINARY:
        return ""
    space = _Space(
        of.rows.label(family.click),
        of.rows.predictions[family.click.name],
        of.rows.predictions[family.conversion.name],
        of.rows.weight,
    )
    clicked = next(task for task in of.tasks if task.key == family.conversion.metric_name)
    boxes = [*_by_decile(space, clicked), *_against_truth(space, of.truth), *_distribution(space)]
    content = html.cards(boxes, "There are no rows to group.")
    return html.section(
        "selection",
        "Selection",
        "Clicked rows are no fair sample of all impressions. Predictions that leave the bars at "
        "one end of pCTR follow the click where they should follow the conversion; over all "
        "impressions, a model that learned from clicks alone stands above the true rate, most "
        "where clicks are rare. Bars are 95 % intervals (Wilson).",
        content
        + (
            ""
            if of.truth is not None
            else html.left_out(
                "Where nobody clicks no log holds the true rate; on simulated rows --truth adds it."
            )
        ),
    )


@dataclass(frozen=True, eq=False)
class _Space:
    """All impressions; float32 [rows]."""

    click: Array
    pctr: Array
    pcvr: Array
    weight: Array


def _by_decile(of: _Space, clicked: TaskRows) -> List[str]:
    if not len(clicked.label):
        return [html.card("CVR of clicked rows", "", html.left_out("No row was clicked."))]
    groups = equal_count(of.pctr[clicked.inside], DECILES)
    found = rates(clicked, groups)
    means = [_mean(of.pctr, of.weight, clicked.inside[group]) for group in groups]
    where = [f"mean pCTR {percent(mean)}: " for mean in means]
    notes = [first + note for first, note in zip(where, notes_of(found, clicked.events))]
    places = list(range(1, len(groups) + 1))
    observed = Series(
        *("observed", places, found.observed.tolist(), 1),
        is_line=False,
        has_dots=True,
        low=found.low.tolist(),
        high=found.high.tolist(),
        notes=notes,
    )
    predicted = Series("mean pCVR", places, found.predicted.tolist(), 2)
    down = linear("CVR", [*found.high.tolist(), *found.predicted.tolist()], percent_tick)
    name = "Observed and predicted conversion rate of clicked rows by decile of pCTR"
    picture = chart([observed, predicted], _deciles(len(groups)), down, name)
    note = f"mean pCTR from {percent(means[0])} to {percent(means[-1])}"
    table = numbers_of(found, clicked.events, "decile")
    return [html.card("CVR of clicked rows by decile of pCTR", note, picture + table)]


def _against_truth(of: _Space, truth: Optional[Truth]) -> List[str]:
    if truth is None:
        return []
    counted = np.flatnonzero((of.weight > 0) & np.isfinite(of.pcvr))
    groups = [counted[group] for group in equal_count(of.pctr[counted], DECILES)]
    places = list(range(1, len(groups) + 1))
    true = [_mean(truth.pcvr_do, of.weight, group) for group in groups]
    predicted = [_mean(of.pcvr, of.weight, group) for group in groups]
    notes = [f"true {percent(t)}, mean pCVR {percent(p)}" for t, p in zip(true, predicted)]
    shown = [
        Series("true CVR, planted", places, true, 1, is_line=False, has_dots=True, notes=notes),
        Series("mean pCVR", places, predicted, 2),
    ]
    down = linear("CVR", [*true, *predicted], percent_tick)
    name = "True and predicted conversion rate over all impressions by decile of pCTR"
    picture = chart(shown, _deciles(len(groups)), down, name)
    note = "p(conversion | do(click)), which only a simulation knows"
    return [html.card("CVR over all impressions by decile of pCTR", note, picture)]


def _distribution(of: _Space) -> List[str]:
    pcvr = of.pcvr
    counted = (of.weight > 0) & np.isfinite(pcvr)
    if not counted.any():
        return []
    ends = edges(pcvr[counted], _CELLS)
    clicked = counted & (of.click > 0)
    shown, means = [], []
    for name, inside, tone in (("clicked", clicked, 2), ("not clicked", counted & ~clicked, 1)):
        found = spread(pcvr[inside].astype(np.float64), of.weight[inside], ends)
        if inside.any():
            label = f"{name}: mean {percent(found.mean)}"
            shown.append(
                Series(label, found.middles.tolist(), found.shares.tolist(), tone, is_filled=True)
            )
            means.append(label)
    across = log("pCVR", [ends[0], ends[-1]], percent_tick)
    down = linear("share of rows", [y for one in shown for y in one.y], percent_tick)
    picture = chart(shown, across, down, "Distribution of pCVR; " + "; ".join(means))
    ratio = _selection_ratio(pcvr, of.weight, counted, clicked)
    note = "" if ratio is None else f"mean of clicked / mean of all: {significant(ratio)}"
    return [html.card("Distribution of pCVR", note, picture)]


def _selection_ratio(pcvr: Array, weight: Array, counted: Array, clicked: Array) -> Optional[float]:
    if not clicked.any():
        return None
    return _mean(pcvr, weight, np.flatnonzero(clicked)) / _mean(
        pcvr, weight, np.flatnonzero(counted)
    )


def _mean(values: Array, weight: Array, rows: Array) -> float:
    return float(np.average(values[rows].astype(np.float64), weights=weight[rows]))


def _deciles(groups: int) -> Axis:
    return numbered(_AXIS, [str(k) for k in range(1, groups + 1)])

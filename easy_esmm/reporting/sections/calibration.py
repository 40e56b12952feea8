"""Reliability diagrams: observed against predicted rates."""

from __future__ import annotations

from typing import List

from easy_esmm.reporting.drawing import html
from easy_esmm.reporting.drawing.axis import Axis, linear, log
from easy_esmm.reporting.drawing.formats import count, percent, percent_tick
from easy_esmm.reporting.drawing.xy import Series, chart
from easy_esmm.reporting.evaluated import Evaluated
from easy_esmm.reporting.measures.rates import Rates, reliability
from easy_esmm.reporting.measures.task_rows import TaskRows

_SMALL = 0.2
"""Axes are logarithmic where no group's mean prediction is above this, or where they span more than
a factor of 20."""


def calibration(of: Evaluated) -> str:
    """A diagram a task."""
    boxes = [_box(of, task) for task in of.tasks if len(task.label)]
    content = html.cards(boxes, "There are no rows to group.")
    return html.section(
        "calibration",
        "Reliability",
        "Rows in groups of equally many by prediction. A dot on the dotted line is a group whose "
        "mean prediction is its observed rate; below the line it is predicted too high. Bars are "
        "95 % intervals of the observed rate (Wilson; rows count as independent, which rows of one "
        "user are not quite): of 20 true bars one misses the line by chance, more are real errors.",
        content,
    )


def _box(of: Evaluated, task: TaskRows) -> str:
    rates = reliability(task)
    notes = notes_of(rates, task.events)
    across = rate_axis("predicted", rates)
    down = Axis("observed", across.low, across.high, across.marks, across.is_log)
    ends = [across.low, across.high]
    dots = Series(
        "groups of rows",
        rates.predicted.tolist(),
        rates.observed.tolist(),
        of.tones()[task.key],
        is_line=False,
        has_dots=True,
        low=rates.low.tolist(),
        high=rates.high.tolist(),
        notes=notes,
    )
    line = Series("predicted = observed", ends, ends, tone=0)
    name = f"{task.title}: observed against predicted rate in {len(notes)} groups"
    scale = "logarithmic axes" if across.is_log else ""
    picture = chart([dots, line], across, down, name)
    return html.card(task.title, scale, picture + numbers_of(rates, task.events, "group"))


def rate_axis(title: str, rates: Rates) -> Axis:
    """For predicted and observed rates alike."""
    means = [*rates.predicted.tolist(), *rates.observed.tolist()]
    top, least = max(rates.predicted), min(rates.predicted)
    if top < _SMALL or top > 20 * least:
        return log(title, means, percent_tick)
    return linear(title, [*means, *rates.high.tolist()], percent_tick)


def notes_of(rates: Rates, events: str) -> List[str]:
    """Texts of the groups under the pointer."""
    return [
        f"predicted {percent(p)}, observed {percent(o)} ({percent(a)} to {percent(b)}), "
        f"{n:,.0f} rows, {e:,.0f} {events}"
        for p, o, a, b, n, e in zip(
            rates.predicted, rates.observed, rates.low, rates.high, rates.rows, rates.events
        )
    ]


def numbers_of(rates: Rates, events: str, group: str) -> str:
    """The figures of the groups as a table, folded."""
    rows = [
        [str(k), count(n), count(e), percent(p), percent(o), f"{percent(a)} to {percent(b)}"]
        for k, (n, e, p, o, a, b) in enumerate(
            zip(rates.rows, rates.events, rates.predicted, rates.observed, rates.low, rates.high),
            start=1,
        )
    ]
    head = [group, "rows", events, "predicted", "observed", "95 %"]
    return html.folded("figures", html.table(head, rows, name="Figures"))

"""Inverse propensity weights of the clicked rows."""

from __future__ import annotations

from typing import List, Tuple

from easy_esmm.reporting.drawing import html
from easy_esmm.reporting.drawing.axis import linear, log
from easy_esmm.reporting.drawing.formats import count, percent, percent_tick, significant, tick
from easy_esmm.reporting.drawing.xy import Series, chart
from easy_esmm.reporting.evaluated import Evaluated
from easy_esmm.reporting.measures.propensity import Propensity, propensity
from easy_esmm.reporting.measures.spread import edges, spread

_CELLS = 40
_OF_MODEL = "propensity/"


def propensities(of: Evaluated) -> str:
    """Histogram and figures, of entire-space models."""
    family = of.rows.tasks.entire_space
    if family is None:
        return ""
    click = family.click
    found = propensity(of.rows.label(click), of.rows.predictions[click.name], of.rows.weight)
    if found is None:
        content = html.left_out("No row was clicked, so there are no weights.")
    else:
        figures = html.table(["weights of clicked rows", ""], _figures(of, found))
        content = html.cards([_histogram(found), figures])
    return html.section(
        "propensities",
        "Propensity weights",
        "1 / pCTR of each clicked row: what a method that weighs clicks back to all impressions "
        "would give it. A few huge weights decide such a loss alone: the effective number of rows "
        "is how many rows of equal weight would be as precise; a floor under pCTR trades that for "
        "bias.",
        content,
    )


def _histogram(found: Propensity) -> str:
    ends = edges(found.weights, _CELLS)
    cells = spread(found.weights, found.sample, ends)
    shown = [
        Series("weights", cells.middles.tolist(), cells.shares.tolist(), 1, is_filled=True),
    ]
    across = log("1 / pCTR", [ends[0], ends[-1]], tick)
    down = linear("share of clicked rows", cells.shares.tolist(), percent_tick)
    name = f"Distribution of 1 / pCTR over clicked rows; mean {significant(cells.mean)}"
    note = f"mean {significant(cells.mean)}, largest {significant(found.largest)}"
    return html.card("Weights of clicked rows", note, chart(shown, across, down, name))


def _figures(of: Evaluated, found: Propensity) -> List[List[str]]:
    clicked = len(found.weights)
    figures: List[Tuple[str, str]] = [("clicked rows", count(clicked))]
    for floor, share in found.below.items():
        figures.append((f"share with a pCTR below {floor:g}", percent(share)))
    for floor, rows in found.effective.items():
        words = f"effective rows with a floor of {floor:g}" if floor else "effective rows"
        figures.append((words, f"{count(rows)}, {percent(rows / clicked)}"))
    balance = "sum of the weights / impressions (1: pCTR fits)"
    figures.append((balance, significant(found.balance)))
    for name, value in sorted(of.metrics.items()):
        if name.startswith(_OF_MODEL):
            words = f"{name[len(_OF_MODEL) :].replace('_', ' ')}, as the model trains"
            figures.append((words, significant(value)))
    return [list(pair) for pair in figures]

"""What a search has found as one HTML page: no script, no network."""

from __future__ import annotations

import math
from html import escape
from typing import List

from easy_esmm.reporting.drawing import html
from easy_esmm.reporting.drawing.axis import linear, log, numbered
from easy_esmm.reporting.drawing.formats import percent, significant, tick
from easy_esmm.reporting.drawing.xy import Series, chart
from easy_esmm.tuning.search import CHOICE, LOG, Dimension
from easy_esmm.tuning.study import COMPLETE, Found, Trial
from easy_esmm.tuning.text import (
    by_rank,
    difference_text,
    difference_to_start,
    notes,
    summary_line,
    value_texts,
)

_SHOWN = 30


def found_page(found: Found) -> str:
    """The page."""
    key = found.search.measure.key
    boxes = [box for one in found.search.space for box in _chart(found, one)]
    parts = [
        f"<p>{escape(found.search.variant.path)}: {escape(summary_line(found))}.</p>",
        "<ul>" + "".join(f"<li>{escape(note)}</li>" for note in notes(found)) + "</ul>",
        html.section(
            "best",
            "The best trials",
            f"{key}, mean over seeds; the difference from the config as it is, paired by seed, "
            "with half of its 95 % interval, ~ where that holds 0.",
            _table(found),
        ),
        html.section(
            "fields",
            "What each field brought",
            "Each dot is a complete trial; the line is the config as it is. The share is what the "
            "field explains of the difference between good trials and all (PED-ANOVA).",
            html.cards(boxes, "No trial was complete."),
        ),
    ]
    return html.document(f"Search for {key}", "".join(parts))


def _table(found: Found) -> str:
    paths = [one.path for one in found.search.space]
    head = ["trial", found.search.measure.key, "- start", *(p.rpartition(".")[2] for p in paths)]
    rows: List[List[str]] = []
    for trial in by_rank(found)[:_SHOWN]:
        texts = value_texts(trial)
        difference = difference_text(difference_to_start(found, trial))
        name = str(trial.number) if trial.values else "as it is"
        rows.append([name, f"{trial.mean:.6f}", difference, *(texts.get(p, "") for p in paths)])
    return html.table(head, rows, name="Trials")


def _chart(found: Found, one: Dimension) -> List[str]:
    trials = [t for t in found.trials if t.state == COMPLETE and one.path in t.values]
    if not trials:
        return []
    means = [trial.mean for trial in trials]
    if one.kind == CHOICE:
        across = numbered("", list(one.choices))
        places = [float(1 + one.choices.index(str(t.values[one.path]))) for t in trials]
        ends = [1.0, float(len(one.choices))]
    else:
        places = [float(trial.values[one.path]) for trial in trials]
        axis = log if one.kind == LOG else linear
        across = axis("", [one.low, one.high], tick)
        ends = [one.low, one.high]
    start = found.start.mean
    shown = [Series("trials", places, means, is_line=False, has_dots=True, notes=_notes(trials))]
    if math.isfinite(start):
        shown.append(Series("the config as it is", ends, [start, start], tone=0))
    down = linear("", [*means, start], lambda value: significant(value, 4), is_from_zero=False)
    picture = chart(shown, across, down, f"{found.search.measure.key} by {one.path}")
    share = found.importance.get(one.path)
    note = "" if share is None else f"explains {percent(share)}"
    return [html.card(one.path, note, picture)]


def _notes(trials: List[Trial]) -> List[str]:
    return [f"trial {trial.number}: {trial.mean:.6f}" for trial in trials]

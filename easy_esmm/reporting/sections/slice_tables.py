"""Values of features that are predicted worst."""

from __future__ import annotations

from html import escape
from typing import List

from easy_esmm.reporting.drawing import html
from easy_esmm.reporting.drawing.formats import count, percent, ratio
from easy_esmm.reporting.evaluated import Evaluated
from easy_esmm.reporting.measures.slices import LEAST_EXPECTED, Slice, worst_slices
from easy_esmm.reporting.measures.task_rows import TaskRows

SHOWN = 12
_LONGEST = 60


def slice_tables(of: Evaluated) -> str:
    """A table a task."""
    parts = [_part(of, task) for task in of.tasks if of.columns and len(task.label)]
    return html.section(
        "slices",
        "Worst calibrated values",
        "Values of single-valued columns, the strongest evidence against their predictions first: "
        "deviations of the observed from the predicted count, in standard deviations (rows count "
        "as independent). Among many values some deviate by chance: only those in bold are "
        "beyond what chance gives to any of them (Bonferroni, 5 %). pred/obs above 1 is predicted "
        "too high.",
        "".join(parts) or html.left_out("No column with one value a row was recorded."),
    )


def _part(of: Evaluated, task: TaskRows) -> str:
    found = worst_slices(task, of.columns, SHOWN)
    title = f"<h3>{escape(task.title)}</h3>"
    if not found.looks:
        few = f"No value has {LEAST_EXPECTED:.0f} expected {task.events} or more."
        return title + html.left_out(few)
    marked = [k for k, one in enumerate(found.found) if abs(one.evidence) > found.bound]
    head = ["value", "rows", task.events, "predicted", "observed", "pred/obs", "95 %", "evidence"]
    rows = [_row(one) for one in found.found]
    beyond = f"{len(marked)} of those below {_is(len(marked))}" if marked else "none is"
    words = (
        f"{found.looks:,} values with {LEAST_EXPECTED:.0f} expected {task.events} or more were "
        f"examined; {beyond} beyond {found.bound:.1f} deviations."
    )
    return title + html.left_out(words) + html.table(head, rows, marked=marked, name=task.title)


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _row(one: Slice) -> List[str]:
    value = one.value if len(one.value) <= _LONGEST else one.value[:_LONGEST] + "..."
    return [
        f"{one.column} = {value or '(empty)'}",
        count(one.rows),
        count(one.events),
        percent(one.predicted),
        percent(one.observed),
        ratio(one.ratio),
        f"{ratio(one.low)} to {ratio(one.high)}",
        f"{one.evidence:+.1f}",
    ]

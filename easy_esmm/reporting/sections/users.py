"""Ranking inside users, by how active they are."""

from __future__ import annotations

import math
from typing import List

from easy_esmm.reporting.drawing import html
from easy_esmm.reporting.drawing.axis import linear, numbered
from easy_esmm.reporting.drawing.formats import count, number, short, tick
from easy_esmm.reporting.drawing.xy import Series, chart
from easy_esmm.reporting.evaluated import Evaluated
from easy_esmm.reporting.measures.activity import Activity, bucket_name, by_activity, overall
from easy_esmm.reporting.measures.intervals import Z95
from easy_esmm.reporting.measures.task_rows import TaskRows

LEAST_USERS = 5
"""Groups of fewer users with both classes are in the figures, not in the picture."""
_FEW = "No group has five users with rows of both classes."


def users(of: Evaluated) -> str:
    """A card a task; a line where no column names the user."""
    if not of.user_column:
        content = html.left_out(
            "No column names the user: give --user_column NAME, or a gauc metric in the config."
        )
    else:
        boxes = [box for task in of.tasks for box in _box(of, task)]
        content = html.cards(boxes, f"No row names a user in the column {of.user_column}.")
    return html.section(
        "users",
        "Users by activity",
        "AUC inside each user, averaged over the users that have both classes: what a user sees of "
        "the ranking. Bars are 95 % intervals of the mean. Where it falls to 0.5 the model knows "
        "nothing that tells such a user's rows apart.",
        content,
    )


def _box(of: Evaluated, task: TaskRows) -> List[str]:
    found = by_activity(of.rows, task)
    if not found:
        return []
    named = [one for one in found if one.with_both >= LEAST_USERS]
    mean = overall(of.rows, task)
    title = f"{task.title}: {number(mean)}" if mean is not None else task.title
    note = f"users of the column {of.user_column}"
    if not named:
        return [html.card(title, note, html.left_out(_FEW) + _figures(found))]
    return [html.card(title, note, _picture(of, task, named) + _figures(found))]


def _picture(of: Evaluated, task: TaskRows, found: List[Activity]) -> str:
    places = list(range(1, len(found) + 1))
    means = [one.mean for one in found]
    half = [Z95 * one.error if math.isfinite(one.error) else 0.0 for one in found]
    low, high = ([m + s * h for m, h in zip(means, half)] for s in (-1, 1))
    low, high = [max(0.0, end) for end in low], [min(1.0, end) for end in high]
    shown = [
        Series(
            *("mean AUC inside users", places, means, of.tones()[task.key]),
            is_line=False,
            has_dots=True,
            low=low,
            high=high,
            notes=[f"{number(one.mean)} over {one.with_both:,} users" for one in found],
        ),
        Series("chance", [0.5, len(found) + 0.5], [0.5, 0.5], tone=0),
    ]
    across = numbered("impressions of the user, from", [short(one.first) for one in found])
    down = linear("AUC", [*low, *high, 0.5], tick, is_from_zero=False)
    return chart(shown, across, down, f"{task.title}: mean AUC inside users by their impressions")


def _figures(found: List[Activity]) -> str:
    rows = [
        [
            bucket_name(one),
            count(one.users),
            count(one.impressions),
            count(one.with_both),
            number(one.mean),
            number(one.error),
        ]
        for one in found
    ]
    head = [
        *("impressions of the user", "users", "their impressions"),
        *("users with both classes", "AUC", "s.e."),
    ]
    return html.folded("figures", html.table(head, rows, name="Figures"))

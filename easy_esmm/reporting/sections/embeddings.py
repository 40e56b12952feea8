"""Lengths of embedding vectors by how often their ids occur."""

from __future__ import annotations

from typing import List

from easy_esmm.reporting.drawing import html
from easy_esmm.reporting.drawing.axis import linear, numbered
from easy_esmm.reporting.drawing.formats import count, short, significant, tick
from easy_esmm.reporting.drawing.xy import Series, chart
from easy_esmm.reporting.evaluated import Evaluated, TableNorms
from easy_esmm.reporting.measures.norms import group_name

DRAWN = 6
"""Tables with a chart, the largest; all are in the table below."""


def embeddings(of: Evaluated) -> str:
    """Charts of the largest tables, and figures of all."""
    if not of.tables:
        content = html.left_out("The model reads no embedding table of ids.")
    else:
        largest = sorted(of.tables, key=lambda table: -table.rows)[:DRAWN]
        boxes = html.cards([_box(table) for table in largest])
        content = boxes + html.folded(f"figures of all {len(of.tables)} tables", _figures(of))
    return html.section(
        "embeddings",
        "Embedding vectors",
        "Mean length of a table's vectors by how often their ids occur in the evaluated rows; the "
        "band is one standard deviation. Frequent ids should have learned longer vectors than the "
        "ids that do not occur (0: seen in training alone, or never, and then still as they were "
        "initialised); a flat line shows that the model learned little from the feature.",
        content,
    )


def _box(table: TableNorms) -> str:
    firsts = [short(group.first) for group in table.groups]
    places = list(range(1, len(firsts) + 1))
    means = [group.mean for group in table.groups]
    low = [group.mean - group.deviation for group in table.groups]
    high = [group.mean + group.deviation for group in table.groups]
    shown = [
        Series(
            *("mean length", places, means, 1),
            has_dots=False,
            low=[max(0.0, end) for end in low],
            high=high,
        )
    ]
    down = linear("length", high, tick)
    picture = chart(
        shown,
        numbered("occurrences, from", firsts),
        down,
        f"{table.name}: mean length by occurrences",
    )
    note = f"{table.rows:,} rows of {table.dimension}"
    return html.card(_short_name(table.name), note, picture)


def _figures(of: Evaluated) -> str:
    rows: List[List[str]] = [
        [
            _short_name(table.name),
            group_name(group),
            count(group.rows),
            significant(group.mean),
            significant(group.deviation),
        ]
        for table in of.tables
        for group in table.groups
    ]
    head = ["table", "occurrences", "rows", "mean length", "deviation"]
    return html.table(head, rows, name="Lengths of embedding vectors")


def _short_name(name: str) -> str:
    return name.split("/", 1)[1] if name.startswith("embedding/") else name

"""A comparison as one HTML page: no script, no network, light and dark, phone and laptop."""

from __future__ import annotations

from html import escape
from typing import Any, List, Mapping, Optional

from easy_esmm.comparing.comparison import Comparison
from easy_esmm.comparing.interval_chart import Line, interval_chart
from easy_esmm.comparing.measure import HIGHER, NEITHER, Group, Measure
from easy_esmm.comparing.statistics import Interval
from easy_esmm.comparing.text import difference_text, spread_text
from easy_esmm.reporting.drawing import html

PAGE = "comparison.html"

STYLE = """
:root { --better: #1a7f4b; --worse: #b3402e; --other: #2b6cb0; --noise: #6b7480; }
@media (prefers-color-scheme: dark) { :root { --better: #5cc98c; --worse: #ef8a78;
  --other: #6aa9e9; --noise: #a3adb9; } }
th:first-child { text-align: left; position: sticky; left: 0; background: var(--card); }
tbody th { white-space: normal; overflow-wrap: anywhere; min-width: 92px; font-weight: 500; }
th, td { vertical-align: top; } td small { display: block; font-size: .8rem; }
.reference th { font-weight: 700; }
.better { color: var(--better); } .worse { color: var(--worse); } .other { color: var(--other); }
.noise { color: var(--noise); } svg .label { fill: var(--ink); }
.bar { stroke: currentColor; stroke-width: 3; stroke-linecap: round; }
.middle { fill: currentColor; } ul { color: var(--quiet); padding-left: 20px; }
"""
"""Beside the style of all pages: what verdicts look like, and names that stay in sight."""


def comparison_page(comparison: Comparison) -> str:
    """The page."""
    parts = [
        _facts(comparison),
        *(_group(comparison, group) for group in comparison.groups()),
        _notes(comparison),
    ]
    models = "1 model" if len(comparison.names) == 1 else f"{len(comparison.names)} models"
    return html.document(f"{models} on the same rows", "".join(parts), STYLE)


def verdict(difference: Interval, measure: Measure) -> str:
    """`better`, `worse` or, where neither direction is, `other`; `noise` if 0 is inside."""
    if difference.is_noise:
        return "noise"
    if measure.better == NEITHER:
        return "other"
    return "better" if (difference.mean > 0) == (measure.better == HIGHER) else "worse"


def _facts(comparison: Comparison) -> str:
    seeds = ", ".join(map(str, comparison.seeds))
    settings: Mapping[str, Any] = comparison.facts.get("simulation") or {}
    rows = "; ".join(
        f"{name} {value}" if isinstance(value, str) else f"{name} {value:,}"
        for name, value in settings.items()
    )
    what = f"Simulated rows: {escape(rows)}. " if rows else ""
    return (
        f"<p>{what}Seeds {seeds}, each with the same rows for all models. Reference: "
        f"<b>{escape(comparison.reference)}</b>.</p>"
        "<p>Large: mean (standard deviation over seeds). Small: paired difference from the "
        'reference with half of its 95 % t-interval; <span class="better">better</span>, '
        '<span class="worse">worse</span>, <span class="other">different</span> where neither '
        'direction is good, and <span class="noise">~ inside the noise</span> where the interval '
        "holds 0.</p>"
    )


def _group(comparison: Comparison, group: Group) -> str:
    heads = "".join(f"<th>{escape(measure.title)}</th>" for measure in group.measures)
    rows = "".join(_row(comparison, group, name) for name in comparison.names)
    charts = [_chart(comparison, m) for m in group.measures if m.is_charted]
    return (
        f"<h2>{escape(group.title)}</h2><p>{escape(group.note)}</p>"
        f'<div class="card wide"><table><thead><tr><th></th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{html.cards(charts)}"
    )


def _row(comparison: Comparison, group: Group, name: str) -> str:
    cells = []
    for measure in group.measures:
        difference = comparison.difference(name, measure)
        small = ""
        if difference is not None:
            text = difference_text(difference).replace("+-", "&plusmn;")
            small = f'<small class="{verdict(difference, measure)}">{text}</small>'
        cells.append(f"<td>{spread_text(comparison.spread(name, measure.key))}{small}</td>")
    kind = ' class="reference"' if name == comparison.reference else ""
    return f"<tr{kind}><th>{escape(name)}</th>{''.join(cells)}</tr>"


def _chart(comparison: Comparison, measure: Measure) -> str:
    lines: List[Line] = []
    for name in comparison.names:
        found: Optional[Interval] = comparison.difference(name, measure)
        if found is not None:
            lines.append(Line(name, found, verdict(found, measure)))
    if not lines:
        return ""
    what = "mean" if measure.is_difference else f"difference from {comparison.reference}"
    better = f"; {measure.better} is better" if measure.better else ""
    chart = interval_chart(lines, measure.title)
    return html.card(f"{measure.title}: {what}", f"95 % intervals{better}", chart)


def _notes(comparison: Comparison) -> str:
    notes = (*comparison.notes, *comparison.config_notes)
    if not notes:
        return ""
    lines = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f"<h2>Notes</h2><ul>{lines}</ul>"

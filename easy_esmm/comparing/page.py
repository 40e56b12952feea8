"""A comparison as one HTML page: no script, no network, light and dark, phone and laptop."""

from __future__ import annotations

from html import escape
from typing import Any, List, Mapping, Optional

from easy_esmm.comparing.comparison import Comparison
from easy_esmm.comparing.interval_chart import Line, interval_chart
from easy_esmm.comparing.measures import HIGHER, NEITHER, Group, Measure
from easy_esmm.comparing.statistics import Interval
from easy_esmm.comparing.text import difference_text, spread_text

PAGE = "comparison.html"

STYLE = """
:root { color-scheme: light dark; --paper: #fcfcfb; --card: #ffffff; --ink: #1d2229;
  --quiet: #5d6672; --rule: #dfe3e8; --better: #1a7f4b; --worse: #b3402e; --other: #2b6cb0;
  --noise: #6b7480; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171b; --card: #1c2026; --ink: #e7eaee;
  --quiet: #9aa4b0; --rule: #333a43; --better: #5cc98c; --worse: #ef8a78; --other: #6aa9e9;
  --noise: #939ca7; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1120px; padding: 16px; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 8px 0 0; } h2 { font-size: 1.15rem; margin: 32px 0 0; }
h3 { font-size: .9rem; margin: 0; } p { margin: 4px 0 12px; color: var(--quiet); }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 8px;
  padding: 12px; }
.wide { overflow-x: auto; }
.card p { font-size: .82rem; margin: 0 0 6px; }
.cards { display: grid; gap: 12px; margin: 12px 0;
  grid-template-columns: repeat(auto-fill, minmax(min(260px, 100%), 1fr)); }
table { border-collapse: collapse; width: 100%; font-size: .88rem; overflow-wrap: normal; }
th, td { padding: 5px 12px 5px 0; text-align: right; border-top: 1px solid var(--rule);
  font-variant-numeric: tabular-nums; white-space: nowrap; vertical-align: top; }
thead th { border-top: 0; color: var(--quiet); font-weight: 600; }
th:first-child { text-align: left; position: sticky; left: 0; background: var(--card); }
tbody th { white-space: normal; overflow-wrap: anywhere; min-width: 92px; }
td small { display: block; font-size: .8rem; }
.reference th { font-weight: 700; } tbody th { font-weight: 500; }
.better { color: var(--better); } .worse { color: var(--worse); } .other { color: var(--other); }
.noise { color: var(--noise); }
svg { width: 100%; height: auto; display: block; }
svg text { font-size: 12px; fill: var(--quiet); } svg .label { fill: var(--ink); }
.zero { stroke: var(--quiet); }
.bar { stroke: currentColor; stroke-width: 3; stroke-linecap: round; } .dot { fill: currentColor; }
ul { color: var(--quiet); padding-left: 20px; }
@media (min-width: 700px) { body { padding: 24px; } }
"""


def comparison_page(comparison: Comparison) -> str:
    """The page."""
    title = f"{len(comparison.names)} models on the same rows"
    body = "".join(
        [
            f"<h1>{title}</h1>",
            _facts(comparison),
            *(_group(comparison, group) for group in comparison.groups()),
            _notes(comparison),
        ]
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head>\n<body>{body}</body></html>\n"
    )


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
    rows = "; ".join(f"{name} {value:,}" for name, value in settings.items())
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
    charts = "".join(_chart(comparison, m) for m in group.measures if m.is_charted)
    return (
        f"<h2>{escape(group.title)}</h2><p>{escape(group.note)}</p>"
        f'<div class="card wide"><table><thead><tr><th></th>{heads}</tr></thead>'
        f'<tbody>{rows}</tbody></table></div><div class="cards">{charts}</div>'
    )


def _row(comparison: Comparison, group: Group, name: str) -> str:
    cells = []
    for measure in group.measures:
        difference = comparison.difference(name, measure)
        small = ""
        if difference is not None:
            text = difference_text(difference, measure).replace("+-", "&plusmn;")
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
    return (
        f'<div class="card"><h3>{escape(f"{measure.title}: {what}")}</h3>'
        f"<p>95 % intervals{better}</p>{interval_chart(lines, measure.title)}</div>"
    )


def _notes(comparison: Comparison) -> str:
    if not comparison.notes:
        return ""
    lines = "".join(f"<li>{escape(note)}</li>" for note in comparison.notes)
    return f"<h2>Notes</h2><ul>{lines}</ul>"

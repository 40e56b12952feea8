"""A self-contained HTML page: its style, light and dark, and its elements."""

from __future__ import annotations

import re
from html import escape
from typing import Sequence, Tuple

_UNSHOWN = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)

STYLE = """
:root { color-scheme: light dark; --paper: #fcfcfb; --card: #ffffff; --ink: #1d2229;
  --quiet: #5d6672; --rule: #dfe3e8; --mark: #2b6cb0; --faint: #d6e4f2; --second: #c2570c;
  --third: #0f7b6c; --fourth: #7a4fb5; --fifth: #a8326b; --warn: #fff4e0; --warn-rule: #d9902f; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171b; --card: #1c2026; --ink: #e7eaee;
  --quiet: #a3adb9; --rule: #333a43; --mark: #6aa9e9; --faint: #263a50; --second: #f0944d;
  --third: #45c4b0; --fourth: #b79be8; --fifth: #ef8fb5; --warn: #33291a; --warn-rule: #a8742d; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1120px; padding: 16px; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 8px 0 0; } h2 { font-size: 1.2rem; margin: 32px 0 0; }
h3 { font-size: .95rem; margin: 0 0 2px; } p { margin: 4px 0 12px; color: var(--quiet); }
h2 + p { max-width: 75ch; }
.cards, .numbers { display: grid; gap: 12px; margin: 12px 0; }
.cards { grid-template-columns: repeat(auto-fill, minmax(min(300px, 100%), 1fr)); }
.numbers { grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); }
.card, .number { background: var(--card); border: 1px solid var(--rule); border-radius: 8px;
  padding: 12px; min-width: 0; }
.card p { font-size: .82rem; margin: 0 0 6px; } .wide { overflow-x: auto; }
.wide + h3 { margin-top: 20px; }
.wide + .wide { margin-top: 12px; }
.number b { display: block; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
.number span { color: var(--quiet); font-size: .82rem; }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--quiet); font-size: 13px; }
svg .value, svg .title { fill: var(--ink); } .mark { fill: var(--mark); }
.line { fill: none; stroke: var(--mark); stroke-width: 2; stroke-linejoin: round; }
.grid { stroke: var(--rule); } .axis { stroke: var(--quiet); }
.dot { fill: var(--mark); stroke: var(--card); } .whisker { stroke: var(--mark); stroke-width: 2;
  opacity: .6; } .band { fill: var(--mark); opacity: .16; }
.line.tone0, .whisker.tone0 { stroke: var(--quiet); stroke-width: 1.5; stroke-dasharray: 2 4; }
.dot.tone0, .band.tone0 { fill: var(--quiet); }
.line.tone2, .whisker.tone2 { stroke: var(--second); } .line.tone2 { stroke-dasharray: 9 4; }
.dot.tone2, .band.tone2 { fill: var(--second); }
.line.tone3, .whisker.tone3 { stroke: var(--third); } .line.tone3 { stroke-dasharray: 9 3 2 3; }
.dot.tone3, .band.tone3 { fill: var(--third); }
.line.tone4, .whisker.tone4 { stroke: var(--fourth); } .line.tone4 { stroke-dasharray: 3 3; }
.dot.tone4, .band.tone4 { fill: var(--fourth); }
.line.tone5, .whisker.tone5 { stroke: var(--fifth); } .line.tone5 { stroke-dasharray: 14 3; }
.dot.tone5, .band.tone5 { fill: var(--fifth); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 14px; padding: 0;
  margin: 2px 0 6px; font-size: .82rem; } .legend li { display: flex; align-items: center;
  gap: 6px; } .key { width: 28px; flex: none; }
table { border-collapse: collapse; width: 100%; font-size: .85rem; overflow-wrap: normal; }
th, td { padding: 4px 10px 4px 0; text-align: right; border-top: 1px solid var(--rule);
  font-variant-numeric: tabular-nums; }
td { white-space: nowrap; } td.left { white-space: normal; min-width: 130px; }
thead th { border-top: 0; color: var(--quiet); font-weight: 600; vertical-align: bottom; }
th.left, td.left { text-align: left; } td.meter { min-width: 90px; }
.meter div { height: 8px; border-radius: 4px; background: var(--mark); }
.meter { background: linear-gradient(var(--faint), var(--faint)) no-repeat left
  / calc(100% - 10px) 8px; }
.warnings { list-style: none; padding: 0; margin: 12px 0; } .warnings li { background: var(--warn);
  border-left: 4px solid var(--warn-rule); border-radius: 4px; padding: 6px 12px; margin: 6px 0; }
nav { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 12px 0; font-size: .88rem; }
a { color: var(--mark); } summary { cursor: pointer; color: var(--quiet); font-size: .85rem; }
details { margin: 8px 0; } pre { overflow-x: auto; font-size: 12px; line-height: 1.45;
  padding: 12px; background: var(--card); border: 1px solid var(--rule); border-radius: 8px;
  overflow-wrap: normal; } tr.marked td { font-weight: 600; }
@media (min-width: 700px) { body { padding: 24px; } }
"""


def document(title: str, body: str, style: str = "") -> str:
    """The page; it loads nothing. `style` is CSS that this page has besides.

    Names and values come from data: characters that have no place in a page, or that turn the text
    behind them round, are replaced.
    """
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}{style}</style></head>\n"
        f"<body><h1>{escape(title)}</h1>{body}</body></html>\n"
    )
    return _UNSHOWN.sub("\N{REPLACEMENT CHARACTER}", page)


def numbers(shown: Sequence[Tuple[str, str]]) -> str:
    """Boxes, each of a number and what it counts."""
    boxes = "".join(
        f'<div class="number"><b>{escape(value)}</b><span>{escape(words)}</span></div>'
        for value, words in shown
    )
    return f'<div class="numbers">{boxes}</div>'


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    meter: int = -1,
    marked: Sequence[int] = (),
    name: str = "",
) -> str:
    """The first column is text, the others numbers; the `meter` one holds bars, as HTML.

    `marked` are numbers of rows to be set in bold; the table scrolls inside its box.
    """
    heads = "".join(
        f'<th class="left" scope="col">{escape(words)}</th>'
        if number in (0, meter)
        else f'<th scope="col">{escape(words)}</th>'
        for number, words in enumerate(head)
    )
    lines = "".join(
        f"<tr{' class=marked' if place in marked else ''}>{_cells(row, meter)}</tr>"
        for place, row in enumerate(rows)
    )
    region = f' tabindex="0" role="region" aria-label="{escape(name)}"' if name else ""
    return (
        f'<div class="card wide"{region}><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _cells(row: Sequence[str], meter: int) -> str:
    return "".join(
        f'<td class="meter">{words}</td>'
        if number == meter
        else f'<td class="left">{escape(words)}</td>'
        if number == 0
        else f"<td>{escape(words)}</td>"
        for number, words in enumerate(row)
    )


def card(title: str, note: str, content: str) -> str:
    """A box with a heading, a sentence and a picture (HTML)."""
    words = f"<p>{escape(note)}</p>" if note else ""
    return f'<div class="card"><h3>{escape(title)}</h3>{words}{content}</div>'


def cards(boxes: Sequence[str], otherwise: str = "") -> str:
    """Boxes side by side, as many as the page is wide; without any, the line of text."""
    if not boxes and otherwise:
        return left_out(otherwise)
    return f'<div class="cards">{"".join(boxes)}</div>'


def section(anchor: str, title: str, how_to_read: str, content: str) -> str:
    """A part of the page under a heading that can be linked to."""
    return (
        f'<section><h2 id="{escape(anchor)}">{escape(title)}</h2><p>{escape(how_to_read)}</p>'
        f"{content}</section>"
    )


def folded(summary: str, content: str) -> str:
    """Content (HTML) that is shown when asked for."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"


def left_out(words: str) -> str:
    """A line in place of what is not there."""
    return f"<p>{escape(words)}</p>"

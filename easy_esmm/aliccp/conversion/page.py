"""One self-contained HTML page about what converted files hold."""

from __future__ import annotations

from html import escape
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

from easy_esmm.aliccp.conversion.raw_block import MALFORMED
from easy_esmm.aliccp.conversion.shards import ORDER_PARTS
from easy_esmm.aliccp.conversion.vocabulary import Vocabulary
from easy_esmm.aliccp.fields import FIELDS
from easy_esmm.reporting.drawing import html
from easy_esmm.reporting.drawing.axis import Axis, Mark, linear
from easy_esmm.reporting.drawing.formats import percent_tick, tick
from easy_esmm.reporting.drawing.xy import Series, bars, picture

Result = Dict[str, Any]
TAILS = ("101", "205", "206", "207", "210", "216")
_ORDER_GROUPS = {"click": 50, "conversion": 10}


def page(title: str, parts: Sequence[Tuple[str, Result, Vocabulary]]) -> str:
    """The page about some conversions, each with a name, its `conversion.json`, its vocabulary."""
    body = "".join(_part(name, result, vocabulary) for name, result, vocabulary in parts)
    return html.document(title, body)


def _part(name: str, result: Result, vocabulary: Vocabulary) -> str:
    official = result["official"]["part"]
    source = f"the official {official} files" if official else "not the official files"
    settings = result["settings"]
    return "".join(
        [
            f"<h2>{escape(name)}</h2>",
            f"<p>{escape(result['inputs']['skeleton']['path'])}: {source}; "
            f"layout {settings['layout']}, {len(result['files'])} shards.</p>",
            _numbers(result),
            _dropped(result),
            f'<div class="cards">{_rates(result)}{_lengths(result)}{_tails(vocabulary)}</div>',
            _fields(result),
        ]
    )


def _numbers(result: Result) -> str:
    counts = result["counts"]
    shown = [
        (f"{counts['impressions']:,}", "impressions"),
        (f"{counts['clicks']:,}", f"clicks, {_share(counts['clicks'], counts['impressions'])}"),
        (
            f"{counts['conversions']:,}",
            f"conversions, {_share(counts['conversions'], counts['clicks'])} of the clicks",
        ),
        (f"{counts['user_rows']:,}", "user rows"),
        (f"{counts['impressions'] / max(1, counts['user_rows']):.1f}", "impressions per user row"),
        (f"{counts['duplicate_impressions']:,}", "impressions that repeat another one"),
    ]
    return html.numbers(shown)


def _dropped(result: Result) -> str:
    dropped = result["dropped"]
    rows = [
        ("conversions without a click", dropped["impossible"]),
        ("impressions with a key that is not in the common file", dropped["unknown_key"]),
        ("common rows with a key that came before", dropped["repeated_key"]),
    ]
    for file, kinds in dropped["malformed"].items():
        rows += [(f"{file} lines: {MALFORMED[kind]}", lines) for kind, lines in kinds.items()]
    cells = [
        [what, f"{lines['count']:,}", ", ".join(map(str, lines["first"])) or "-"]
        for what, lines in rows
    ]
    return html.table(["dropped", "rows", "first lines"], cells)


def _rates(result: Result) -> str:
    """Click and conversion rate by position and along the file."""
    positions = sorted(result["by_position"].items())
    labels = [name for name, _ in positions]
    cards = [
        html.card(
            "Click rate by position",
            "field 301, raw ids",
            bars(labels, [_rate(c[1], c[0]) for _, c in positions], percent_tick, "click rate"),
        ),
        html.card(
            "Conversions per click by position",
            "field 301, raw ids",
            bars(labels, [_rate(c[2], c[1]) for _, c in positions], percent_tick, "conversions"),
        ),
    ]
    order = np.array(result["by_order"])
    along = Axis("", 0, 1, (Mark(0, "first line"), Mark(1, "last line")))
    for what, above, below in (("click", 1, 0), ("conversion", 2, 1)):
        parts = _ORDER_GROUPS[what]
        grouped = order.reshape(parts, ORDER_PARTS // parts, 3).sum(axis=1)
        points = [
            ((number + 0.5) / parts, _rate(row[above], row[below]))
            for number, row in enumerate(grouped)
        ]
        title = "Click rate along the file" if what == "click" else "Conversions per click along it"
        note = f"{parts} parts of equal length, in the order of the raw file"
        cards.append(html.card(title, note, _line(points, along, title)))
    return "".join(cards)


def _lengths(result: Result) -> str:
    meanings = {field.name: field.meaning for field in FIELDS}
    cards = [
        _length_card(
            "Impressions per user row",
            "user rows by impressions",
            result["impressions_per_user_row"],
        )
    ]
    for name, counts in result["history_lengths"].items():
        cards.append(_length_card(f"{name}, {meanings[name]}", "user rows by values", counts))
    return "".join(cards)


def _length_card(title: str, note: str, counts: Sequence[int]) -> str:
    last = max((k for k, count in enumerate(counts) if count), default=0)
    labels = ["0", "1", "2"] + [f"{2 ** (k - 2) + 1}+" for k in range(3, last + 1)]
    shown = list(counts[: last + 1])
    return html.card(title, note, bars(labels[: last + 1], shown, tick, title))


def _tails(vocabulary: Vocabulary) -> str:
    """Which share of the occurrences the most frequent ids take."""
    marks = (Mark(0, "0.01 %"), Mark(0.5, "1 %"), Mark(1, "100 % of the ids"))
    cards = []
    for field in FIELDS:
        counts = vocabulary.counts[field.name]
        if field.name in TAILS and len(counts):
            title = f"Long tail of {field.name}, {field.meaning}"
            note = f"share of the occurrences in training; {len(counts):,} ids in the vocabulary"
            chart = _line(_tail(counts), Axis("", 0, 1, marks), title)
            cards.append(html.card(title, note, chart))
    return "".join(cards)


def _tail(counts: NDArray[np.int64]) -> List[Tuple[float, float]]:
    """Points: share of the ids, from .0001 to 1 on a log scale, and their share of the counts."""
    cumulated = np.concatenate([[0], np.cumsum(np.sort(counts)[::-1])])
    x = np.linspace(0, 1, 60)
    ids = 10.0 ** (4 * (x - 1)) * len(counts)
    shares = np.interp(ids, np.arange(len(cumulated)), cumulated) / cumulated[-1]
    return list(zip(x.tolist(), shares.tolist()))


def _fields(result: Result) -> str:
    impressions = result["counts"]["impressions"]
    largest = max(1, *(own["vocabulary"] for own in result["fields"].values()))
    cells = []
    for field in FIELDS:
        own = result["fields"][field.name]
        size = np.log1p(own["vocabulary"]) / np.log1p(largest)
        cells.append(
            [
                f"{field.name} {field.meaning}",
                f"{own['vocabulary']:,}",
                f'<div style="width:calc({size:.1%} - {10 * size:.0f}px)"></div>',
                f"{own['distinct_ids']:,}",
                _share(own["impressions"], impressions),
                f"{own['values'] / max(1, own['impressions']):.1f}",
                _share(own["unknown_values"], own["values"]),
            ]
        )
    head = [
        "field",
        f"ids seen {result['min_count']} times",
        "log scale",
        "distinct ids",
        "coverage",
        "values where there are any",
        "unknown",
    ]
    return html.table(head, cells, meter=2)


def _line(points: Sequence[Tuple[float, float]], across: Axis, title: str) -> str:
    x, y = zip(*points)
    return picture([Series(title, x, y)], across, linear("", y, percent_tick), title)


def _rate(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2%}" if whole else "-"

"""Compares the counts of a conversion with those of the simulation that wrote its raw files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple

from easy_esmm.simulation.writing import SUMMARY


def counts_of_simulation(raw: Path, part: str) -> Optional[Dict[str, Any]]:
    """The generator's own counts of a part, if `raw` is the folder `raw` of a simulation."""
    path = raw.absolute().parent / SUMMARY
    if not path.is_file():
        return None
    parts = json.loads(path.read_text(encoding="utf-8")).get("raw", {}).get("parts", {})
    counts: Optional[Dict[str, Any]] = parts.get(part)
    return counts


def compared(result: Mapping[str, Any], truth: Mapping[str, Any]) -> str:
    """One line if all counts of a conversion's `result` are the generator's, else one for each."""
    is_same_cut = result["min_count"] == truth["min_count"]
    of_field = OF_FIELD + OF_VOCABULARY if is_same_cut else OF_FIELD
    found, wanted = _numbers(result, of_field), _numbers(truth, of_field)
    differing = {
        name: f"  {name}: {found.get(name)}, but the simulation wrote {value}"
        for name, value in wanted.items()
        if found.get(name) != value
    }
    if differing:
        return "\n".join([f"simulation: {len(differing)} counts differ", *differing.values()])
    rest = "" if is_same_cut else f"; vocabularies, of --min_count {truth['min_count']}, apart"
    return f"simulation: all {len(wanted):,} counts are those of the generator{rest}"


def _numbers(counts: Mapping[str, Any], of_field: Tuple[str, ...]) -> Dict[str, int]:
    """The numbers that both sides count, by name, from a conversion's result or from a truth."""
    dropped = {
        **{name: counts["dropped"][name] for name in ("impossible", "unknown_key", "repeated_key")},
        **{f"malformed {name}": own for name, own in counts["dropped"]["malformed"].items()},
    }
    lines: Mapping[str, Any] = counts.get("lines") or {
        name: own["lines"] for name, own in counts["inputs"].items()
    }
    hundredths: List[List[int]] = counts["by_order"]
    return {
        **{f"lines of {name}": own for name, own in lines.items()},
        **counts["counts"],
        **{name: _total(own) for name, own in dropped.items()},
        **{
            f"{name} of {field}": own[name]
            for field, own in counts["fields"].items()
            for name in of_field
        },
        **_rates("position", counts["by_position"]),
        **_rates("hundredth", {str(place + 1): own for place, own in enumerate(hundredths)}),
    }


OF_FIELD = ("impressions", "values", "stored_values", "missing", "distinct_ids")
OF_VOCABULARY = ("unknown_values", "vocabulary")
"""Counts of a field that depend on the cut-off."""


def _rates(what: str, rates: Mapping[str, List[int]]) -> Dict[str, int]:
    names = ("impressions", "clicks", "conversions")
    return {
        f"{name} at {what} {place}": number
        for place, own in rates.items()
        for name, number in zip(names, own)
    }


def _total(count: Any) -> int:
    """Of a number, of `{"count": number, ...}`, or of several such by kind."""
    if not isinstance(count, Mapping):
        return int(count)
    if "count" in count:
        return int(count["count"])
    return sum(map(_total, count.values()))

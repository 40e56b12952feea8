"""Writes a comparison as files: JSON with everything, CSV for spreadsheets."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any, Dict, List, Optional

from easy_esmm.atomic_file import atomic_write
from easy_esmm.comparing.comparison import Comparison
from easy_esmm.comparing.measure import Measure
from easy_esmm.comparing.statistics import Interval

SUMMARY, RUNS, JSON = "comparison.csv", "runs.csv", "comparison.json"
_DIFFERENCE = ("difference", "standard_error", "low", "high", "is_noise", "pairs")


def write_files(comparison: Comparison, folder: Path) -> List[Path]:
    """Writes the three files and returns their paths."""
    paths = [folder / name for name in (JSON, SUMMARY, RUNS)]
    content = {
        "reference": comparison.reference,
        "seeds": list(comparison.seeds),
        **comparison.facts,
        "notes": [*comparison.notes, *comparison.config_notes],
        "summary": summary_rows(comparison),
        "runs": run_rows(comparison),
    }
    with atomic_write(paths[0]) as unfinished:
        Path(unfinished).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    for path, rows in ((paths[1], summary_rows(comparison)), (paths[2], run_rows(comparison))):
        with (
            atomic_write(path) as unfinished,
            open(unfinished, "w", encoding="utf-8", newline="") as file,
        ):
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return paths


def summary_rows(comparison: Comparison) -> List[Dict[str, Any]]:
    """A row for each config and measure; None where there is nothing."""
    return [
        _summary_row(comparison, name, measure)
        for group in comparison.groups()
        for measure in group.measures
        for name in comparison.names
    ]


def run_rows(comparison: Comparison) -> List[Dict[str, Any]]:
    """A row for each config and seed."""
    keys = [measure.key for group in comparison.groups() for measure in group.measures]
    return [
        {
            "config": name,
            "seed": seed,
            **{key: _known(measures.get(key, math.nan)) for key in keys},
        }
        for name in comparison.names
        for seed, measures in sorted(comparison.values[name].items())
    ]


def _summary_row(comparison: Comparison, name: str, measure: Measure) -> Dict[str, Any]:
    spread = comparison.spread(name, measure.key)
    return {
        "config": name,
        "measure": measure.key,
        "better": measure.better,
        "seeds": spread.count,
        "mean": _known(spread.mean),
        "deviation": _known(spread.deviation),
        **_difference(comparison.difference(name, measure)),
    }


def _difference(found: Optional[Interval]) -> Dict[str, Any]:
    if found is None:
        return dict.fromkeys(_DIFFERENCE)
    values = (
        _known(found.mean),
        _known(found.standard_error),
        _known(found.low),
        _known(found.high),
        found.is_noise,
        found.count,
    )
    return dict(zip(_DIFFERENCE, values))


def _known(value: float) -> Optional[float]:
    return None if math.isnan(value) else value

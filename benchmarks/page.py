"""Writes docs/performance.md and its plots from the results that are kept: part of `make docs`.

    python -m benchmarks.page [--run FILE]

The text stands in benchmarks/performance_template.md; what stands there in braces is filled from
the run in benchmarks/results/quoted-bench.json, and from the ledger, the choices and the parities
beside it. --run takes another run's figures, which then are the quoted ones.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any, Dict

from benchmarks import ledger, page_tables, parity, results
from benchmarks.results import RESULTS, Run

_CLONE = Path(__file__).resolve().parents[1]
PAGE = _CLONE / "docs" / "performance.md"
IMAGES = _CLONE / "docs" / "images"
TEMPLATE = Path(__file__).with_name("performance_template.md")
PARITY = RESULTS / "quoted-parity.json"
TOPICS = ("step", "tables", "bf16", "start-up", "scoring", "input", "conversion", "memory")
"""Of choices, in the order of the page."""


def main() -> None:
    """Writes the page and its pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--run", type=Path, default=None, help="a file of `make bench` to quote")
    args = parser.parse_args()
    if args.run:
        shutil.copyfile(args.run, results.QUOTED)
    PAGE.write_text(render())
    from benchmarks import plots  # noqa: PLC0415 - matplotlib, which the text does not need

    IMAGES.mkdir(exist_ok=True)
    for name, figure in plots.drawn(results.quoted(), ledger.entries()).items():
        plots.save(figure, IMAGES / f"performance-{name}.svg")


def render() -> str:
    """The text of the page."""
    run = results.quoted()
    return TEMPLATE.read_text().format_map(_values(run))


def _values(run: Run) -> Dict[str, Any]:
    """What the template may name."""
    figures = run.figures
    return {
        "run": run,
        "case": run.cases,
        "found": figures,
        "versions": figures["machine"]["versions"],
        "training_table": page_tables.training(run),
        "step_table": page_tables.steps(run),
        "passes_table": page_tables.passes(run),
        "serving_table": page_tables.serving(run),
        "reading_table": page_tables.reading(run),
        "attention_table": page_tables.attention(run),
        "conversion_table": page_tables.conversion(run),
        "startup_table": page_tables.startup(run),
        "goal_table": page_tables.goal_table(run),
        "ledger_table": page_tables.ledger_table(ledger.entries()),
        "kept_choices": page_tables.choices(*TOPICS, kept=True),
        "dropped_choices": page_tables.choices(*TOPICS, kept=False),
        "parity_table": page_tables.parity(
            json.loads(PARITY.read_text()), parity.METRICS, parity.REFERENCE
        ),
    }


if __name__ == "__main__":
    main()

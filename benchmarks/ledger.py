"""The ledger: one line a run of the benchmarks, with machine, commit and shares of the limit.

`make bench` appends to benchmarks/results/ledger.jsonl; a commit keeps what is worth keeping.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Dict, List, Mapping

from benchmarks.results import RESULTS, Run

LEDGER = RESULTS / "ledger.jsonl"
_CLONE = Path(__file__).resolve().parents[1]


def append(run: Run, path: Path = LEDGER) -> None:
    """Adds the line of a run."""
    with path.open("a") as file:
        file.write(json.dumps(entry(run)) + "\n")


def entry(run: Run) -> Dict[str, Any]:
    """The line of a run: of each case CPU and limit in microseconds an example, and their share."""
    machine = run.figures["machine"]
    return {
        "date": run.figures["date"],
        "commit": run.figures["commit"],
        "machine": run.machine,
        "tensorflow": machine["versions"].get("tensorflow", ""),
        "load": machine["load"],
        "cases": {
            name: {
                "cpu_us": round(case.cpu, 2),
                "limit_us": round(case.limit, 2),
                "share": round(case.share, 3),
            }
            for name, case in run.cases.items()
        },
    }


def entries(path: Path = LEDGER) -> List[Mapping[str, Any]]:
    """All lines, oldest first."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def commit() -> str:
    """The commit that is checked out, with a + behind it where files differ; "" outside a clone."""
    try:
        short = _git("rev-parse", "--short", "HEAD")
        return short + "+" * bool(_git("status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.CalledProcessError):
        return ""


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(_CLONE), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

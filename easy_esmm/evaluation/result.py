"""Formats an evaluation result as a log line, and writes it to a file."""

from __future__ import annotations

import json
import math
from typing import Any, Mapping

from easy_esmm.atomic_file import atomic_write


def one_line(result: Mapping[str, Any]) -> str:
    """`evaluation at step 1,000: loss ..., auc_ctr ..., ...`: the loss and every AUC."""
    names = [n for n in sorted(result) if n.startswith(("auc_", "gauc_", "session_auc_"))]
    names = [n for n in names if not n.endswith(("_se", "_groups"))]
    shown = [f"loss {float(result['loss']):.6f}"]
    shown += [f"{name} {float(result[name]):.4f}" for name in names]
    return f"evaluation at step {int(result['global_step']):,}: " + ", ".join(shown)


def write(result: Mapping[str, float], path: str) -> None:
    """Writes metrics as sorted JSON, one a line; a metric without valid rows is null.

    The file appears whole or not at all.
    """
    values = {name: None if math.isnan(value) else value for name, value in result.items()}
    with atomic_write(path) as unfinished, open(unfinished, "w", encoding="utf-8") as file:
        json.dump(values, file, indent=1, sort_keys=True)
        file.write("\n")

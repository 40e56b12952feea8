"""Metrics of entire-space models that compare every row with a second file about the same rows."""

from __future__ import annotations

from typing import Any, Dict, cast

import numpy as np
from numpy.typing import NDArray

from easy_esmm.contract import EntireSpaceTasks
from easy_esmm.errors import UserError
from easy_esmm.evaluation.recorded_rows import RecordedRows
from easy_esmm.rank_statistics import auc_with_error
from easy_esmm.simulation.diagnostics import compare_with_truth
from easy_esmm.simulation.truth import Truth

Array = NDArray[Any]


def against_truth(rows: RecordedRows, truth: Truth, path: str) -> Dict[str, float]:
    """`truth/*`: see `compare_with_truth`; of an entire-space model with probabilities.

    Raises:
      UserError: the truth is about other rows.
    """
    family = _family(rows)
    click, conversion = rows.label(family.click), rows.label(family.conversion)
    _require_length(len(click), len(truth.click), f"--truth: {path}")
    differing = (click != truth.click) | (conversion != truth.conversion)
    if differing.any():
        raise UserError(
            f"--truth: {path} is about other rows: labels differ in {int(differing.sum()):,} rows, "
            f"first in row {int(differing.argmax()) + 1:,}"
        )
    predicted = (
        rows.predictions[task.name] for task in (family.click, family.conversion, family.product)
    )
    return compare_with_truth(truth, *predicted)


def with_common_pctr(rows: RecordedRows, common_pctr: Array, path: str) -> Dict[str, float]:
    """`auc_ctcvr_common_pctr` and its standard error `auc_ctcvr_common_pctr_se`.

    The CTCVR AUC of the ESMM paper (section 3.2): this model's pCVR times a pCTR that is common to
    all models of a comparison, so that only the conversion rate makes the difference.

    Raises:
      UserError: `common_pctr` is of another length.
    """
    family = _family(rows)
    _require_length(len(rows.weight), len(common_pctr), f"--common_pctr: {path}")
    score = common_pctr * rows.predictions[family.conversion.name].astype(np.float64)
    area, error = auc_with_error(score, rows.label(family.conversion), rows.weight)
    return {"auc_ctcvr_common_pctr": area, "auc_ctcvr_common_pctr_se": error}


def _family(rows: RecordedRows) -> EntireSpaceTasks:
    return cast(EntireSpaceTasks, rows.tasks.entire_space)


def _require_length(read: int, given: int, where: str) -> None:
    if read != given:
        raise UserError(
            f"{where} holds {given:,} rows, the evaluation read {read:,}; give the file of the "
            "same rows, and leave eval_config.num_examples at 0"
        )

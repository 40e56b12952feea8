"""Metrics that need every row of an evaluation beside a second file about the same rows."""

from __future__ import annotations

from typing import Any, Dict, Mapping

import numpy as np
from numpy.typing import NDArray

from easy_esmm.errors import UserError
from easy_esmm.rank_statistics import auc_with_error
from easy_esmm.simulation.diagnostics import compare_with_truth
from easy_esmm.simulation.truth import Truth

Rows = Mapping[str, NDArray[Any]]
"""As `RowRecorder.rows` gives them."""


def against_truth(rows: Rows, truth: Truth, path: str) -> Dict[str, float]:
    """`truth/*`: see `simulation.diagnostics.compare_with_truth`.

    Raises:
      UserError: the truth is about other rows.
    """
    _require_length(len(rows["click"]), len(truth.click), f"--truth: {path}")
    differing = (rows["click"] != truth.click) | (rows["conversion"] != truth.conversion)
    if differing.any():
        raise UserError(
            f"--truth: {path} is about other rows: labels differ in {int(differing.sum()):,} rows, "
            f"first in row {int(differing.argmax()) + 1:,}"
        )
    return compare_with_truth(truth, rows["pctr"], rows["pcvr"], rows["pctcvr"])


def with_common_pctr(rows: Rows, common_pctr: NDArray[Any], path: str) -> Dict[str, float]:
    """`auc_ctcvr_common_pctr` and its standard error `auc_ctcvr_common_pctr_se`.

    The CTCVR AUC of the ESMM paper (section 3.2): this model's pCVR times a pCTR that is common to
    all models of a comparison, so that only the conversion rate makes the difference.

    Raises:
      UserError: `common_pctr` is of another length.
    """
    _require_length(len(rows["click"]), len(common_pctr), f"--common_pctr: {path}")
    score = common_pctr * rows["pcvr"].astype(np.float64)
    area, error = auc_with_error(score, rows["conversion"], rows["weight"])
    return {"auc_ctcvr_common_pctr": area, "auc_ctcvr_common_pctr_se": error}


def _require_length(read: int, given: int, where: str) -> None:
    if read != given:
        raise UserError(
            f"{where} holds {given:,} rows, the evaluation read {read:,}; give the file of the "
            "same rows, and leave eval_config.num_examples at 0"
        )

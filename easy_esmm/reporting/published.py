"""Published results on Ali-CCP, and a table of a run beside them."""

from __future__ import annotations

from typing import List, Mapping, Tuple

from easy_esmm.reporting.text_table import aligned

PUBLISHED: Tuple[Tuple[str, str, str, str], ...] = (
    ("ESMM paper, BASE", "-", "66.00 +- .37", "62.07 +- .45"),
    ("ESMM paper, AMAN", "-", "65.21 +- .59", "63.53 +- .57"),
    ("ESMM paper, OVERSAMPLING", "-", "67.18 +- .32", "63.05 +- .48"),
    ("ESMM paper, UNBIAS", "-", "66.65 +- .28", "63.56 +- .70"),
    ("ESMM paper, DIVISION", "-", "67.56 +- .48", "63.62 +- .09"),
    ("ESMM paper, ESMM-NS", "-", "68.25 +- .44", "64.44 +- .62"),
    ("ESMM paper, ESMM", "-", "68.56 +- .37", "65.32 +- .49"),
    ("EasyRec's benchmark page, ESMM", "59.75", "68.41", "63.63 (own pCTR)"),
)
"""AUC x 100: who, CTR, CVR on clicked rows, CTCVR with a common pCTR unless said; +- is the
standard deviation over repeated trainings (Ma et al., SIGIR 2018, table 2)."""


def beside_published(metrics: Mapping[str, float], is_official: bool) -> str:
    """A table of `PUBLISHED` with this run on top.

    Args:
      metrics: of an evaluation with a common pCTR, of towers named ctr and cvr.
      is_official: whether the rows are the official ones; if not, a note is added.
    """
    keys = ("auc_ctr", "auc_cvr_masked", "auc_ctcvr_common_pctr")
    rows: List[List[str]] = [
        ["AUC x 100", "CTR", "CVR, clicked rows", "CTCVR, common pCTR"],
        ["this run", *(_with_error(metrics, key) for key in keys)],
        *(list(row) for row in PUBLISHED),
    ]
    note = (
        "Protocol: CVR over clicked rows; CTCVR as pCVR times one separately trained pCTR.\n"
        "+-: for this run the standard error of the test sample, for the paper the deviation over "
        "trainings."
    )
    if not is_official:
        note += "\nThis run's rows are not the official files: its figures are not comparable."
    return "\n".join([*aligned(rows), "", note])


def _with_error(metrics: Mapping[str, float], key: str) -> str:
    error = f"{100 * metrics[f'{key}_se']:.2f}".lstrip("0")
    return f"{100 * metrics[key]:.2f} +- {error}"

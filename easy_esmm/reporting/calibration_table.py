"""A calibration before and after, as a table for a terminal."""

from __future__ import annotations

from typing import List

from easy_esmm.calibration.fitted import Fitted, Judged
from easy_esmm.calibration.scores import Measured, Scores
from easy_esmm.reporting.text_table import aligned, count


def calibration_table(fitted: Fitted, field: str) -> str:
    """Two lines a task, on rows that its calibration was not fitted on; then how it was chosen."""
    titles = ["rows", "positives", "", "pred/obs", "s.e.", "log loss", "s.e.", "ECE", "s.e."]
    rows = [["task", *titles]]
    for judged in fitted.judged:
        rows += _lines(judged)
    lines = aligned(rows)
    lines.append("")
    for judged in fitted.judged:
        gain = judged.gain
        change = "lower" if gain.value >= 0 else "higher"
        lines.append(
            f"{judged.rows.title}: log loss {change} by {abs(gain.value):.3g} "
            f"(s.e. {gain.error:.2g})" + _verdict(gain)
        )
    for name, task in fitted.tasks.items():
        lines.append(f"{name or 'the task'}: {task.method}{_others(fitted, name, task.method)}")
        if name in fitted.gain_of_field:
            gain = fitted.gain_of_field[name]
            lines.append(
                f"  by {field}: {len(task.shifts):,} values, standard deviation of the logit "
                f"{fitted.deviations[name]:.3f}; log loss lower than the whole's by "
                f"{gain.value:.3g} (s.e. {gain.error:.2g})"
            )
    return "\n".join(lines)


def _verdict(gain: Measured) -> str:
    if gain.value > gain.error:
        return ""
    return "; no gain beyond noise" if gain.value >= -gain.error else "; worse beyond noise"


def _lines(judged: Judged) -> List[List[str]]:
    return [
        [
            judged.rows.title,
            count(judged.count),
            count(judged.positives),
            "before",
            *_figures(judged.before),
        ],
        ["", "", "", "after", *_figures(judged.after)],
    ]


def _figures(scores: Scores) -> List[str]:
    return [
        *_figure(scores.ratio, 3),
        *_figure(scores.log_loss, 5),
        *_figure(scores.calibration_error, 5),
    ]


def _figure(measured: Measured, digits: int) -> List[str]:
    return [f"{measured.value:.{digits}f}", f"{measured.error:.{digits}f}"]


def _others(fitted: Fitted, task: str, chosen: str) -> str:
    """What cross-validation says of the other methods."""
    others = [
        f"{method} {excess.value:+.2g} (s.e. {excess.error:.2g})"
        for method, excess in fitted.log_losses[task].items()
        if method != chosen
    ]
    return f"; log loss of others minus this: {', '.join(others)}" if others else ""

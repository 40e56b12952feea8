"""Summary of a simulation: its rates, its planted optima, its long tail."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Sequence

import numpy as np

from easy_esmm.aliccp.fields import HISTORIES
from easy_esmm.simulation.diagnostics import compare_with_truth
from easy_esmm.simulation.generator import PARTS, Simulation
from easy_esmm.simulation.id_lists import IdLists, IntArray

Summary = Dict[str, Any]


def describe(simulation: Simulation) -> Summary:
    """Everything worth knowing, as plain numbers by name, for `simulation.json` and the terminal.

    `parts` holds counts and rates by part, `planted` the values of `compare_with_truth` for the
    truth itself on the test part, `label_prior` the rates of the training part.
    """
    parts = {part: _counts(simulation, part) for part in PARTS}
    truth = simulation.truth_of("test")
    return {
        "settings": simulation.settings.in_effect(),
        "parts": parts,
        "label_prior": {
            "ctr": parts["train"]["clicks_per_impression"],
            "cvr": parts["train"]["conversions_per_click"],
        },
        "planted": {
            name: value
            for name, value in compare_with_truth(
                truth, truth.pctr, truth.pcvr_do, truth.pctcvr
            ).items()
            if name.endswith("_optimum") or name == "truth/selection_ratio"
        },
        "long_tail": _long_tail(simulation),
        "history_lengths": _history_lengths(simulation),
        **_delays(simulation),
        "effect_shares": {
            "ctr": simulation.logits.ctr_shares,
            "cvr": simulation.logits.cvr_shares,
        },
    }


def format_summary(summary: Summary, files: Sequence[Path]) -> str:
    """A block of text for a person."""
    settings, prior, planted = summary["settings"], summary["label_prior"], summary["planted"]
    tail, shares = summary["long_tail"], summary["effect_shares"]
    names = ("rho", "kappa", "click_rate", "conv_rate", "history_length", "seed")
    lines = [
        "Simulated Ali-CCP-shaped impressions with planted truth",
        "  configured     " + ", ".join(f"{name} {settings[name]:g}" for name in names),
        "                 rows      clicks   conversions  click rate  conversions per click",
    ]
    for part, counts in summary["parts"].items():
        lines.append(
            f"  {part:<7}{counts['rows']:>14,}{counts['clicks']:>12,}{counts['conversions']:>14,}"
            f"{counts['clicks_per_impression']:>12.4f}{counts['conversions_per_click']:>23.4f}"
        )
    if "delays" in summary:
        delays = summary["delays"]
        lines.append(
            f"  delays         {settings['delay']}, mean {settings['mean_delay']:g} days: the log "
            f"of train holds {delays['observed_conversions']:,} of its conversions "
            f"({delays['observed_share']:.1%})"
        )
    lines += [
        f"  label_prior    CTR tower {prior['ctr']:.5f}, CVR tower (per click) {prior['cvr']:.5f}",
        "  Bayes optima of the test part (AUC; no model can rank better)",
        _optima(planted, "true rates      ", "ctr_auc_all", "ctcvr_auc_all")
        + f"  CVR, entire space {planted['truth/cvr_auc_all_optimum']:.4f}"
        + f"  CVR, clicked {planted['truth/cvr_auc_click_space_optimum']:.4f}",
        _optima(planted, "observed labels ", "auc_ctr", "auc_ctcvr")
        + f"  CVR, clicked {planted['truth/cvr_auc_masked_optimum']:.4f}",
        f"  selection      mean true CVR clicked / all {planted['truth/selection_ratio']:.3f}",
        f"  long tail      1 % of {tail['items']:,} items take {tail['head_share']:.1%} of the "
        "training rows",
        f"  cold items     {tail['cold_items']:,} items of the test part were never seen in "
        f"training, in {tail['cold_row_share']:.1%} of its rows",
        "  histories      mean ids per impression: " + _listed(summary["history_lengths"], ".1f"),
        "  effects        share of the CTR logit: " + _listed(shares["ctr"], ".0%"),
        "                 share of the CVR logit: " + _listed(shares["cvr"], ".0%"),
        "  files",
    ]
    return "\n".join(lines + _file_lines(files))


def _counts(simulation: Simulation, part: str) -> Dict[str, float]:
    truth = simulation.truth_of(part)
    clicks, conversions = int(truth.click.sum()), int(truth.conversion.sum())
    return {
        "rows": len(truth),
        "clicks": clicks,
        "conversions": conversions,
        "clicks_per_impression": clicks / len(truth),
        "conversions_per_click": conversions / max(1, clicks),
    }


def _delays(simulation: Simulation) -> Dict[str, Any]:
    """Of late conversions, how many the log of the training part holds."""
    if simulation.delays is None:
        return {}
    first, last = simulation.bounds("train")
    observed = int(simulation.delays.observed[first:last].sum())
    conversions = int(simulation.truth_of("train").conversion.sum())
    return {
        "delays": {
            "observed_conversions": observed,
            "observed_share": observed / max(1, conversions),
        }
    }


def _long_tail(simulation: Simulation) -> Dict[str, float]:
    """Items seen in training, the rows of the top 1 % of them, and the items only the test has."""
    (first, cut), (_, last) = simulation.bounds("train"), simulation.bounds("test")
    items = simulation.impressions.item
    counts = np.bincount(items[first:cut], minlength=len(simulation.impressions.catalogue.is_new))
    seen = int(np.count_nonzero(counts))
    is_cold = counts[items[cut:last]] == 0
    return {
        "items": seen,
        "head_share": float(np.sort(counts)[::-1][: max(1, round(0.01 * seen))].sum()) / cut,
        "cold_items": len(np.unique(items[cut:last][is_cold])),
        "cold_row_share": float(np.mean(is_cold)),
    }


def _history_lengths(simulation: Simulation) -> Dict[str, float]:
    lengths = {}
    user: IntArray = simulation.impressions.user
    for name in HISTORIES:
        values = simulation.impressions.values[name]
        if isinstance(values, IdLists):
            lengths[name] = float(np.mean(values.lengths[user]))
    return lengths


def _optima(planted: Dict[str, float], title: str, ctr: str, ctcvr: str) -> str:
    return (
        f"    {title} CTR {planted[f'truth/{ctr}_optimum']:.4f}"
        f"  CTCVR {planted[f'truth/{ctcvr}_optimum']:.4f}"
    )


def _listed(values: Dict[str, float], form: str) -> str:
    return ", ".join(f"{name} {value:{form}}" for name, value in values.items())


def _file_lines(files: Sequence[Path]) -> List[str]:
    return [f"    {path}  ({path.stat().st_size / 1e6:.1f} MB)" for path in files]

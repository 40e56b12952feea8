"""True rates from the planted logits, and the clicks and conversions drawn from them."""

from __future__ import annotations

from typing import Any, Callable, Optional

import numpy as np
from numpy.random import Generator

from easy_esmm.simulation.effects import Logits
from easy_esmm.simulation.id_lists import FloatArray
from easy_esmm.simulation.settings import Settings
from easy_esmm.simulation.truth import Truth

NODES = 48
"""Relative error of the true rates: 1e-11 at kappa 1, 2e-8 at 2, 3e-5 at 3."""
BLOCK = 8192
"""Rows whose nodes fit into a core's cache."""


def draw_truth(settings: Settings, logits: Logits, random: Generator) -> Truth:
    """True rates of every impression and labels drawn from them; sample ids count from 1.

    The intercepts are solved so that the mean of pCTR is `click_rate` and the mean of pCTCVR is
    `click_rate * conv_rate`, over all impressions.
    """
    kappa, rows = settings.kappa, len(logits.ctr)
    ctr = logits.ctr + _solve(
        lambda shift: float(np.mean(integrated(logits.ctr + shift, kappa))), settings.click_rate
    )
    cvr = logits.cvr + _solve(
        lambda shift: float(np.mean(integrated(ctr, kappa, logits.cvr + shift))),
        settings.click_rate * settings.conv_rate,
    )
    pctr = integrated(ctr, kappa)
    pctcvr = integrated(ctr, kappa, cvr)
    cause = kappa * random.standard_normal(rows)
    click = random.random(rows) < _sigmoid(ctr + cause)
    counterfactual = random.random(rows) < _sigmoid(cvr + cause)
    return Truth(
        sample_id=np.arange(1, rows + 1),
        click=click.astype(np.int8),
        conversion=(click & counterfactual).astype(np.int8),
        pctr=pctr,
        pcvr_do=integrated(cvr, kappa),
        pcvr_click=pctcvr / pctr,
        pctcvr=pctcvr,
        counterfactual_conversion=counterfactual.astype(np.int8),
    )


def integrated(logit: FloatArray, kappa: float, other: Optional[FloatArray] = None) -> FloatArray:
    """E[sigmoid(logit + kappa U)], or E[sigmoid(logit + kappa U) sigmoid(other + kappa U)].

    float64 [rows]; U is N(0, 1) and is integrated out by Gauss-Hermite quadrature.
    """
    if kappa == 0:
        return _sigmoid(logit) if other is None else _sigmoid(logit) * _sigmoid(other)
    hermegauss: Any = np.polynomial.hermite_e.hermegauss  # numpy 1 has no hints for it
    nodes, weights = hermegauss(NODES)
    weights = weights / np.sqrt(2 * np.pi)
    result = np.empty(len(logit))
    for start in range(0, len(logit), BLOCK):
        block = slice(start, start + BLOCK)
        values = _sigmoid(kappa * nodes[:, None] + logit[block])
        if other is not None:
            values *= _sigmoid(kappa * nodes[:, None] + other[block])
        result[block] = weights @ values
    return result


def _solve(mean_at: Callable[[float], float], rate: float) -> float:
    """The shift at which the mean rate is `rate`.

    Secant steps on the log odds, which are nearly linear in the shift: about six evaluations.
    """

    def excess(shift: float) -> float:
        return _log_odds(mean_at(shift)) - _log_odds(rate)

    previous, previous_excess = _log_odds(rate), excess(_log_odds(rate))
    shift = previous - previous_excess
    for _ in range(60):
        now = excess(shift)
        if abs(now) < 1e-11 or now == previous_excess:
            break
        step = now * (shift - previous) / (now - previous_excess)
        previous, previous_excess, shift = shift, now, shift - step
    return shift


def _log_odds(rate: float) -> float:
    return float(np.log(rate) - np.log1p(-rate))


def _sigmoid(logit: FloatArray) -> FloatArray:
    return 1.0 / (1.0 + np.exp(-logit))

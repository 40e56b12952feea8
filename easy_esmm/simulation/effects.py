"""The planted logits: effects of ids, attributes, crosses, histories and the position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Tuple

import numpy as np
from numpy.random import Generator

from easy_esmm.simulation.id_lists import FloatArray, IdLists
from easy_esmm.simulation.impressions import Impressions, field_size

SCALE = 1.17
"""Standard deviation of both logits. A Gaussian logit of deviation s at low rates has the Bayes
AUC Phi(s / sqrt 2) = .796, and the sum of two with a correlation of .7 one of .936."""


_SPREAD = float(np.sqrt(3.0))
"""Effects are uniform with deviation 1: a head item with a Gaussian's extreme effect would make
the planted optima depend on the seed."""


@dataclass(frozen=True)
class Effect:
    """One field's part in the logits."""

    field: str
    group: str
    share: float
    """Share of a logit's variance, if the parts were uncorrelated."""
    slope: float = 0.0
    """Mean effect of an id; the ids scatter around it with deviation 1. A match with the past
    helps; slopes of 1 make the logits so skewed that mean true CVR clicked / all becomes 3.4."""


EFFECTS: Tuple[Effect, ...] = (
    Effect("101", "ids", 0.06),
    Effect("205", "ids", 0.09),
    Effect("206", "ids", 0.13),
    Effect("207", "ids", 0.08),
    Effect("216", "ids", 0.06),
    Effect("210", "attributes", 0.08),
    Effect("121", "attributes", 0.03),
    Effect("122", "attributes", 0.03),
    Effect("124", "attributes", 0.02),
    Effect("125", "attributes", 0.03),
    Effect("126", "attributes", 0.02),
    Effect("127", "attributes", 0.02),
    Effect("128", "attributes", 0.01),
    Effect("129", "attributes", 0.01),
    Effect("109_14", "histories", 0.05),
    Effect("110_14", "histories", 0.02),
    Effect("127_14", "histories", 0.02),
    Effect("150_14", "histories", 0.03),
    Effect("508", "crosses", 0.06, slope=0.2),
    Effect("509", "crosses", 0.04, slope=0.1),
    Effect("702", "crosses", 0.03, slope=0.1),
    Effect("853", "crosses", 0.04, slope=0.05),
    Effect("301", "context", 0.04),
)


@dataclass(frozen=True, eq=False)
class Logits:
    """Both logits without intercept and without the unobserved cause."""

    ctr: FloatArray
    """float64 [rows]: mean 0, deviation SCALE."""
    cvr: FloatArray
    """float64 [rows]: mean 0, deviation SCALE, correlation with `ctr` exactly rho."""
    ctr_shares: Dict[str, float]
    """Group of effects to its share of the logit's variance: covariance with the logit over the
    variance, so that the shares sum to 1."""
    cvr_shares: Dict[str, float]


def make_logits(impressions: Impressions, random: Generator) -> Logits:
    """Two logits of independent effects, then the second is turned towards the first.

    With A and B standardised and B made orthogonal to A over the impressions at hand, the second
    logit is rho A + sqrt(1 - rho^2) B, so its correlation with A is rho and not merely near it.
    """
    ctr_groups, own_groups = _groups(impressions, random), _groups(impressions, random)
    ctr_groups = _divided(ctr_groups, float(np.std(_total(ctr_groups))))
    ctr = _total(ctr_groups)
    slope = float(np.mean(ctr * _total(own_groups)))
    own_groups = {name: own_groups[name] - slope * ctr_groups[name] for name in own_groups}
    own_groups = _divided(own_groups, float(np.std(_total(own_groups))))
    rho = impressions.settings.rho
    cvr_groups = {
        name: rho * ctr_groups[name] + np.sqrt(1 - rho**2) * own_groups[name] for name in ctr_groups
    }
    cvr = _total(cvr_groups)
    return Logits(SCALE * ctr, SCALE * cvr, _shares(ctr_groups, ctr), _shares(cvr_groups, cvr))


def _groups(impressions: Impressions, random: Generator) -> Dict[str, FloatArray]:
    """Group to its part of a logit, [rows]; each field enters with its share of the variance."""
    groups: Dict[str, FloatArray] = {}
    for effect in EFFECTS:
        size = field_size(impressions, effect.field)
        table = effect.slope + random.uniform(-_SPREAD, _SPREAD, size)
        score = _score(impressions, effect.field, table)
        part = _standardised(score[impressions.owner_of_rows(effect.field)])
        scaled = np.sqrt(effect.share) * part
        groups[effect.group] = groups.get(effect.group, 0.0) + scaled
    return groups


def _score(impressions: Impressions, field: str, table: FloatArray) -> FloatArray:
    """Sum of weight * effect for each owner; 0 where the field is missing or the list empty."""
    values = impressions.values[field]
    if isinstance(values, IdLists):
        return values.weighted_sum(table)
    return np.where(values >= 0, table[values], 0.0)


def _standardised(values: FloatArray) -> FloatArray:
    deviation = float(np.std(values))
    return (values - np.mean(values)) / (deviation if deviation > 0 else 1.0)


def _total(groups: Dict[str, FloatArray]) -> FloatArray:
    total: FloatArray = np.sum(list(groups.values()), axis=0)
    return total


def _divided(groups: Dict[str, FloatArray], divisor: float) -> Dict[str, FloatArray]:
    return {name: part / divisor for name, part in groups.items()}


def _shares(groups: Dict[str, FloatArray], logit: FloatArray) -> Dict[str, float]:
    variance = float(np.mean(logit * logit))
    return {name: float(np.mean(part * logit)) / variance for name, part in groups.items()}

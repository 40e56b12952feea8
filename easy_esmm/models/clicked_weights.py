"""What the models have in common that weigh rows by the propensity of a click."""

from __future__ import annotations

from typing import Dict

from easy_esmm.contract import Labels, Predictions, RowMean
from easy_esmm.losses import propensity
from easy_esmm.losses.propensity import Clip
from easy_esmm.protos.propensity_pb2 import Propensity


def clip_of(config: Propensity) -> Clip:
    """The range of propensities that the config allows."""
    return Clip(floor=config.floor, cap=config.cap)


def propensity_means(predictions: Predictions, labels: Labels, clip: Clip) -> Dict[str, RowMean]:
    """Over clicked rows: how many propensities were clipped, and the mean weight 1 / P.

    A share near 1 says that the floor has made all weights equal: the risk is then that of the
    clicked rows, unweighted.
    """
    clicked = labels.click * labels.weight
    is_clipped = propensity.is_clipped(predictions.ctr_logit, clip)
    weight = propensity.inverse(predictions.ctr_logit, clip)
    return {
        "propensity/clipped_share": RowMean(is_clipped, clicked),
        "propensity/mean_weight": RowMean(weight, clicked),
    }

"""What models that weigh clicked rows by the propensity of a click have in common."""

from __future__ import annotations

from typing import Dict

from easy_esmm.contract import EntireSpaceTasks, Labels, Outputs, RowMean
from easy_esmm.losses import propensity
from easy_esmm.losses.propensity import Clip
from easy_esmm.protos.propensity_pb2 import Propensity


def clip_of(config: Propensity) -> Clip:
    """The range of propensities that the config allows."""
    return Clip(floor=config.floor, cap=config.cap)


def propensity_means(
    family: EntireSpaceTasks, outputs: Outputs, labels: Labels, clip: Clip
) -> Dict[str, RowMean]:
    """Over clicked rows: how many propensities were clipped, and the mean weight 1 / P.

    A share near 1 says that the floor has made all weights equal: the risk is then that of the
    clicked rows, unweighted.
    """
    clicked = labels[family.conversion.name].weight
    logit = outputs.heads[family.click.name].logit
    return {
        "propensity/clipped_share": RowMean(propensity.is_clipped(logit, clip), clicked),
        "propensity/mean_weight": RowMean(propensity.inverse(logit, clip), clicked),
    }

"""Losses as pure functions from logits: tensors in, tensors out, in graph mode and eagerly.

`build` makes a loss of a tower from its config.
"""

from __future__ import annotations

from easy_esmm.losses import f1_reweighted as _f1_reweighted  # noqa: F401  (registers itself)
from easy_esmm.losses import focal as _focal  # noqa: F401  (registers itself)
from easy_esmm.losses import joint_ranking as _joint_ranking  # noqa: F401  (registers itself)
from easy_esmm.losses import listwise as _listwise  # noqa: F401  (registers itself)
from easy_esmm.losses import order as _order  # noqa: F401  (registers itself)
from easy_esmm.losses import pairwise as _pairwise  # noqa: F401  (registers itself)
from easy_esmm.losses import pointwise as _pointwise  # noqa: F401  (registers itself)
from easy_esmm.losses.reduction import Reduction, reduction_of
from easy_esmm.losses.registry import LossInput, build, register, registered

__all__ = ["LossInput", "Reduction", "build", "reduction_of", "register", "registered"]

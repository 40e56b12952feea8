"""The layers that a backbone's blocks hold, one a file, found by their class names."""

from __future__ import annotations

from easy_esmm.layers.blocks import aitm as _aitm  # noqa: F401  (registers itself)
from easy_esmm.layers.blocks import cross as _cross  # noqa: F401
from easy_esmm.layers.blocks import din as _din  # noqa: F401
from easy_esmm.layers.blocks import fm as _fm  # noqa: F401
from easy_esmm.layers.blocks import mask_net as _mask_net  # noqa: F401
from easy_esmm.layers.blocks import mlp as _mlp  # noqa: F401
from easy_esmm.layers.blocks import mmoe as _mmoe  # noqa: F401
from easy_esmm.layers.blocks import senet as _senet  # noqa: F401
from easy_esmm.layers.blocks.registry import BlockLayer, build, registered

__all__ = ["BlockLayer", "build", "registered"]

"""Keras layers without knowledge of tasks."""

from __future__ import annotations

from easy_esmm.layers.mlp import MLP

__all__ = ["MLP"]

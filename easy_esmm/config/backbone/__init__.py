"""The graph of blocks that a config describes, without TensorFlow: layers, order and what flows."""

from __future__ import annotations

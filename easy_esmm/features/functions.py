"""The functions that configs may name, as TensorFlow operations."""

from __future__ import annotations

from typing import Callable, Dict

import tensorflow as tf

from easy_esmm.config import functions
from easy_esmm.contract import Tensor

FUNCTIONS: Dict[str, Callable[[Tensor], Tensor]] = {
    name: getattr(tf.math, name) for name in functions.FUNCTIONS
}
"""By bare name: float tensor -> tensor of its type and shape."""

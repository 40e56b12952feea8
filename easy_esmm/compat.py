"""The one door to tf.estimator and Keras, whatever the TensorFlow version.

Everything else in the package imports `estimator`, `keras` and `v1` from here and does not know
versions.
"""

from __future__ import annotations

import tensorflow as tf

v1 = tf.compat.v1
estimator = tf.estimator
keras = tf.keras

__all__ = ["estimator", "keras", "v1"]

"""The only access to tf.estimator and Keras, for every TensorFlow version.

Everything else in the package imports `estimator`, `keras` and `v1` from here and does not know
versions:

    estimator  tf.estimator: TensorFlow's own up to 2.15, from 2.16 on that of tensorflow-estimator
    keras      Keras 2: TensorFlow's own up to 2.15, from 2.16 on that of tf-keras
    v1         tf.compat.v1
    SaverBuilder  what a `v1.train.Saver` builds its graph with, to be subclassed
    mark_slice    lets checkpoints hold what stands beside a partition as a slice of one variable
    unregister_gradients  lets graphs with gradients of their own be freed

docs/compatibility.md says what was run with which versions.
"""

from __future__ import annotations

import tensorflow as tf
from tensorflow.python.training.saver import BulkSaverBuilder as SaverBuilder

from easy_esmm.compat.bridge import open_estimator_and_keras
from easy_esmm.compat.partitions import mark_slice
from easy_esmm.compat.registered_gradients import unregister_gradients

v1 = tf.compat.v1
estimator, keras = open_estimator_and_keras()

__all__ = [
    "SaverBuilder",
    "estimator",
    "keras",
    "mark_slice",
    "unregister_gradients",
    "v1",
]

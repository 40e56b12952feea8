"""tf.estimator and Keras 2 on TensorFlow 2.16 and later, which ship neither.

tensorflow-estimator 2.15.0, pure Python, is the code of tf.estimator, and imports five things that
left TensorFlow with it. They are put back here: names for a decorator that only labels symbols, and
modules for ways of training that this package does not take (TPUs, and the coordinator of
distribution strategies on several machines). tf-keras is the code of Keras 2.

This package is the only one that knows versions, and the only one that touches private names.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import random
import sys
from types import ModuleType, SimpleNamespace
from typing import Any, Dict, Iterator, Tuple

import tensorflow as tf
from absl import logging

from easy_esmm.compat import estimator_training
from easy_esmm.errors import UserError

OLDEST_TESTED, NEWEST_TESTED = (2, 15), (2, 21)
_FIRST_WITHOUT_ESTIMATOR = (2, 16)

Version = Tuple[int, int]


def open_estimator_and_keras() -> Tuple[Any, Any]:
    """`tf.estimator` and `tf.keras` as TensorFlow 2.15 has them.

    Raises:
      UserError: a package is missing, tf.keras is Keras 3 in this process already, or TensorFlow is
        so new that it lacks more than is put back here.
    """
    version = version_of(tf.__version__)
    warn_if_untested(version)
    if version < _FIRST_WITHOUT_ESTIMATOR:
        require_keras_2(tf.keras, "it is installed beside TensorFlow: pip install 'keras<2.16'")
        return tf.estimator, tf.keras
    try:
        # In this order: tf.estimator uses tf.keras while it is imported.
        keras = _bridged_keras()
        return _bridged_estimator(), keras
    except (ImportError, AttributeError) as error:
        if version <= NEWEST_TESTED:
            raise
        major, minor = NEWEST_TESTED
        raise UserError(
            f"TensorFlow {tf.__version__} is newer than easy_esmm knows, and tf.estimator does not "
            f"run on it ({error}):\npip install 'tensorflow<{major}.{minor + 1}'"
        ) from error


def version_of(text: str) -> Version:
    """Major and minor version of `2.21.0` or `2.22.0-rc1`."""
    major, minor = text.split(".")[:2]
    return int(major), int(minor)


def warn_if_untested(version: Version) -> None:
    """One warning for a TensorFlow outside the range that the tests ran on."""
    if not OLDEST_TESTED <= version <= NEWEST_TESTED:
        logging.warning(
            "TensorFlow %d.%d: easy_esmm was tested with %d.%d to %d.%d",
            *version,
            *OLDEST_TESTED,
            *NEWEST_TESTED,
        )


def require_keras_2(keras: Any, remedy: str) -> None:
    """Refuses Keras 3: its layers know no graph mode, which tf.estimator runs in.

    Raises:
      UserError: `keras` is Keras 3.
    """
    # tf.keras has a __version__ in Keras 3, and none in tf-keras.
    version = getattr(keras, "__version__", "2")
    if int(version.split(".")[0]) >= 3:
        raise UserError(f"tf.keras is Keras {version}, but tf.estimator needs Keras 2; {remedy}")


def _bridged_keras() -> Any:
    # tf.keras makes its choice when it is first used, not when TensorFlow is imported, so that this
    # is early enough wherever `import tensorflow` stands in the package: no module of it uses
    # tf.keras. tf.estimator does, to recognise a Keras metric.
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    with _required("tf_keras", "tf-keras"):
        keras = importlib.import_module("tf_keras")
    _mend_seeds()
    require_keras_2(
        tf.keras,
        "something used tf.keras before easy_esmm was imported:\nimport easy_esmm.training first, "
        "or set TF_USE_LEGACY_KERAS=1 in the environment of the program",
    )
    return keras


def _mend_seeds() -> None:
    """Lets the tf-keras of TensorFlow 2.16 to 2.18 draw seeds on Python 3.12.

    It asks for `randint(1, 1e9)`, where Python 3.12 raises TypeError. Safe: the numbers that are
    drawn are those of older Pythons, and newer releases ask for `int(1e9)` themselves.
    """
    if sys.version_info >= (3, 12):
        utilities = importlib.import_module("tf_keras.src.utils.tf_utils")
        replaced = {**vars(random), "Random": _Random}
        utilities.random = SimpleNamespace(**replaced)  # type: ignore[attr-defined]


class _Random(random.Random):
    """What `keras.utils.set_random_seed` makes its generator from."""

    def randint(self, a: float, b: float) -> int:
        return super().randint(int(a), int(b))


def _bridged_estimator() -> Any:
    _restore_export_names()
    with _stand_ins(), _required("tensorflow_estimator", "tensorflow-estimator==2.15.0"):
        # What `tf.estimator` was in 2.15: the same module of the same package.
        return importlib.import_module("tensorflow_estimator.python.estimator.api._v2.estimator")


@contextlib.contextmanager
def _required(module: str, requirement: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise UserError(
            f"TensorFlow {tf.__version__} needs {requirement} beside it: "
            f"pip install '{requirement}'"
        ) from error


def _restore_export_names() -> None:
    """Gives the decorator `estimator_export` the names under which it labels public symbols.

    Safe: entries are added and none is changed; only the generator of TensorFlow's own API files
    reads the labels.
    """
    export = importlib.import_module("tensorflow.python.util.tf_export")
    export.ESTIMATOR_API_NAME = "estimator"  # type: ignore[attr-defined]
    for table, suffix in ((export.API_ATTRS, ""), (export.API_ATTRS_V1, "_v1")):
        attributes = type(next(iter(table.values())))
        names = f"_estimator_api_names{suffix}", f"_estimator_api_constants{suffix}"
        table.setdefault("estimator", attributes(*names))


@contextlib.contextmanager
def _stand_ins() -> Iterator[None]:
    """Lets `import` find the modules that left TensorFlow, while tensorflow-estimator is imported.

    Safe: a module that this TensorFlow still has is left alone, and nobody else sees the stand-ins,
    which are taken out again. What is empty here is read on a TPU only, where it ends in an
    AttributeError that names it.
    """
    put = {name: module for name, module in _absent_modules().items() if not _exists(name)}
    sys.modules.update(put)
    try:
        yield
    finally:
        for name in put:
            del sys.modules[name]


def _exists(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _absent_modules() -> Dict[str, ModuleType]:
    tpu = "tensorflow.python.tpu"
    empty = ["session_support", "tpu_embedding", "tpu_embedding_gradient"]
    modules = {f"{tpu}.{name}": ModuleType(f"{tpu}.{name}") for name in empty}
    for optimizer in (
        *("Adagrad", "Adam", "Ftrl", "Momentum", "ProximalAdagrad", "RMSProp"),
        "StochasticGradientDescent",
    ):
        # Listed in a tuple of supported classes, and otherwise not used.
        name = f"{optimizer}Parameters"
        setattr(modules[f"{tpu}.tpu_embedding"], name, type(name, (), {}))
    modules["tensorflow.python.distribute.estimator_training"] = estimator_training
    return modules

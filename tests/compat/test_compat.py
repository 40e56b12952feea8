"""The door to tf.estimator and Keras: what it opens, and what it says where it cannot."""

from __future__ import annotations

import logging
import os
import random
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict

import pytest
import tensorflow as tf

from easy_esmm.compat import bridge, estimator, estimator_training, keras
from easy_esmm.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
IS_BRIDGED = bridge.version_of(tf.__version__) >= (2, 16)
only_bridged = pytest.mark.skipif(not IS_BRIDGED, reason="TensorFlow 2.15 has tf.estimator inside")


def program(code: str) -> subprocess.CompletedProcess[str]:
    """Runs a program of a user's in a process of its own."""
    # This process has set the choice of Keras in its environment already.
    environment = {k: v for k, v in os.environ.items() if k != "TF_USE_LEGACY_KERAS"}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_estimator_has_the_names_that_tensorflow_2_15_has() -> None:
    names = {name for name in dir(estimator) if not name.startswith("_")}
    assert {
        *("Estimator", "EstimatorSpec", "ModeKeys", "RunConfig", "TrainSpec", "EvalSpec"),
        *("train_and_evaluate", "Exporter", "LatestExporter", "FinalExporter", "BestExporter"),
        *("NanLossDuringTrainingError", "WarmStartSettings", "export", "experimental"),
    } <= names
    assert estimator.Estimator.__module__ == "tensorflow_estimator.python.estimator.estimator"


def test_keras_is_keras_2_and_the_one_that_tf_estimator_uses() -> None:
    assert keras.layers.Layer is tf.keras.layers.Layer
    assert not hasattr(keras, "KerasTensor")  # a public name of Keras 3 only
    assert hasattr(keras.optimizers, "legacy")


def test_nothing_of_the_bridge_stays_where_others_would_find_it() -> None:
    left = [name for name in bridge._absent_modules() if name in sys.modules]
    assert not IS_BRIDGED or left == []


@pytest.mark.parametrize(
    ("text", "version"), [("2.15.1", (2, 15)), ("2.22.0-rc1", (2, 22)), ("3.0.0", (3, 0))]
)
def test_versions_are_compared_as_numbers(text: str, version: bridge.Version) -> None:
    assert bridge.version_of(text) == version


@pytest.mark.parametrize("version", [(2, 15), (2, 16), (2, 21)])
def test_tested_tensorflow_gets_no_warning(
    version: bridge.Version, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="absl"):
        bridge.warn_if_untested(version)
    assert caplog.messages == []


@pytest.mark.parametrize("version", [(2, 14), (2, 22), (3, 0)])
def test_other_tensorflow_gets_one_warning_that_names_the_tested_range(
    version: bridge.Version, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="absl"):
        bridge.warn_if_untested(version)
    major, minor = version
    assert caplog.messages == [
        f"TensorFlow {major}.{minor}: easy_esmm was tested with 2.15 to 2.21"
    ]


@only_bridged
def test_newer_tensorflow_works_with_one_warning() -> None:
    done = program(
        "import tensorflow as tf; tf.__version__ = '2.99.0'; tf.version.VERSION = '2.99.0'\n"
        "from easy_esmm.compat import estimator, keras\n"
        "print(estimator.Estimator.__name__, keras.layers.Dense(1).name)"
    )
    assert (done.returncode, done.stdout) == (0, "EstimatorV2 dense\n")
    warnings = [line for line in done.stderr.splitlines() if "easy_esmm was tested" in line]
    assert len(warnings) == 1
    assert warnings[0].endswith("TensorFlow 2.99: easy_esmm was tested with 2.15 to 2.21")


@only_bridged
def test_tensorflow_that_lacks_still_more_is_refused_with_the_way_out() -> None:
    done = program(
        "import sys; import tensorflow as tf; tf.__version__ = '2.99.0'\n"
        "sys.modules['tensorflow.python.util.tf_export'] = None\n"
        "from easy_esmm.errors import UserError\n"
        "try: import easy_esmm.compat\n"
        "except UserError as error: print(error)"
    )
    assert done.stdout.startswith("TensorFlow 2.99.0 is newer than easy_esmm knows, and "), done
    assert done.stdout.endswith("pip install 'tensorflow<2.22'\n")


@only_bridged
@pytest.mark.parametrize(
    ("module", "requirement"),
    [("tf_keras", "tf-keras"), ("tensorflow_estimator", "tensorflow-estimator==2.15.0")],
)
def test_missing_package_is_named(module: str, requirement: str) -> None:
    # A finder in front of all others, as if the package were not installed.
    done = program(
        "import sys; import tensorflow\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}: raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "from easy_esmm.errors import UserError\n"
        "try: import easy_esmm.compat\n"
        "except UserError as error: print(error)"
    )
    assert done.stdout == (
        f"TensorFlow {tf.__version__} needs {requirement} beside it: pip install '{requirement}'\n"
    ), done.stderr


@only_bridged
def test_program_that_used_keras_3_before_gets_a_message() -> None:
    done = program(
        "import tensorflow as tf; tf.keras.layers.Dense(1)\n"
        "import sys; from easy_esmm import flags\n"
        "def main(arguments): from easy_esmm import training\n"
        "sys.argv = ['program']; flags.run(main, flags.define())"
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    message = done.stderr.splitlines()[-2:]
    assert message[0].startswith("tf.keras is Keras 3.")
    assert message[0].endswith("something used tf.keras before easy_esmm was imported:")
    assert message[1] == (
        "import easy_esmm.training first, or set TF_USE_LEGACY_KERAS=1 in the environment of the "
        "program"
    )


@only_bridged
def test_program_may_use_keras_3_under_its_own_name() -> None:
    done = program(
        "import keras as keras_3; model = keras_3.Sequential([keras_3.layers.Dense(1)])\n"
        "import tensorflow as tf\n"
        "from easy_esmm.compat import keras\n"
        "from easy_esmm import training\n"
        "print(keras_3.__version__[0], model(tf.ones([2, 3])).shape, keras.__version__[0])"
    )
    assert (done.returncode, done.stdout) == (0, "3 (2, 1) 2\n"), done.stderr


def test_package_imported_after_tensorflow_works() -> None:
    done = program("import tensorflow\nimport easy_esmm.training; print('imported')")
    assert (done.returncode, done.stdout) == (0, "imported\n"), done.stderr


def test_keras_draws_the_same_seeds_on_every_python() -> None:
    assert bridge._Random(3).randint(1, 1e9) == random.Random(3).randint(1, 10**9)
    keras.utils.set_random_seed(3)
    with tf.Graph().as_default():
        assert keras.initializers.GlorotUniform()([2, 3]).shape == [2, 3]


def test_keras_3_is_refused_by_its_version() -> None:
    bridge.require_keras_2(SimpleNamespace(), "unused")
    bridge.require_keras_2(SimpleNamespace(__version__="2.15.0"), "unused")
    with pytest.raises(UserError, match=r"^tf\.keras is Keras 3\.0\.1, .* Keras 2; do that$"):
        bridge.require_keras_2(SimpleNamespace(__version__="3.0.1"), "do that")


class FakeRunConfig:
    """What the stand-in completes."""

    def __init__(self) -> None:
        self.seen: Dict[str, Any] = {}

    def _init_distributed_setting_from_environment_var(self, tf_config: Dict[str, Any]) -> None:
        self.seen = tf_config


def test_strategy_on_one_machine_needs_no_coordinator() -> None:
    config = FakeRunConfig()
    estimator_training.init_run_config(config, {"task": {}})
    assert config.seen == {"task": {}}
    assert config._distribute_coordinator_mode is None  # type: ignore[attr-defined]
    assert not estimator_training.should_run_distribute_coordinator(config)


def test_strategy_on_several_machines_is_refused() -> None:
    with pytest.raises(UserError, match=r"^TF_CONFIG: a distribution strategy on several machines"):
        estimator_training.init_run_config(FakeRunConfig(), {"cluster": {"chief": ["a:1"]}})

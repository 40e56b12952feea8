"""Stands in for `tensorflow.python.distribute.estimator_training`, which left with TensorFlow 2.16.

tf.estimator asks it whether the coordinator of distribution strategies on several machines should
run the training. Here it never does. Training without a strategy does not need it: 2.15 does not
call it either.
"""

from __future__ import annotations

from typing import Any, Mapping

from easy_esmm.errors import UserError


def should_run_distribute_coordinator(config: Any) -> bool:
    """False: `init_run_config` lets no RunConfig pass for which it would be true."""
    return False


def init_run_config(config: Any, tf_config: Mapping[str, Any]) -> None:
    """Completes a RunConfig that has a distribution strategy, on one machine.

    Raises:
      UserError: TF_CONFIG describes several machines.
    """
    if tf_config.get("cluster"):
        raise UserError(
            "TF_CONFIG: a distribution strategy on several machines needs TensorFlow 2.15; train "
            "on one machine"
        )
    # The steps of the original for one machine. The attributes are those of tensorflow-estimator
    # 2.15.0, which is required in exactly this version and will not change.
    config._distribute_coordinator_mode = None
    config._init_distributed_setting_from_environment_var(tf_config)

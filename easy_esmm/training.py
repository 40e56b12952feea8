"""The package from Python: train, evaluate, predict, score, export and verify a checked config.

from easy_esmm import config, training
training.train(config.load("first.config"))
"""

from __future__ import annotations

from easy_esmm.data import require_files, require_input
from easy_esmm.estimator.evaluate import evaluate
from easy_esmm.estimator.export import export
from easy_esmm.estimator.run import Trained, train
from easy_esmm.estimator.score import predict, score, score_frame
from easy_esmm.estimator.verify import Verified, verify

__all__ = [
    "Trained",
    "Verified",
    "evaluate",
    "export",
    "predict",
    "require_files",
    "require_input",
    "score",
    "score_frame",
    "train",
    "verify",
]

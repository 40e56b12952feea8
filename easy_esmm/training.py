"""The package from Python: train, evaluate, predict, score and export a checked config.

from easy_esmm import config, training
training.train(config.load("first.config"))
"""

from __future__ import annotations

from easy_esmm.estimator.evaluate import evaluate
from easy_esmm.estimator.export import export
from easy_esmm.estimator.run import Trained, train
from easy_esmm.estimator.score import predict, score, score_frame

__all__ = ["Trained", "evaluate", "export", "predict", "score", "score_frame", "train"]

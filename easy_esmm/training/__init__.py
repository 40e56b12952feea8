"""From a checked config to a trained and evaluated model: the only place that knows modes."""

from __future__ import annotations

from easy_esmm.training.evaluate import evaluate
from easy_esmm.training.export import export
from easy_esmm.training.predict import predict
from easy_esmm.training.run import Trained, train
from easy_esmm.training.score import score, score_frame

__all__ = ["Trained", "evaluate", "export", "predict", "score", "score_frame", "train"]

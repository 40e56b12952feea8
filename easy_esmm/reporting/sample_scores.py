"""A few rows with their labels and scores, as a table for a terminal."""

from __future__ import annotations

import numpy as np

from easy_esmm import data
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.reporting.text_table import aligned
from easy_esmm.serving.requests import request
from easy_esmm.serving.saved_model import SavedModel


def sample_scores(config: PipelineConfig, saved_model: str, count: int) -> str:
    """The first `count` rows of the evaluation input, scored with the SavedModel in that folder.

    One line a row: its labels, then the probabilities.
    """
    columns, labels = next(data.input_fn(config, "eval", batch_size=count).batches())
    with SavedModel(saved_model) as model:
        scores = model.score(request(config, columns))
    shown = {name: getattr(label, "value", label).numpy() for name, label in labels.items()}
    shown.update({name: v for name, v in scores.items() if name.startswith("probs")})
    cells = [[f"{value:.4g}" for value in values] for values in shown.values()]
    return "\n".join(aligned([list(shown), *np.transpose(cells).tolist()], left=0))

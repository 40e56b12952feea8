"""Calibration: curves over the logits of a trained model that make its probabilities rates.

`observations` and `fit` turn the rows of a holdout into a `Calibration`, `file` keeps it beside its
checkpoint, and `apply` computes it in the graph.
"""

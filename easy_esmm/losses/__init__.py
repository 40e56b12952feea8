"""Losses as pure functions from logits: tensors in, tensors out, in graph mode and eagerly."""

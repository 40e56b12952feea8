"""Checkpoints: saving, reading shapes, warm start, and the input's position."""

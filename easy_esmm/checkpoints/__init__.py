"""Checkpoints: writing them, what they hold, starting from them, and the input's position."""

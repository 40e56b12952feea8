"""The training step: update rules, learning rates, moving averages, frozen variables."""

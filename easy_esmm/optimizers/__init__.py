"""The step of training: update rules, learning rates, moving averages, and what stays frozen."""

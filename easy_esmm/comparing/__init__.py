"""Compares models that are trained and evaluated on the same rows, paired by seed."""

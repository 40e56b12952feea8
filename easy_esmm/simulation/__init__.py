"""Simulated impressions with known true rates: their generator, files, and diagnostics.

Free of TensorFlow: a simulation starts without the seconds that TensorFlow takes to load.
"""

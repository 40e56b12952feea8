"""What is true of simulated impressions: its file, and predictions compared with it.

Plain numpy and pyarrow: a simulation needs this without the seconds that TensorFlow takes to load.
"""

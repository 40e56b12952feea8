"""A cluster of processes on one machine: what is started, and how it is watched and ended."""

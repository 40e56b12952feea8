"""What it costs to train, evaluate, predict, read and convert; see docs/performance.md."""

"""Results of evaluations: recorded rows, gradients, events, history and metrics."""

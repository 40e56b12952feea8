"""Session hooks: progress, warnings, early stopping, deadline."""

"""What an evaluation leaves behind: rows, gradients, events, its history and its result."""

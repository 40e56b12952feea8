"""What accompanies the steps of a session: progress, warnings, early stop, deadline."""

"""What a report computes from recorded rows: plain numpy, one idea a file."""

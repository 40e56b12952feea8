"""Figures that a report computes from recorded rows, in numpy."""

"""Searches fields of a config for better values, with paired seeds."""

"""Counts the ids of features, and writes vocabularies of them."""

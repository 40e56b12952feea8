"""Evaluation results as pages, tables and text."""

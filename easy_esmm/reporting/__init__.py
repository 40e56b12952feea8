"""Evaluation results for people."""

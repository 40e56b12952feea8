"""The rules of a config: on single fields (`fields`), and across fields, by topic."""

"""The parts of a report's page: a file each, from measures to HTML."""

"""Ali-CCP: the commands that simulate, convert and describe it, and its 23 fields as data."""

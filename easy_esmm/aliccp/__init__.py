"""Ali-CCP: its 23 fields as data, and impressions of its shape with planted truth."""

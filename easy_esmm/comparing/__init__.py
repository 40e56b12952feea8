"""Several models on the same rows, paired by seed: trained, measured, summed up, shown."""

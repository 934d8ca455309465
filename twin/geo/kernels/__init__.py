"""Compiled loops of the city model: arrays and scalars in and out, nothing else."""

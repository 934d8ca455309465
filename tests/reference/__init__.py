"""Slow twins of every kernel, written straight from the definitions: loops and plain NumPy, no shared code."""

"""Compiled loops of the pictures; their cache is keyed by a hash of all of them, see `twin.jit`."""

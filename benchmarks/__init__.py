"""Speed of the whole thing, measured beside what others use: ``python -m benchmarks.NAME --json``."""

"""Speed and memory of the crowd, beside JuPedSim: ``python -m benchmarks.crowd --json [--only PART]``."""

"""What the scripts of peers share; knows NumPy only, for it runs in their environment."""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from importlib.metadata import version

import numpy as np

ABSENT = 3


def needed(module):
    """A module of the peer; ends the script where it is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError:
        sys.exit(ABSENT)


def given():
    """What is to be worked on, by name."""
    with np.load(sys.argv[1]) as arrays:
        return dict(arrays)


def timed(tasks, longest_s=float("inf")):
    """Seconds that each of several tasks takes; no new one is begun after so many seconds, except the first."""
    taken = []
    for task in tasks:
        if sum(taken) > longest_s:
            break
        started = time.perf_counter()
        task()
        taken.append(time.perf_counter() - started)
    return taken


def tell(package, threads, seconds, made, **more):
    """Leave what came of it, and print the times as the last line."""
    np.savez(sys.argv[2], **made)
    print(json.dumps({"version": version(package), "threads": threads, **more, "seconds": seconds}))

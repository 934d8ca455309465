"""What is kept of a run while it goes: positions, fields, numbers. Reporters read the crowd, never change it."""

from twin.reporters.counts import NumbersReporter
from twin.reporters.fields import FieldReporter
from twin.reporters.look import Look, Reporter
from twin.reporters.trajectories import TrajectoryReporter

__all__ = ["FieldReporter", "Look", "NumbersReporter", "Reporter", "TrajectoryReporter"]

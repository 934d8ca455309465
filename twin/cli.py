"""The command ``twin``: the composition root, the one place that knows simulation, pictures and report."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from twin import __version__
from twin.commands import convert, info, run, scenes, section, validate, verify
from twin.commands.parser import CommandParser
from twin.commands.terminal import DONE, FAILED, USAGE, complain
from twin.errors import TwinError

COMMANDS = (run, info, validate, convert, scenes, section, verify)
"""Modules with commands, in the order of the help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0 done, 1 what was asked failed, 2 wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    parser = _parser()
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser.check_command(given)
    options = parser.parse_args(given)
    if not hasattr(options, "command"):
        parser.print_help()
        return USAGE
    try:
        return int(options.command(options))
    except TwinError as error:
        complain(f"error: {error}")
        return FAILED
    except BrokenPipeError:
        return DONE
    except KeyboardInterrupt:
        complain("interrupted")
        return FAILED


def _parser() -> CommandParser:
    parser = CommandParser(
        prog="twin",
        description="Digital twin of a city: load it in 3D, change it, predict what the change does, show it.",
        epilog="examples:\n  twin demo\n  twin run my_event.yaml --out out/my_event\n  twin info den_haag.city.json",
    )
    parser.add_argument("--version", action="version", version=f"stadstwin {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")  # of the same class, with the same manners
    for module in COMMANDS:
        module.add_to(commands)
    parser.commands = tuple(commands.choices)
    return parser


if __name__ == "__main__":
    sys.exit(main())

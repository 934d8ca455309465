"""The parser of the command line: nothing is abbreviated, and what is not known is answered with the nearest that is."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from twin.errors import did_you_mean

if TYPE_CHECKING:
    Commands: TypeAlias = "argparse._SubParsersAction[CommandParser]"
    """Where the commands of a parser are kept."""


class CommandParser(argparse.ArgumentParser):
    """A parser of a command; its usage is the one that an error shows.

    An abbreviated option would be taken for another one (``--seed 5`` for ``--seeds 5``), so options are written out.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, "formatter_class": argparse.RawDescriptionHelpFormatter, **settings})
        self.commands: tuple[str, ...] = ()

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse, and refuse what is left over here: the parser above would show its own usage."""
        found, left = super().parse_known_args(args, namespace)
        if left:
            self.error(self._unknown(left))
        return found, left

    def _unknown(self, left: Sequence[str]) -> str:
        option = next((one for one in left if one.startswith("-") and len(one) > 1), None)
        if option is None:
            return f"there is no place for `{left[0]}` here: a name with spaces goes in double quotes"
        name = option.partition("=")[0]
        known = [one for one in self._option_string_actions if one.startswith("--")]
        near = did_you_mean(name, known) or f"; there are {', '.join(one for one in known if one != '--help') or 'none'}"
        return f"there is no option `{name}`{near}"

    def check_command(self, arguments: Sequence[str]) -> None:
        """End with the nearest command when the first word is none of `commands`."""
        first = next((one for one in arguments if not one.startswith("-")), None)
        if first is not None and self.commands and first not in self.commands:
            near = did_you_mean(first, self.commands)
            self.error(f"there is no command `{first}`{near}\n  there are: {', '.join(self.commands)}")

    def error(self, message: str) -> NoReturn:
        """Print the usage of this command and what is wrong; ends with code 2."""
        self.exit(2, f"{self.format_usage()}{self.prog}: error: {message}\n")


def add_command(
    commands: Commands, name: str, help_text: str, example: str, command: Callable[[argparse.Namespace], int]
) -> CommandParser:
    """Declare a command; returns its parser, for its options.

    Parameters
    ----------
    commands : what `add_subparsers` returned
    name : str
    help_text : str
        What it does, without capital and stop.
    example : str
        A command line as people type it.
    command : callable
        Takes the options and returns the exit code.
    """
    description = help_text[0].upper() + help_text[1:] + "."
    parser = commands.add_parser(name, help=help_text, description=description, epilog=f"example:\n  {example}")
    parser.set_defaults(command=command)
    return parser

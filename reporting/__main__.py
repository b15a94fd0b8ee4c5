"""``python -m reporting COMMAND``: what is kept of a report in git, and the tables that the documentation has of it."""

import argparse
import sys

from pipeline.steps.entry import exit_code_of
from reporting.cutter import write_cutter
from reporting.look import write_look
from reporting.publish import publish
from reporting.starter import write_starter
from reporting.tables import write_tables

COMMANDS = {"cutter": write_cutter, "look": write_look, "publish": publish, "starter": write_starter, "tables": write_tables}


def main() -> None:
    """Parses the command line and runs one command."""
    parser = argparse.ArgumentParser(prog="python -m reporting", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    keep = commands.add_parser("publish", help=(publish.__doc__ or "").splitlines()[0], description=publish.__doc__)
    keep.add_argument("name", help="what the files under reports/published/ are called")
    look = commands.add_parser("look", help=(write_look.__doc__ or "").splitlines()[0], description=write_look.__doc__)
    look.add_argument("method", help="a variant that was trained")
    commands.add_parser("cutter", help=write_cutter.__doc__, description=write_cutter.__doc__)
    commands.add_parser("starter", help=write_starter.__doc__, description=write_starter.__doc__)
    commands.add_parser("tables", help=write_tables.__doc__, description=write_tables.__doc__)
    values = vars(parser.parse_args())
    sys.exit(exit_code_of(COMMANDS[values.pop("command")], values))


if __name__ == "__main__":
    main()
